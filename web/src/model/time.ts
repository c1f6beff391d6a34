/** The part of a graph that existed at a point in time. */
import type { Graph } from "./merge";

/** Keys of the nodes that had begun, or had been recorded with something, by then. */
export function presentAt(graph: Graph, at: number): Set<string> {
  const present = new Set<string>();
  for (const node of graph.nodes.values()) {
    const since = node.started_at ?? node.created_at;
    if (since != null && since <= at) present.add(node.key);
  }
  for (const edge of graph.edges.values()) {
    if (edge.recorded_at == null || edge.recorded_at > at) continue;
    present.add(edge.source);
    present.add(edge.target);
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
  for (const edge of graph.edges.values()) {
    if (edge.recorded_at != null) found.add(after(edge.recorded_at));
  }
  for (const node of graph.nodes.values()) {
    const at = node.started_at ?? node.created_at;
    if (at != null) found.add(after(at));
  }
  return [...found].sort((a, b) => a - b);
}
