/** The nodes and edges connected to a node, for highlighting. */
import type { GraphEdge } from "../api/types";
import { edgeKey } from "./path";

export interface Highlight {
  items: Set<string>;
  edges: Set<string>;
}

type Way = "up" | "down";

function index(edges: Iterable<GraphEdge>, way: Way): Map<string, GraphEdge[]> {
  const found = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const key = way === "up" ? edge.target : edge.source;
    (found.get(key) ?? found.set(key, []).get(key))?.push(edge);
  }
  return found;
}

/** An output leads to the inputs that it was made from only, where those are not all. */
function isTrue(into: GraphEdge | null, out: GraphEdge): boolean {
  if (into?.role !== "output") return true;
  if (into.made_from) return into.made_from.includes(out.source);
  const named = into.derived_from ?? [];
  return named.length === 0 || named.includes(out.source);
}

function walk(
  starts: readonly string[],
  edges: Iterable<GraphEdge>,
  way: Way,
  highlight: Highlight,
): void {
  const byKey = index(edges, way);
  const queue = starts.map((start): [string, GraphEdge | null] => [start, null]);
  const seen = new Set<string>();
  while (queue.length > 0) {
    const [key, came] = queue.pop() as [string, GraphEdge | null];
    for (const edge of byKey.get(key) ?? []) {
      const isKnown = seen.has(edgeKey(edge));
      const fits = way === "up" ? isTrue(came, edge) : !came || isTrue(edge, came);
      if (isKnown || !fits) continue;
      seen.add(edgeKey(edge));
      const next = way === "up" ? edge.source : edge.target;
      highlight.edges.add(edgeKey(edge));
      highlight.items.add(next);
      queue.push([next, edge]);
    }
  }
}

/** Everything upstream and downstream of some nodes, as far as it is drawn. */
export function connected(
  starts: readonly string[],
  edges: ReadonlyMap<string, GraphEdge>,
): Highlight {
  const highlight: Highlight = { items: new Set(starts), edges: new Set() };
  walk(starts, edges.values(), "up", highlight);
  walk(starts, edges.values(), "down", highlight);
  return highlight;
}
