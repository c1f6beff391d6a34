/** In which order the nodes of a column stand. */

export interface Item {
  key: string;
  height: number;
  near: { left: string[]; right: string[] };
}
export interface Column {
  items: Item[];
  width: number;
}

const SWEEPS = 8;

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Number of line crossings between a column and the one to its right. */
export function crossings(left: Column, right: Column): number {
  const place = new Map(right.items.map((item, index) => [item.key, index]));
  const ends = left.items.flatMap((item) =>
    item.near.right.flatMap((key) => place.get(key) ?? []).sort((a, b) => a - b),
  );
  // Counted with a Fenwick tree: how many earlier ends lie below each end.
  const tree = new Array<number>(right.items.length + 1).fill(0);
  let total = 0;
  ends.forEach((end, seen) => {
    let before = 0;
    for (let at = end + 1; at > 0; at -= at & -at) before += tree[at] as number;
    total += seen - before;
    for (let at = end + 1; at < tree.length; at += at & -at) (tree[at] as number)++;
  });
  return total;
}

function allCrossings(columns: readonly Column[]): number {
  let total = 0;
  for (let at = 1; at < columns.length; at += 1) {
    total += crossings(columns[at - 1] as Column, columns[at] as Column);
  }
  return total;
}

function sweep(columns: readonly Column[], toRight: boolean): void {
  const rank = new Map<string, number>();
  const order = toRight ? columns : [...columns].reverse();
  for (const column of order) {
    const wanted = new Map<string, number>();
    column.items.forEach((item, index) => {
      const near = toRight ? item.near.left : item.near.right;
      wanted.set(item.key, mean(near.flatMap((key) => rank.get(key) ?? [])) ?? index / column.items.length);
    });
    column.items.sort((a, b) => (wanted.get(a.key) ?? 0) - (wanted.get(b.key) ?? 0));
    column.items.forEach((item, index) => rank.set(item.key, (index + 0.5) / column.items.length));
  }
}

/** Put new items where their neighbours are; items that were there keep their order. */
function orderByPlace(columns: readonly Column[], before: ReadonlyMap<string, number>): void {
  const place = new Map(before);
  for (let pass = 0; pass < 3; pass += 1) {
    for (const column of columns) {
      for (const item of column.items) {
        if (before.has(item.key)) continue;
        const near = [...item.near.left, ...item.near.right].flatMap((key) => place.get(key) ?? []);
        const middle = mean(near);
        if (middle !== null) place.set(item.key, middle);
      }
    }
  }
  for (const column of columns) {
    column.items.sort((a, b) => (place.get(a.key) ?? 0) - (place.get(b.key) ?? 0));
  }
}

/** Sort the items of each column so that few lines cross. */
export function orderLayers(columns: Column[], before: ReadonlyMap<string, number>): void {
  const isKnown = columns.some((column) => column.items.some((item) => before.has(item.key)));
  if (isKnown) {
    orderByPlace(columns, before);
    return;
  }
  let best = columns.map((column) => [...column.items]);
  let least = allCrossings(columns);
  for (let round = 0; round < SWEEPS && least > 0; round += 1) {
    sweep(columns, round % 2 === 0);
    const found = allCrossings(columns);
    if (found < least) {
      least = found;
      best = columns.map((column) => [...column.items]);
    }
  }
  columns.forEach((column, index) => (column.items = best[index] ?? column.items));
}
