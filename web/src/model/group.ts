/** Groups many nodes into few: runs of an app, versions of an artifact, like ones, the rest. */
import type { GraphEdge, GraphNode } from "../api/types";
import { edgeKey, type Graph } from "./merge";

/** Fewer like nodes than this stay themselves. */
export const GROUP_FROM = 5;
/** A first view has no more items than this, whatever the store holds. */
export const MAX_ITEMS = 60;
/** Members that opening a group shows; opening it again shows as many more. */
export const OPEN_STEP = 20;

/** One node for an artifact and an app, or one for a version and a run. */
export type GroupBy = "artifact" | "run";
/** What the members of an item have in common. */
export type Grouping = "single" | "app" | "artifact" | "like" | "rest";

export interface NodeItem {
  key: string;
  type: "task" | "data" | "group";
  grouping: Grouping;
  /** Nodes that the item stands for, newest first; one, unless it is a group. */
  members: GraphNode[];
  /** Artifacts, runs or versions that the group counts. */
  count: number;
  /** Of the group, how many were opened and are shown by themselves. */
  shown: number;
}

export interface Grouped {
  items: Map<string, NodeItem>;
  edges: Map<string, GraphEdge>;
  /** Item in which each node is shown. */
  itemOf: Map<string, string>;
}

export interface GroupOptions {
  /** Nodes that stay outside of groups of like ones and of the rest. */
  keep: ReadonlySet<string>;
  /** Keys of groups that a person opened, once for each step. */
  opened: readonly string[];
  by: GroupBy;
  limit?: number;
}

function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return (value >>> 0).toString(36);
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

const timeOf = (node: GraphNode): number => node.started_at ?? node.created_at ?? 0;

/** The artifact or the app that a node belongs to. */
export function familyOf(node: GraphNode): string {
  if (node.type === "task") return `app:${hash(`${node.team_id}|${node.name}`)}`;
  const kind = node.kind === "model_weight" ? "file" : node.kind;
  return `artifact:${hash(`${node.team_id}|${kind}|${node.id}`)}`;
}

class Grouper {
  readonly items = new Map<string, NodeItem>();
  readonly itemOf = new Map<string, string>();
  private readonly steps = new Map<string, number>();
  /** Nodes that a person took out of a group: they stay out of every other. */
  private readonly taken = new Set<string>();

  constructor(
    private readonly graph: Graph,
    private readonly options: GroupOptions,
  ) {
    for (const key of options.opened) this.steps.set(key, (this.steps.get(key) ?? 0) + 1);
  }

  /** How many members of a group are shown by themselves. */
  private opened(key: string): number {
    return (this.steps.get(key) ?? 0) * OPEN_STEP;
  }

  private add(key: string, grouping: Grouping, members: GraphNode[], shown = 0, count = members.length): void {
    const [first] = members;
    if (!first) return;
    const item: NodeItem =
      members.length > 1 || shown > 0
        ? { key, type: "group", grouping, members, count, shown }
        : { key: first.key, type: first.type, grouping: "single", members, count: 1, shown: 0 };
    this.items.set(item.key, item);
    for (const node of members) this.itemOf.set(node.key, item.key);
  }

  /** One item for each artifact and app, or for each version and run. */
  byFamily(): void {
    if (this.options.by === "run") {
      for (const node of this.graph.nodes.values()) this.add(node.key, "single", [node]);
      return;
    }
    const families = new Map<string, GraphNode[]>();
    for (const node of this.graph.nodes.values()) push(families, familyOf(node), node);
    for (const [key, members] of families) {
      members.sort((a, b) => timeOf(b) - timeOf(a));
      const shown = Math.min(this.opened(key), members.length);
      for (const node of members.slice(0, shown)) {
        this.add(node.key, "single", [node]);
        this.taken.add(node.key);
      }
      const grouping = key.startsWith("app:") ? "app" : "artifact";
      this.add(key, grouping, members.slice(shown), shown);
    }
  }

