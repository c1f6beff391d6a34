/** How high each node of a column stands. */
import type { Item } from "./order";

const SWEEPS = 12;
/** How strongly a node is held where it was, measured in neighbours. */
const HOLD = 4;

interface Pool {
  sum: number;
  weight: number;
  count: number;
}

/**
 * Middles that come nearest to those wished, none nearer to another than allowed.
 *
 * The exact least squares answer, by pooling neighbours that want to overlap.
 */
export function spread(
  items: readonly { height: number }[],
  wishes: readonly number[],
  weights: readonly number[],
  gap: number,
): number[] {
  const offsets: number[] = [];
  let offset = 0;
  items.forEach((item, index) => {
    const above = items[index - 1];
    if (above) offset += (above.height + item.height) / 2 + gap;
    offsets.push(offset);
  });
  const pools: Pool[] = [];
  wishes.forEach((wish, index) => {
    const weight = weights[index] ?? 1;
    let pool = { sum: (wish - (offsets[index] ?? 0)) * weight, weight, count: 1 };
    for (let last = pools[pools.length - 1]; last; last = pools[pools.length - 1]) {
      if (last.sum / last.weight < pool.sum / pool.weight) break;
      pool = {
        sum: last.sum + pool.sum,
        weight: last.weight + pool.weight,
        count: last.count + pool.count,
      };
      pools.pop();
    }
    pools.push(pool);
  });
  const middles: number[] = [];
  for (const pool of pools) {
    for (let at = 0; at < pool.count; at += 1) {
      middles.push(pool.sum / pool.weight + (offsets[middles.length] ?? 0));
    }
  }
  return middles;
}

function wish(
  item: Item,
  side: "left" | "right" | "both",
  centres: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): { at: number; weight: number } {
  const near = [
    ...(side === "right" ? [] : item.near.left),
    ...(side === "left" ? [] : item.near.right),
  ];
  let sum = 0;
  let weight = 0;
  for (const key of near) {
    const at = centres.get(key);
    if (at === undefined) continue;
    sum += at;
    weight += 1;
  }
  const was = before.get(item.key);
  if (was !== undefined) {
    sum += was * HOLD;
    weight += HOLD;
  }
  if (weight > 0) return { at: sum / weight, weight };
  return { at: centres.get(item.key) ?? 0, weight: 0.1 };
}

/** Return the middle of every item. */
export function placeColumns(
  columns: readonly { items: readonly Item[] }[],
  before: ReadonlyMap<string, number>,
  gap: number,
): Map<string, number> {
  const centres = new Map<string, number>();
  for (const column of columns) {
    const zero = column.items.map((item) => before.get(item.key) ?? 0);
    const middles = spread(column.items, zero, zero.map(() => 1), gap);
    column.items.forEach((item, index) => centres.set(item.key, middles[index] ?? 0));
  }
  for (let round = 0; round < SWEEPS; round += 1) {
    const toRight = round % 2 === 0;
    const side = round >= SWEEPS - 3 ? "both" : toRight ? "left" : "right";
    for (const column of toRight ? columns : [...columns].reverse()) {
      const wishes = column.items.map((item) => wish(item, side, centres, before));
      const middles = spread(
        column.items,
        wishes.map(({ at }) => at),
        wishes.map(({ weight }) => weight),
        gap,
      );
      column.items.forEach((item, index) => centres.set(item.key, middles[index] ?? 0));
    }
  }
  return centres;
}
