/** Several answers of the graph as one. */
import type { GraphEdge, GraphAnswer, GraphNode } from "../api/types";

export interface Graph {
  nodes: Map<string, GraphNode>;
  edges: Map<string, GraphEdge>;
  focus: string[];
  isTruncated: boolean;
  next: string | null;
}

export function edgeKey(edge: Pick<GraphEdge, "source" | "target">): string {
  return `${edge.source}>${edge.target}`;
}

function neighbours(edges: Iterable<GraphEdge>): Map<string, { up: Set<string>; down: Set<string> }> {
  const found = new Map<string, { up: Set<string>; down: Set<string> }>();
  const of = (key: string) => {
    let entry = found.get(key);
    if (!entry) found.set(key, (entry = { up: new Set(), down: new Set() }));
    return entry;
  };
  for (const edge of edges) {
    of(edge.source).down.add(edge.target);
    of(edge.target).up.add(edge.source);
  }
  return found;
}

/**
 * Join answers; the first one gives the focus.
 *
 * Each answer counts the neighbours that it leaves out itself. What one leaves out
 * another may bring, so a node's neighbours are counted whole and those now shown
 * are taken off again.
 */
export function merge(answers: readonly GraphAnswer[]): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const total = new Map<string, { up: number; down: number }>();
  for (const answer of answers) {
    const near = neighbours(answer.arrows);
    for (const node of answer.nodes) {
      const known = total.get(node.key) ?? { up: 0, down: 0 };
      total.set(node.key, {
        up: Math.max(known.up, node.hidden_up + (near.get(node.key)?.up.size ?? 0)),
        down: Math.max(known.down, node.hidden_down + (near.get(node.key)?.down.size ?? 0)),
      });
      if (!nodes.has(node.key)) nodes.set(node.key, node);
    }
    for (const edge of answer.arrows) {
      if (!edges.has(edgeKey(edge))) edges.set(edgeKey(edge), edge);
    }
  }
  for (const [key, edge] of edges) {
    if (!nodes.has(edge.source) || !nodes.has(edge.target)) edges.delete(key);
  }
  const near = neighbours(edges.values());
  for (const [key, node] of nodes) {
    const all = total.get(key) ?? { up: 0, down: 0 };
    nodes.set(key, {
      ...node,
      hidden_up: Math.max(0, all.up - (near.get(key)?.up.size ?? 0)),
      hidden_down: Math.max(0, all.down - (near.get(key)?.down.size ?? 0)),
    });
  }
  const first = answers[0];
  const cut = answers.find((answer) => answer.truncated);
  return {
    nodes,
    edges,
    focus: first?.focus ?? [],
    isTruncated: cut !== undefined,
    next: cut?.next ?? null,
  };
}