  private neighbours(): Map<string, string> {
    const up = new Map<string, Set<string>>();
    const down = new Map<string, Set<string>>();
    for (const edge of this.graph.edges.values()) {
      const source = this.itemOf.get(edge.source) ?? "";
      const target = this.itemOf.get(edge.target) ?? "";
      if (source === target) continue;
      (down.get(source) ?? down.set(source, new Set()).get(source))?.add(target);
      (up.get(target) ?? up.set(target, new Set()).get(target))?.add(source);
    }
    const words = (set: Set<string> | undefined) => [...(set ?? [])].sort().join(",");
    const found = new Map<string, string>();
    for (const key of this.items.keys()) {
      const near = `${words(up.get(key))}|${words(down.get(key))}`;
      if (near !== "|") found.set(key, near);
    }
    return found;
  }

  private isKept(item: NodeItem): boolean {
    return item.members.some(({ key }) => this.options.keep.has(key) || this.taken.has(key));
  }

  /** Replace some items by one, apart from those that were opened. */
  private merge(key: string, grouping: Grouping, items: NodeItem[]): void {
    const shown = Math.min(this.opened(key), items.length);
    const hidden = items.slice(shown);
    for (const item of items.slice(0, shown)) {
      for (const node of item.members) this.taken.add(node.key);
    }
    for (const item of hidden) this.items.delete(item.key);
    this.add(key, grouping, hidden.flatMap((item) => item.members), shown, hidden.length);
  }

  /** Items of one kind with the very same neighbours become one. */
  likeOnes(): void {
    const near = this.neighbours();
    const like = new Map<string, NodeItem[]>();
    for (const item of this.items.values()) {
      const [node] = item.members as [GraphNode];
      const around = near.get(item.key);
      if (around === undefined || this.isKept(item) || item.grouping === "app") continue;
      const name = node.type === "task" ? `${node.name}|${node.status}` : String(node.is_stale);
      push(like, [item.grouping === "artifact", node.kind, name, around].join("|"), item);
    }
    for (const [key, items] of like) {
      if (items.length >= GROUP_FROM) this.merge(`group:${hash(key)}`, "like", items);
    }
  }

  /** What exceeds the limit is counted by kind and direction; the nearest stay. */
  rest(): void {
    const limit = this.options.limit ?? MAX_ITEMS;
    const excess = [...this.steps.values()].reduce((sum, steps) => sum + steps, 0) * OPEN_STEP;
    if (this.items.size <= limit + excess) return;
    const distance = (item: NodeItem) =>
      Math.min(...item.members.map((node) => Math.min(node.hops_up ?? 99, node.hops_down ?? 99)));
    const newest = (item: NodeItem) => Math.max(...item.members.map(timeOf));
    const rows = [...this.items.values()].map((item) => ({
      item,
      // Groups stand for many already: they stay before single nodes.
      rank: this.isKept(item) ? -1 : distance(item) * 2 + (item.type === "group" ? 0 : 1),
      at: newest(item),
    }));
    rows.sort((a, b) => a.rank - b.rank || b.at - a.at);
    const bucketOf = ({ members: [node] }: NodeItem) =>
      `rest:${node?.kind}:${node?.hops_up != null ? "up" : "down"}`;
    const candidates = rows.filter(({ rank }) => rank >= 0).map(({ item }) => item);
    const buckets = new Set(candidates.map(bucketOf)).size;
    const kept = rows.length - candidates.length;
    const room = Math.max(0, limit - buckets - kept);
    const over = new Map<string, NodeItem[]>();
    for (const item of candidates.slice(room)) push(over, bucketOf(item), item);
    for (const [key, items] of over) this.merge(key, "rest", items);
  }
}

/** Group the nodes of a graph into items, and its edges with them. */
export function group(graph: Graph, options: GroupOptions): Grouped {
  const grouper = new Grouper(graph, options);
  grouper.byFamily();
  grouper.likeOnes();
  grouper.rest();
  const { items, itemOf } = grouper;
  return { items, edges: joinEdges(graph, itemOf), itemOf };
}

function joinEdges(graph: Graph, itemOf: ReadonlyMap<string, string>): Map<string, GraphEdge> {
  const joined = new Map<string, GraphEdge>();
  for (const edge of graph.edges.values()) {
    const source = itemOf.get(edge.source) ?? edge.source;
    const target = itemOf.get(edge.target) ?? edge.target;
    if (source === target) continue;
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
