/** Groups many like nodes into one: "37 files". */
import type { GraphEdge, GraphNode } from "../api/types";
import { edgeKey, type Graph } from "./merge";

/** Fewer like nodes than this stay themselves. */
export const GROUP_FROM = 5;

export interface NodeItem {
  key: string;
  type: "task" | "data" | "group";
  /** Nodes that the node stands for; one, unless it is a group. */
  members: GraphNode[];
}

export interface Grouped {
  items: Map<string, NodeItem>;
  edges: Map<string, GraphEdge>;
  /** NodeBox in which each node is shown. */
  itemOf: Map<string, string>;
}

function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return (value >>> 0).toString(36);
}

/** What makes nodes alike: kind (tasks: name too), neighbours, and what shows trouble. */
function likeness(node: GraphNode, up: readonly string[], down: readonly string[]): string {
  const name = node.type === "task" ? node.name : "";
  const state = node.type === "task" ? (node.status ?? "") : String(node.is_stale);
  return [node.kind, name, state, up.join(","), down.join(",")].join("|");
}

/**
 * Group nodes of the same kind with the very same neighbours.
 *
 * @param keep Nodes that must stay visible by themselves (focus, selection, a path).
 * @param ungrouped Keys of groups that a person opened.
 */
export function group(
  graph: Graph,
  keep: ReadonlySet<string>,
  ungrouped: ReadonlySet<string>,
): Grouped {
  const up = new Map<string, string[]>();
  const down = new Map<string, string[]>();
  for (const edge of graph.edges.values()) {
    (down.get(edge.source) ?? down.set(edge.source, []).get(edge.source))?.push(edge.target);
    (up.get(edge.target) ?? up.set(edge.target, []).get(edge.target))?.push(edge.source);
  }
  const like = new Map<string, GraphNode[]>();
  for (const node of graph.nodes.values()) {
    const sources = (up.get(node.key) ?? []).sort();
    const targets = (down.get(node.key) ?? []).sort();
    if (keep.has(node.key) || sources.length + targets.length === 0) continue;
    const key = likeness(node, sources, targets);
    (like.get(key) ?? like.set(key, []).get(key))?.push(node);
  }
  const itemOf = new Map<string, string>();
  const groups = new Map<string, GraphNode[]>();
  for (const [key, members] of like) {
    const groupKey = `group:${hash(key)}`;
    if (members.length < GROUP_FROM || ungrouped.has(groupKey)) continue;
    groups.set(groupKey, members);
    for (const node of members) itemOf.set(node.key, groupKey);
  }
  const items = new Map<string, NodeItem>();
  for (const node of graph.nodes.values()) {
    const key = itemOf.get(node.key) ?? node.key;
    itemOf.set(node.key, key);
    if (items.has(key)) continue;
    const members = groups.get(key);
    items.set(key, members ? { key, type: "group", members } : { key, type: node.type, members: [node] });
  }
  return { items, edges: joinEdges(graph, itemOf), itemOf };
}

function joinEdges(graph: Graph, itemOf: ReadonlyMap<string, string>): Map<string, GraphEdge> {
  const joined = new Map<string, GraphEdge>();
  for (const edge of graph.edges.values()) {
    const source = itemOf.get(edge.source) ?? edge.source;
    const target = itemOf.get(edge.target) ?? edge.target;
    const key = edgeKey({ source, target });
    const known = joined.get(key);
    if (!known) {
      joined.set(key, { ...edge, source, target });
      continue;
    }
    const times = [known.recorded_at, edge.recorded_at].filter((time) => time != null);
    const recorded_at = times.length > 0 ? Math.min(...times) : null;
    joined.set(key, { ...known, count: known.count + edge.count, recorded_at });
  }
  return joined;
}
