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
