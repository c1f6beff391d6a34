/** What of a graph was there at a moment: nothing is overwritten, so it can be told. */
import type { Graph } from "./merge";

/** Keys of the nodes that had begun, or had been recorded with something, by then. */
export function presentAt(graph: Graph, at: number): Set<string> {
  const present = new Set<string>();
  for (const node of graph.nodes.values()) {
    const since = node.started_at ?? node.created_at;
    if (since != null && since <= at) present.add(node.key);
  }
  for (const arrow of graph.arrows.values()) {
    if (arrow.recorded_at == null || arrow.recorded_at > at) continue;
    present.add(arrow.source);
    present.add(arrow.target);
  }
  return present;
}

/** Just after, in milliseconds, so that the moment itself is included. */
function after(at: number): number {
  return Math.ceil(at * 1000) / 1000;
}

/** The moments at which something of the graph was recorded. */
export function momentsOf(graph: Graph): number[] {
  const found = new Set<number>();
  for (const arrow of graph.arrows.values()) {
    if (arrow.recorded_at != null) found.add(after(arrow.recorded_at));
  }
  for (const node of graph.nodes.values()) {
    const at = node.started_at ?? node.created_at;
    if (at != null) found.add(after(at));
  }
  return [...found].sort((a, b) => a - b);
}
