/** Many like cards as one: "37 files". */
import type { Arrow, GraphNode } from "../api/types";
import { arrowKey, type Graph } from "./merge";

/** Fewer like cards than this stay themselves. */
export const FOLD_FROM = 5;

export interface CardItem {
  key: string;
  type: "task" | "data" | "fold";
  /** Nodes that the card stands for; one, unless it is a fold. */
  members: GraphNode[];
}

export interface Folded {
  cards: Map<string, CardItem>;
  arrows: Map<string, Arrow>;
  /** Card in which each node is shown. */
  cardOf: Map<string, string>;
}

function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return (value >>> 0).toString(36);
}

/** What makes cards alike: kind (tasks: name too), neighbours, and what shows trouble. */
function likeness(node: GraphNode, up: readonly string[], down: readonly string[]): string {
  const name = node.type === "task" ? node.name : "";
  const state = node.type === "task" ? (node.status ?? "") : String(node.is_stale);
  return [node.kind, name, state, up.join(","), down.join(",")].join("|");
}

/**
 * Fold cards of the same kind with the very same neighbours.
 *
 * @param keep Nodes that must stay visible by themselves (focus, selection, a path).
 * @param unfolded Keys of folds that a person opened.
 */
export function fold(
  graph: Graph,
  keep: ReadonlySet<string>,
  unfolded: ReadonlySet<string>,
): Folded {
  const up = new Map<string, string[]>();
  const down = new Map<string, string[]>();
  for (const arrow of graph.arrows.values()) {
    (down.get(arrow.source) ?? down.set(arrow.source, []).get(arrow.source))?.push(arrow.target);
    (up.get(arrow.target) ?? up.set(arrow.target, []).get(arrow.target))?.push(arrow.source);
  }
  const like = new Map<string, GraphNode[]>();
  for (const node of graph.nodes.values()) {
    const sources = (up.get(node.key) ?? []).sort();
    const targets = (down.get(node.key) ?? []).sort();
    if (keep.has(node.key) || sources.length + targets.length === 0) continue;
    const key = likeness(node, sources, targets);
    (like.get(key) ?? like.set(key, []).get(key))?.push(node);
  }
  const cardOf = new Map<string, string>();
  const folds = new Map<string, GraphNode[]>();
  for (const [key, members] of like) {
    const foldKey = `fold:${hash(key)}`;
    if (members.length < FOLD_FROM || unfolded.has(foldKey)) continue;
    folds.set(foldKey, members);
    for (const node of members) cardOf.set(node.key, foldKey);
  }
  const cards = new Map<string, CardItem>();
  for (const node of graph.nodes.values()) {
    const key = cardOf.get(node.key) ?? node.key;
    cardOf.set(node.key, key);
    if (cards.has(key)) continue;
    const members = folds.get(key);
    cards.set(key, members ? { key, type: "fold", members } : { key, type: node.type, members: [node] });
  }
  return { cards, arrows: joinArrows(graph, cardOf), cardOf };
}

function joinArrows(graph: Graph, cardOf: ReadonlyMap<string, string>): Map<string, Arrow> {
  const joined = new Map<string, Arrow>();
  for (const arrow of graph.arrows.values()) {
    const source = cardOf.get(arrow.source) ?? arrow.source;
    const target = cardOf.get(arrow.target) ?? arrow.target;
    const key = arrowKey({ source, target });
    const known = joined.get(key);
    if (!known) {
      joined.set(key, { ...arrow, source, target });
      continue;
    }
    const times = [known.recorded_at, arrow.recorded_at].filter((time) => time != null);
    const recorded_at = times.length > 0 ? Math.min(...times) : null;
    joined.set(key, { ...known, count: known.count + arrow.count, recorded_at });
  }
  return joined;
}
