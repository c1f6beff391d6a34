/** The answer of a path between two nodes. */
import type { GraphEdge, GraphAnswer, GraphNode } from "../api/types";

export interface Path {
  nodes: Map<string, GraphNode>;
  edges: Map<string, GraphEdge>;
}

export function edgeKey(edge: Pick<GraphEdge, "source" | "target">): string {
  return `${edge.source}>${edge.target}`;
}

/** Nodes and edges by their keys; an edge to a node that is not there is left out. */
export function pathFrom(answer: GraphAnswer): Path {
  const nodes = new Map(answer.nodes.map((node) => [node.key, node]));
  const edges = answer.arrows.filter(({ source, target }) => nodes.has(source) && nodes.has(target));
  return { nodes, edges: new Map(edges.map((edge) => [edgeKey(edge), edge])) };
}
