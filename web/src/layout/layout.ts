/**
 * A layered layout, left to right, that keeps what was already placed in place.
 *
 * Layers by longest path; order within a layer by the neighbours' mean, old nodes
 * keeping their order; heights by least squares under the spacing (pool adjacent
 * violators), old nodes being pulled to where they were.
 */
import { ranksOf } from "./ranks";
import { orderLayers, type Column } from "./order";
import { placeColumns } from "./place";

export interface Box {
  key: string;
  width: number;
  height: number;
}
export interface Line {
  source: string;
  target: string;
  /** The width of what stands on it. */
  label?: number;
}
export interface Point {
  x: number;
  y: number;
}
export interface LayoutRequest {
  boxes: Box[];
  lines: Line[];
  /** Where nodes were before: top left corners. */
  previous: [string, Point][];
  /** The node that must not move on the screen. */
  anchor: string | null;
  /** The room between two columns, at least. */
  gap?: number;
  /** The room between two nodes of a column. */
  gapY?: number;
}
export interface LayoutResult {
  positions: [string, Point][];
  /** Points that a line passes between its ends, by `source>target`. */
  bends: [string, Point[]][];
}

export const GAP_X = 72;
/** Free room on each side of what stands on a line. */
export const LABEL_GAP = 12;
export const GAP_Y = 22;
const DUMMY_HEIGHT = 8;
/** More bends than this cost more than they show. */
const MAX_DUMMIES = 20_000;

interface Part {
  boxes: Box[];
  lines: Line[];
}

/** Split into parts that no line joins, the largest first. */
function parts(boxes: readonly Box[], lines: readonly Line[]): Part[] {
  const root = new Map<string, string>(boxes.map((box) => [box.key, box.key]));
  const find = (key: string): string => {
    let at = key;
    while (root.get(at) !== at) at = root.get(at) as string;
    for (let step = key; step !== at; ) {
      const next = root.get(step) as string;
      root.set(step, at);
      step = next;
    }
    return at;
  };
  for (const line of lines) root.set(find(line.source), find(line.target));
  const found = new Map<string, Part>();
  const of = (key: string): Part => {
    const at = find(key);
    const known = found.get(at);
    if (known) return known;
    const part: Part = { boxes: [], lines: [] };
    found.set(at, part);
    return part;
  };
  for (const box of boxes) of(box.key).boxes.push(box);
  for (const line of lines) of(line.source).lines.push(line);
  return [...found.values()].sort((a, b) => b.boxes.length - a.boxes.length);
}

function columnsOf(part: Part): { columns: Column[]; chains: [string, string[]][] } {
  const layer = ranksOf(part.boxes.map((box) => box.key), part.lines);
  const columns: Column[] = [];
  const column = (at: number): Column => (columns[at] ??= { items: [], width: 0 });
  for (const box of part.boxes) {
    const own = column(layer.get(box.key) ?? 0);
    own.items.push({ key: box.key, height: box.height, near: { left: [], right: [] } });
    own.width = Math.max(own.width, box.width);
  }
  for (let at = 0; at < columns.length; at += 1) column(at);
  const items = new Map(columns.flatMap((own) => own.items.map((item) => [item.key, item])));
  const join = (left: string, right: string) => {
    items.get(left)?.near.right.push(right);
    items.get(right)?.near.left.push(left);
  };
  const chains: [string, string[]][] = [];
  let dummies = 0;
  for (const line of part.lines) {
    const from = layer.get(line.source) ?? 0;
    const to = layer.get(line.target) ?? 0;
    const chain: string[] = [];
    if (to > from && dummies + (to - from) < MAX_DUMMIES) {
      for (let at = from + 1; at < to; at += 1) {
        const key = `bend:${line.source}>${line.target}:${at}`;
        const item = { key, height: DUMMY_HEIGHT, near: { left: [], right: [] } };
        column(at).items.push(item);
        items.set(key, item);
        chain.push(key);
        dummies += 1;
      }
      const path = [line.source, ...chain, line.target];
      for (let at = 1; at < path.length; at += 1) join(path[at - 1] as string, path[at] as string);
    }
    if (chain.length > 0) chains.push([`${line.source}>${line.target}`, chain]);
  }
  return { columns, chains };
}

interface Placed {
  positions: Map<string, Point>;
  bends: [string, Point[]][];
}

/** The room between each column and the next: for what stands on the lines there. */
function gapsOf(lines: readonly Line[], at: ReadonlyMap<string, number>, columns: number, gap: number): number[] {
  const gaps = new Array<number>(columns).fill(gap);
  for (const { source, target, label = 0 } of lines) {
    const from = at.get(source) ?? 0;
    // A longer line says it inside a column, beside no node.
    if (label > 0 && at.get(target) === from + 1) {
      gaps[from] = Math.max(gaps[from] ?? gap, label + 2 * LABEL_GAP);
    }
  }
  return gaps;
}

