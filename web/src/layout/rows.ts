/** Wraps a column of many nodes into rows: several of them stand beside each other. */
import type { Direction, Point } from "./layout";
import type { Column, Item } from "./order";

/** How a column of many nodes is wrapped. */
export interface Wrap {
  /** Nodes above each other, at most. */
  most: number;
  /**
   * Where lines lead on the screen.
   *
   * To the right, a column of very many nodes may be higher, so that it stays as wide as it
   * is high. Downward it may not, and its order on the screen runs across the rows.
   */
  direction: Direction;
}

/** One node, several beside each other, or a bend of a line. */
export interface Row extends Item {
  /** What stands in it, from the left. */
  keys: string[];
}

export interface Rows {
  items: Row[];
  /** The width of one node. */
  width: number;
  /** How many nodes stand beside each other. */
  across: number;
}

/** How many nodes of a column stand beside each other. */
export function acrossOf(count: number, { most, direction }: Wrap): number {
  const high = direction === "right" ? Math.max(most, Math.ceil(Math.sqrt(2 * count))) : most;
  return Math.max(1, Math.ceil(count / high));
}

export function isBend(key: string): boolean {
  return key.startsWith("bend:");
}

/** The nodes in the order in which they were placed; new ones follow. */
function byPlace(items: readonly Item[], was: ReadonlyMap<string, Point>, { direction }: Wrap): Item[] {
  const known = items.filter(({ key }) => was.has(key));
  // Nodes of one row have the same middle; those of a column begin at the same place.
  const line = (item: Item, { x, y }: Point) => Math.round(direction === "right" ? y + item.height / 2 : x);
  known.sort((a, b) => {
    const [from, to] = [was.get(a.key) as Point, was.get(b.key) as Point];
    return line(a, from) - line(b, to) || (direction === "right" ? from.x - to.x : from.y - to.y);
  });
  return [...known, ...items.filter(({ key }) => !was.has(key))];
}

function rowOf(items: readonly Item[]): Row {
  const first = items[0] as Item;
  return {
    key: first.key,
    keys: items.map(({ key }) => key),
    height: Math.max(...items.map(({ height }) => height)),
    near: { left: items.flatMap(({ near }) => near.left), right: items.flatMap(({ near }) => near.right) },
  };
}

/** The items of a column in their order, as rows; each bend of a line keeps a row of its own. */
function rowsOf(column: Column, was: ReadonlyMap<string, Point>, wrap: Wrap): Rows {
  const { items, width } = column;
  const nodes = items.filter(({ key }) => !isBend(key));
  const across = acrossOf(nodes.length, wrap);
  if (across === 1) return { items: items.map((item) => rowOf([item])), width, across };
  const inOrder = byPlace(nodes, was, wrap);
  const count = Math.ceil(nodes.length / across);
  const rows = Array.from({ length: count }, (_, row) =>
    rowOf(inOrder.filter((_node, at) => (wrap.direction === "right" ? Math.floor(at / across) : at % count) === row)),
  );
  // A bend passes before the row of the nodes that it passed before.
  let passed = 0;
  const bends: [number, Row][] = [];
  for (const item of items) {
    if (isBend(item.key)) bends.push([Math.round((passed / nodes.length) * count), rowOf([item])]);
    else passed += 1;
  }
  const before = (row: number) => bends.flatMap(([at, bend]) => (at === row ? [bend] : []));
  return { items: [...rows.flatMap((row, at) => [...before(at), row]), ...before(count)], width, across };
}

/**
 * All columns as rows, whose neighbours are rows too.
 *
 * @param was Where nodes were before; they keep their order.
 */
export function wrapColumns(columns: readonly Column[], was: ReadonlyMap<string, Point>, wrap: Wrap): Rows[] {
  const wrapped = columns.map((column) => rowsOf(column, was, wrap));
  const rowWith = new Map(wrapped.flatMap(({ items }) => items.flatMap(({ key, keys }) => keys.map((each): [string, string] => [each, key]))));
  const toRows = (keys: readonly string[]) => keys.map((key) => rowWith.get(key) ?? key);
  for (const { items } of wrapped) {
    for (const item of items) item.near = { left: toRows(item.near.left), right: toRows(item.near.right) };
  }
  return wrapped;
}

/** Where the rows of one node were; wrapped ones stand where their neighbours want them. */
export function placesOf(columns: readonly Rows[], before: ReadonlyMap<string, number>): Map<string, number> {
  const single = columns.filter(({ across }) => across === 1).flatMap(({ items }) => items);
  return new Map(single.flatMap(({ key }): [string, number][] => (before.has(key) ? [[key, before.get(key) as number]] : [])));
}
