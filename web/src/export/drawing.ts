/** The drawn graph as a list of shapes, which SVG and PNG are both made from. */
import type { Point } from "../layout/layout";
import type { Grouped } from "../model/overview";
import { short, statusWord } from "../model/format";
import { inLines } from "../model/names";
import type { Form } from "../graph/forms";
import { displayOf, heightOf, edgeLinesOf, type Scene } from "../graph/scene";

export interface Palette {
  ground: string;
  node: string;
  task: string;
  border: string;
  line: string;
  ink: string;
  quiet: string;
}

export const LIGHT: Palette = {
  ground: "#fafaf8",
  node: "#ffffff",
  task: "#eaeefb",
  border: "#d9d9d3",
  line: "#a9a9a1",
  ink: "#1d1e20",
  quiet: "#63655f",
};

export type Shape =
  | { is: "rect"; x: number; y: number; width: number; height: number; radius: number; fill: string; stroke: string }
  | { is: "path"; path: string; stroke: string; dashed: boolean }
  | { is: "text"; x: number; y: number; text: string; size: number; bold: boolean; fill: string };

export interface Drawing {
  left: number;
  top: number;
  width: number;
  height: number;
  ground: string;
  shapes: Shape[];
}

const MARGIN = 32;

/** The mean width of a bold letter of 14 points, of one of 12, and the height of a line. */
const BOLD_WIDTH = 7.4;
const LETTER_WIDTH = 5.9;
const LINE_HEIGHT = 16;

export interface Placed {
  positions: ReadonlyMap<string, Point>;
  bends: ReadonlyMap<string, Point[]>;
  form: Form | null;
}

export function draw(grouped: Grouped, scene: Scene, layout: Placed, palette: Palette = LIGHT): Drawing {
  const isDrawn = (key: string) => layout.positions.has(key) && !scene.looks.get(key)?.isHidden;
  const shapes: Shape[] = [];
  const { form } = layout;
  for (const line of form ? edgeLinesOf(grouped, form, layout.positions, layout.bends, scene.at) : []) {
    if (!isDrawn(line.source) || !isDrawn(line.target)) continue;
    shapes.push({ is: "path", path: line.path, stroke: palette.line, dashed: line.role === "revision" });
  }
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const item of grouped.items.values()) {
    if (!form || !isDrawn(item.key)) continue;
    const at = layout.positions.get(item.key) as Point;
    const height = heightOf(item, form);
    left = Math.min(left, at.x);
    top = Math.min(top, at.y);
    right = Math.max(right, at.x + form.width);
    bottom = Math.max(bottom, at.y + height);
    const { node } = item;
    const display = displayOf(item);
    const isTask = node.type === "task";
    const status = item.type === "task" && node.status ? ` · ${statusWord(node.status)}` : "";
    shapes.push(
      { is: "rect", x: at.x, y: at.y, width: form.width, height, radius: isTask ? 28 : 8, fill: isTask ? palette.task : palette.node, stroke: palette.border },
    );
    const x = form.width < 200 ? 14 : 20;
    const room = form.width - 2 * x;
    const quiet = [display.sort + status, height > form.height ? display.description : ""].filter(Boolean);
    const texts: [string, boolean][] = [
      ...inLines(display.title, Math.floor(room / BOLD_WIDTH)).map((text): [string, boolean] => [text, true]),
      ...quiet.map((text): [string, boolean] => [short(text, Math.floor(room / LETTER_WIDTH)), false]),
    ];
    let y = at.y + (height - texts.length * LINE_HEIGHT) / 2 + LINE_HEIGHT * 0.75;
    for (const [text, bold] of texts) {
      shapes.push({ is: "text", x: at.x + x, y, text, size: bold ? 14 : 12, bold, fill: bold ? palette.ink : palette.quiet });
      y += LINE_HEIGHT;
    }
  }
  if (left > right) [left, top, right, bottom] = [0, 0, 0, 0];
  return {
    left: left - MARGIN,
    top: top - MARGIN,
    width: right - left + 2 * MARGIN,
    height: bottom - top + 2 * MARGIN,
    ground: palette.ground,
    shapes,
  };
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** Characters that XML forbids are left out, the rest is escaped. */
function xml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function element(shape: Shape): string {
  if (shape.is === "rect") {
    return `<rect x="${shape.x}" y="${shape.y}" width="${shape.width}" height="${shape.height}" rx="${shape.radius}" fill="${shape.fill}" stroke="${shape.stroke}"/>`;
  }
  if (shape.is === "path") {
    return `<path d="${shape.path}" fill="none" stroke="${shape.stroke}" stroke-width="1.500"${shape.dashed ? ' stroke-dasharray="5 4"' : ""}/>`;
  }
  const weight = shape.bold ? ' font-weight="600"' : "";
  return `<text x="${shape.x}" y="${shape.y}" font-size="${shape.size}"${weight} fill="${shape.fill}">${xml(shape.text)}</text>`;
}

export function svg(drawing: Drawing): string {
  const { left, top, width, height } = drawing;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}" font-family="${FONT}">`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${drawing.ground}"/>`,
    ...drawing.shapes.map(element),
    "</svg>\n",
  ].join("\n");
}

/** Browsers draw no canvas beyond this. */
const MAX_SIDE = 16_000;

export function png(drawing: Drawing): Promise<Blob> {
  const scale = Math.min(2, MAX_SIDE / drawing.width, MAX_SIDE / drawing.height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(drawing.width * scale);
  canvas.height = Math.ceil(drawing.height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) return Promise.reject(new Error("This browser cannot draw pictures."));
  pen.fillStyle = drawing.ground;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(scale, 0, 0, scale, -drawing.left * scale, -drawing.top * scale);
  for (const shape of drawing.shapes) paint(pen, shape);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))), "image/png");
  });
}

function paint(pen: CanvasRenderingContext2D, shape: Shape): void {
  if (shape.is === "rect") {
    pen.beginPath();
    pen.roundRect(shape.x, shape.y, shape.width, shape.height, Math.min(shape.radius, shape.height / 2));
    pen.fillStyle = shape.fill;
    pen.fill();
    pen.strokeStyle = shape.stroke;
    pen.lineWidth = 1;
    pen.setLineDash([]);
    pen.stroke();
  } else if (shape.is === "path") {
    pen.strokeStyle = shape.stroke;
    pen.lineWidth = 1.5;
    pen.setLineDash(shape.dashed ? [5, 4] : []);
    pen.stroke(new Path2D(shape.path));
  } else {
    pen.fillStyle = shape.fill;
    pen.font = `${shape.bold ? "600 " : ""}${shape.size}px ${FONT}`;
    pen.fillText(shape.text, shape.x, shape.y);
  }
}
