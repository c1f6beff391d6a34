/** The words of edges: how wide they are, and how they are cut to the room between nodes. */
import { cutMiddle } from "../model/format";
import { FORMS, type Form } from "./forms";
import { MIN_TEXT_PX } from "./viewport";

/** The lowest zoom at which words are shown, in every form of the nodes. */
const LOWEST_ZOOM = Math.min(...FORMS.map(({ zooms }) => zooms.lines));
/** A letter's mean width, in parts of its size, where nothing can be measured. */
const MEAN_WIDTH = 0.56;
const MOST_KEPT = 2000;

let canvas: CanvasRenderingContext2D | null | undefined;
const widths = new Map<string, number>();

/** The width of words at the lowest zoom at which they are shown, where they are largest. */
function widthOf(words: string): number {
  const known = widths.get(words);
  if (known !== undefined) return known;
  const size = MIN_TEXT_PX / LOWEST_ZOOM;
  canvas ??= document.createElement("canvas").getContext("2d");
  if (canvas) canvas.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  const width = canvas?.measureText(words).width ?? Array.from(words).length * size * MEAN_WIDTH;
  if (widths.size >= MOST_KEPT) widths.clear();
  widths.set(words, width);
  return width;
}

export interface EdgeWords {
  text: string;
  width: number;
}

/** What an edge says: the names of its steps, cut where they are too wide. */
export function wordsOf(steps: readonly string[], form: Form): EdgeWords {
  const whole = steps.join(", ");
  if (whole === "") return { text: "", width: 0 };
  let text = cutMiddle(whole, 60);
  for (let length = Array.from(text).length; widthOf(text) > form.maxWords && length > 3; length -= 1) {
    text = cutMiddle(whole, length);
  }
  return { text, width: Math.ceil(widthOf(text)) };
}
