/**
 * A layered layout, left to right, that keeps what was already placed in place.
 *
 * Layers by longest path; order within a layer by the neighbours' mean, old nodes
 * keeping their order; a layer of many nodes wrapped into rows, with lines between the
 * rows; heights by least squares under the spacing (pool adjacent violators), old nodes
 * being pulled to where they were. A layout from top to bottom is this one, transposed.
 */
import { ranksOf } from "./ranks";
import { orderLayers, type Column } from "./order";
import { placeColumns } from "./place";
import { acrossOf, isBend, placesOf, wrapColumns, type Row, type Wrap } from "./rows";

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
  /** Where lines lead; to the right unless given. */
  direction?: Direction;
  /** Nodes of a layer that stand in one line, at most; all of them unless given. */
  most?: number;
}
export interface LayoutResult {
  positions: [string, Point][];
  /** Points that a line passes between its ends, by `source>target`. */
  bends: [string, Point[]][];
}
export type Direction = "right" | "down";

export const GAP_X = 72;
/** Free room on each side of what stands on a line. */
export const LABEL_GAP = 12;
export const GAP_Y = 22;
/** The room between nodes that stand beside each other in one layer, in parts of that between layers. */
const INNER_GAP = 2 / 3;
/** How far below a row the lines to its nodes run, and those from them, in parts of the room there. */
const CHANNELS = { to: 0.35, from: 0.6 };
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
    const bend = (at: number) => {
      const key = `bend:${line.source}>${line.target}:${at}`;
      const item = { key, height: DUMMY_HEIGHT, near: { left: [], right: [] } };
      column(at).items.push(item);
      items.set(key, item);
      chain.push(key);
      dummies += 1;
    };
    if (to > from && dummies + (to - from) < MAX_DUMMIES) {
      for (let at = from + 1; at < to; at += 1) bend(at);
      const path = [line.source, ...chain, line.target];
      for (let at = 1; at < path.length; at += 1) join(path[at - 1] as string, path[at] as string);
    } else if (to <= from && line.source !== line.target && dummies + (from - to) < MAX_DUMMIES) {
      // A line that closes a circle turns beside its ends, and passes their columns as well.
      for (let at = from; at >= to; at -= 1) bend(at);
      for (let at = 1; at < chain.length; at += 1) join(chain[at] as string, chain[at - 1] as string);
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

interface Spacing {
  gap: number;
  gapY: number;
  wrap: Wrap;
}

function widthOf(across: number, width: number, gap: number): number {
  return across * width + (across - 1) * gap * INNER_GAP;
}

/** How wide the columns of nodes of one width are together. */
export function extentOf(
  keys: readonly string[],
  lines: readonly Line[],
  form: { width: number; gap: number; most: number },
): number {
  if (keys.length === 0) return 0;
  const at = ranksOf(keys, lines);
  const counts = new Array<number>(Math.max(...at.values()) + 1).fill(0);
  for (const column of at.values()) counts[column] = (counts[column] ?? 0) + 1;
  const gaps = gapsOf(lines, at, counts.length, form.gap).slice(0, -1);
  const wrap: Wrap = { most: form.most, direction: "right" };
  const widths = counts.map((count) => widthOf(acrossOf(count, wrap), form.width, form.gap));
  return [...gaps, ...widths].reduce((sum, one) => sum + one, 0);
}

/** A node among those of its layer. */
interface Seat extends Point {
  /** Its middle. */
  middle: number;
  width: number;
  /** Where the row ends in which it stands. */
  bottom: number;
  index: number;
  isLast: boolean;
  /** Where its layer begins and ends. */
  left: number;
  right: number;
}

/** What a line passes on its way to a node: the nodes before it in its row. */
function wayTo(seat: Seat | undefined, spacing: Spacing): Point[] {
  if (!seat || seat.index === 0) return [];
  const y = seat.bottom + spacing.gapY * CHANNELS.to;
  return [{ x: seat.left, y }, { x: seat.x - spacing.gap * INNER_GAP, y }];
}

/** What a line passes on its way from a node: the nodes after it in its row, or the room there. */
function wayFrom(seat: Seat | undefined, spacing: Spacing): Point[] {
  if (!seat || seat.x + seat.width >= seat.right - 0.1) return [];
  if (seat.isLast) return [{ x: seat.right, y: seat.middle }];
  const y = seat.bottom + spacing.gapY * CHANNELS.from;
  return [{ x: seat.x + seat.width + spacing.gap * INNER_GAP, y }, { x: seat.right, y }];
}

function seatsOf(row: Row, middle: number, left: number, right: number, width: number, spacing: Spacing): [string, Seat][] {
  const bottom = middle + row.height / 2;
  return row.keys.map((key, index) => {
    const x = left + index * (width + spacing.gap * INNER_GAP);
    return [key, { x, y: middle, middle, width, bottom, index, isLast: index === row.keys.length - 1, left, right }];
  });
}

function placePart(part: Part, previous: ReadonlyMap<string, Point>, spacing: Spacing): Placed {
  const { gap, gapY } = spacing;
  const { columns, chains } = columnsOf(part);
  const heights = new Map(part.boxes.map((box) => [box.key, box.height]));
  const before = new Map<string, number>();
  for (const [key, point] of previous) {
    const height = heights.get(key);
    if (height !== undefined) before.set(key, point.y + height / 2);
  }
  orderLayers(columns, before);
  const rows = wrapColumns(columns, previous, spacing.wrap);
  const centres = placeColumns(rows, placesOf(rows, before), gapY);
  const seats = new Map<string, Seat>();
  const at = new Map(columns.flatMap(({ items }, index) => items.map(({ key }): [string, number] => [key, index])));
  const gaps = gapsOf(part.lines, at, columns.length, gap);
  let x = 0;
  for (const [index, { items, width, across }] of rows.entries()) {
    const right = x + widthOf(across, width, gap);
    for (const row of items) {
      for (const [key, seat] of seatsOf(row, centres.get(row.key) ?? 0, x, right, width, spacing)) seats.set(key, seat);
    }
    x = right + (gaps[index] ?? gap);
  }
  const positions = new Map<string, Point>();
  for (const [key, seat] of seats) {
    if (!isBend(key)) positions.set(key, { x: seat.x, y: seat.middle - (heights.get(key) ?? 0) / 2 });
  }
  const through = new Map(chains);
  const bends: [string, Point[]][] = [];
  for (const { source, target } of part.lines) {
    if (source === target) continue;
    const isBack = (at.get(target) ?? 0) <= (at.get(source) ?? 0);
    const key = `${source}>${target}`;
    if (isBack && !through.has(key)) continue;
    const points = [
      ...wayFrom(seats.get(source), spacing),
      ...(through.get(key) ?? []).flatMap((bend) => {
        const seat = seats.get(bend);
        if (!seat) return [];
        const ends = [{ x: seat.left, y: seat.middle }, { x: seat.right, y: seat.middle }];
        return isBack ? ends.reverse() : ends;
      }),
      ...wayTo(seats.get(target), spacing),
    ];
    if (points.length > 0) bends.push([key, points]);
  }
  return { positions, bends };
}

/** Nodes that nothing joins stand in a grid after the rest. */
function grid(boxes: readonly Box[], from: Point, most: number, positions: Map<string, Point>): void {
  const across = Math.max(1, Math.ceil(boxes.length / most), Math.ceil(Math.sqrt(boxes.length / 3)));
  const width = Math.max(...boxes.map((box) => box.width));
  const height = Math.max(...boxes.map((box) => box.height));
  boxes.forEach((box, index) => {
    positions.set(box.key, {
      x: from.x + (index % across) * (width + GAP_Y * 2),
      y: from.y + Math.floor(index / across) * (height + GAP_Y),
    });
  });
}

export function layOut(request: LayoutRequest): LayoutResult {
  if (request.direction !== "down") return layOutRight(request, "right");
  const boxes = request.boxes.map(({ key, width, height }) => ({ key, width: height, height: width }));
  const lines = request.lines.map(({ source, target }) => ({ source, target }));
  const previous = request.previous.map(([key, point]): [string, Point] => [key, transposed(point)]);
  const { positions, bends } = layOutRight({ ...request, boxes, lines, previous }, "down");
  return {
    positions: positions.map(([key, point]) => [key, transposed(point)]),
    bends: bends.map(([key, points]) => [key, points.map(transposed)]),
  };
}

export function transposed({ x, y }: Point): Point {
  return { x: y, y: x };
}

function layOutRight(request: LayoutRequest, direction: Direction): LayoutResult {
  const previous = new Map(request.previous);
  const positions = new Map<string, Point>();
  const bends: [string, Point[]][] = [];
  const single: Box[] = [];
  const sizes = new Map(request.boxes.map((box) => [box.key, box]));
  const { gap = GAP_X, gapY = GAP_Y, most = Infinity } = request;
  const spacing = { gap, gapY, wrap: { most, direction } };
  // Parts stand below each other on the screen, whatever the direction.
  const from = { x: 0, y: 0 };
  for (const part of parts(request.boxes, request.lines)) {
    if (part.boxes.length === 1) {
      single.push(...part.boxes);
      continue;
    }
    const placed = placePart(part, previous, spacing);
    const upper = Math.min(...[...placed.positions.values()].map((point) => point.y));
    const move = (point: Point): Point => ({ x: point.x + from.x, y: point.y - upper + from.y });
    const end = { x: -Infinity, y: -Infinity };
    for (const [key, point] of placed.positions) {
      const moved = move(point);
      positions.set(key, moved);
      end.x = Math.max(end.x, moved.x + (sizes.get(key)?.width ?? 0));
      end.y = Math.max(end.y, moved.y + (sizes.get(key)?.height ?? 0));
    }
    for (const [key, points] of placed.bends) bends.push([key, points.map(move)]);
    if (direction === "down") from.x = end.x + GAP_Y * 3;
    else from.y = end.y + GAP_Y * 3;
  }
  if (single.length > 0) grid(single, from, most, positions);
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