/** How wide the columns of nodes of one width are together. */
export function extentOf(keys: readonly string[], lines: readonly Line[], width: number, gap: number): number {
  if (keys.length === 0) return 0;
  const at = ranksOf(keys, lines);
  const columns = Math.max(...at.values()) + 1;
  const gaps = gapsOf(lines, at, columns, gap).slice(0, -1);
  return gaps.reduce((sum, one) => sum + one, columns * width);
}

function placePart(part: Part, previous: ReadonlyMap<string, Point>, gap: number, gapY: number): Placed {
  const { columns, chains } = columnsOf(part);
  const heights = new Map(part.boxes.map((box) => [box.key, box.height]));
  const before = new Map<string, number>();
  for (const [key, point] of previous) {
    const height = heights.get(key);
    if (height !== undefined) before.set(key, point.y + height / 2);
  }
  orderLayers(columns, before);
  const centres = placeColumns(columns, before, gapY);
  const positions = new Map<string, Point>();
  const bendAt = new Map<string, Point>();
  const at = new Map(columns.flatMap(({ items }, index) => items.map(({ key }): [string, number] => [key, index])));
  const gaps = gapsOf(part.lines, at, columns.length, gap);
  let x = 0;
  for (const [index, column] of columns.entries()) {
    for (const item of column.items) {
      const y = centres.get(item.key) ?? 0;
      if (item.key.startsWith("bend:")) bendAt.set(item.key, { x: x + column.width / 2, y });
      else positions.set(item.key, { x, y: y - item.height / 2 });
    }
    x += column.width + (gaps[index] ?? gap);
  }
  const bends = chains.map(([key, chain]): [string, Point[]] => [
    key,
    chain.flatMap((dummy) => bendAt.get(dummy) ?? []),
  ]);
  return { positions, bends };
}

/** Nodes that nothing joins stand in a grid below the rest. */
function grid(boxes: readonly Box[], top: number, positions: Map<string, Point>): void {
  const across = Math.max(1, Math.ceil(Math.sqrt(boxes.length / 3)));
  boxes.forEach((box, index) => {
    positions.set(box.key, {
      x: (index % across) * (box.width + GAP_Y * 2),
      y: top + Math.floor(index / across) * (box.height + GAP_Y),
    });
  });
}

export function layOut(request: LayoutRequest): LayoutResult {
  const previous = new Map(request.previous);
  const positions = new Map<string, Point>();
  const bends: [string, Point[]][] = [];
  const single: Box[] = [];
  const heights = new Map(request.boxes.map((box) => [box.key, box.height]));
  let top = 0;
  for (const part of parts(request.boxes, request.lines)) {
    if (part.boxes.length === 1) {
      single.push(...part.boxes);
      continue;
    }
    const placed = placePart(part, previous, request.gap ?? GAP_X, request.gapY ?? GAP_Y);
    const upper = Math.min(...[...placed.positions.values()].map((point) => point.y));
    let lower = -Infinity;
    for (const [key, point] of placed.positions) {
      const y = point.y - upper + top;
      positions.set(key, { x: point.x, y });
      lower = Math.max(lower, y + (heights.get(key) ?? 0));
    }
    for (const [key, points] of placed.bends) {
      bends.push([key, points.map((point) => ({ x: point.x, y: point.y - upper + top }))]);
    }
    top = lower + GAP_Y * 3;
  }
  grid(single, top, positions);
  return hold(request, previous, positions, bends);
}

/** Shift everything so that the anchor, or else the old nodes, stay where they were. */
function hold(
  request: LayoutRequest,
  previous: ReadonlyMap<string, Point>,
  positions: Map<string, Point>,
  bends: [string, Point[]][],
): LayoutResult {
  let dx = 0;
  let dy = 0;
  const anchor = request.anchor;
  const was = anchor ? previous.get(anchor) : undefined;
  const is = anchor ? positions.get(anchor) : undefined;
  if (was && is) {
    dx = was.x - is.x;
    dy = was.y - is.y;
  } else {
    const both = [...positions].filter(([key]) => previous.has(key));
    const shifts = both.map(([key, point]) => {
      const old = previous.get(key) as Point;
      return { x: old.x - point.x, y: old.y - point.y };
    });
    dx = median(shifts.map((shift) => shift.x));
    dy = median(shifts.map((shift) => shift.y));
  }
  const moved = (point: Point): Point => ({ x: point.x + dx, y: point.y + dy });
  return {
    positions: [...positions].map(([key, point]) => [key, moved(point)]),
    bends: bends.map(([key, points]) => [key, points.map(moved)]),
  };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
