/** Several answers of the graph as one. */
import type { Arrow, GraphAnswer, GraphNode } from "../api/types";

export interface Graph {
  nodes: Map<string, GraphNode>;
  arrows: Map<string, Arrow>;
  focus: string[];
  isTruncated: boolean;
  next: string | null;
}

export function arrowKey(arrow: Pick<Arrow, "source" | "target">): string {
  return `${arrow.source}>${arrow.target}`;
}

function neighbours(arrows: Iterable<Arrow>): Map<string, { up: Set<string>; down: Set<string> }> {
  const found = new Map<string, { up: Set<string>; down: Set<string> }>();
  const of = (key: string) => {
    let entry = found.get(key);
    if (!entry) found.set(key, (entry = { up: new Set(), down: new Set() }));
    return entry;
  };
  for (const arrow of arrows) {
    of(arrow.source).down.add(arrow.target);
    of(arrow.target).up.add(arrow.source);
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
  const arrows = new Map<string, Arrow>();
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
    for (const arrow of answer.arrows) {
      if (!arrows.has(arrowKey(arrow))) arrows.set(arrowKey(arrow), arrow);
    }
  }
  for (const [key, arrow] of arrows) {
    if (!nodes.has(arrow.source) || !nodes.has(arrow.target)) arrows.delete(key);
  }
  const near = neighbours(arrows.values());
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
    arrows,
    focus: first?.focus ?? [],
    isTruncated: cut !== undefined,
    next: cut?.next ?? null,
  };
}
