/** The forms of nodes: the narrower the columns must be, the more lines a name has. */
import { extentOf, type Direction, type Line } from "../layout/layout";
import type { Size } from "./viewport";

export interface Form {
  name: "wide" | "medium" | "small";
  direction: Direction;
  /** Nodes of a layer that stand in one line, at most. */
  most: number;
  width: number;
  height: number;
  /** Of a node that also has a description. */
  tallHeight: number;
  /** The room between two columns, at least. */
  gap: number;
  /** The room between two nodes of a column: buttons stand there. */
  gapY: number;
  /** The widest words of an edge that two columns make room for. */
  maxWords: number;
  /** From these zooms on a node shows all its lines, two of them, its name, the ends of its name. */
  zooms: Readonly<Record<"all" | "lines" | "title" | "short", number>>;
  /** A picture that is fitted whole is no smaller than this. */
  fitZoom: number;
  /** A picture that is too large for that begins at this zoom. */
  readingZoom: number;
}

const WIDE: Form = {
  name: "wide", direction: "right", most: 12, width: 236, height: 66, tallHeight: 84, gap: 72, gapY: 22, maxWords: 170,
  zooms: { all: 0.92, lines: 0.62, title: 0.45, short: 0.3 }, fitZoom: 0.45, readingZoom: 0.7,
};
const MEDIUM: Form = {
  name: "medium", direction: "right", most: 12, width: 172, height: 78, tallHeight: 94, gap: 54, gapY: 24, maxWords: 120,
  zooms: { all: 0.8, lines: 0.62, title: 0.45, short: 0.4 }, fitZoom: 0.5, readingZoom: 0.75,
};
const SMALL: Form = {
  name: "small", direction: "right", most: 12, width: 116, height: 88, tallHeight: 100, gap: 38, gapY: 28, maxWords: 80,
  zooms: { all: 0.8, lines: 0.62, title: 0.5, short: 0.5 }, fitZoom: 0.62, readingZoom: 0.8,
};
/** A telephone is high, not wide: two nodes stand beside each other, and lines lead down. */
const TALL: Form = { ...MEDIUM, direction: "down", most: 2, gap: 46, readingZoom: 0.95 };
/** Areas that are narrower than this are drawn from top to bottom. */
const NARROW_PX = 500;
export const FORMS: readonly Form[] = [WIDE, MEDIUM, SMALL];
/** Nodes keep a form as long as the whole fits at this zoom. */
const GOOD_ZOOM = 0.8;

/** The free room on each side of a picture that is fitted. */
export function marginOf(area: Size): number {
  return area.width < NARROW_PX ? 14 : 32;
}

/** On a telephone the one for it; else the widest form in which all columns fit beside each other, else the smallest. */
export function formFor(keys: readonly string[], linesOf: (form: Form) => readonly Line[], room: Size): Form {
  if (room.width < NARROW_PX) return TALL;
  const free = room.width - 2 * marginOf(room);
  const fits = (form: Form) => free >= GOOD_ZOOM * extentOf(keys, linesOf(form), form);
  return FORMS.find(fits) ?? SMALL;
}
