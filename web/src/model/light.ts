/** What is connected to a card, so that it can be lit. */
import type { Arrow } from "../api/types";
import { arrowKey } from "./merge";

export interface Lit {
  cards: Set<string>;
  arrows: Set<string>;
}

type Way = "up" | "down";

function index(arrows: Iterable<Arrow>, way: Way): Map<string, Arrow[]> {
  const found = new Map<string, Arrow[]>();
  for (const arrow of arrows) {
    const key = way === "up" ? arrow.target : arrow.source;
    (found.get(key) ?? found.set(key, []).get(key))?.push(arrow);
  }
  return found;
}

/** An output that names what it was derived from leads to those inputs only. */
function isTrue(into: Arrow | null, out: Arrow): boolean {
  const named = into?.role === "output" ? into.derived_from : null;
  return !named || named.length === 0 || named.includes(out.source);
}

function walk(start: string, arrows: Iterable<Arrow>, way: Way, lit: Lit): void {
  const byKey = index(arrows, way);
  const queue: [string, Arrow | null][] = [[start, null]];
  const seen = new Set<string>();
  while (queue.length > 0) {
    const [key, came] = queue.pop() as [string, Arrow | null];
    for (const arrow of byKey.get(key) ?? []) {
      const isKnown = seen.has(arrowKey(arrow));
      const fits = way === "up" ? isTrue(came, arrow) : !came || isTrue(arrow, came);
      if (isKnown || !fits) continue;
      seen.add(arrowKey(arrow));
      const next = way === "up" ? arrow.source : arrow.target;
      lit.arrows.add(arrowKey(arrow));
      lit.cards.add(next);
      queue.push([next, arrow]);
    }
  }
}

/** Everything upstream and downstream of a card, as far as it is drawn. */
export function connected(start: string, arrows: ReadonlyMap<string, Arrow>): Lit {
  const lit: Lit = { cards: new Set([start]), arrows: new Set() };
  walk(start, arrows.values(), "up", lit);
  walk(start, arrows.values(), "down", lit);
  return lit;
}
