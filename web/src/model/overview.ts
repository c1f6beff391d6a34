/** The picture that the server groups: few items, which count what they stand for. */
import type { GraphEdge, GraphNode, OverviewAnswer, OverviewItem } from "../api/types";
import { edgeKey } from "./path";

/** Members that opening a group shows; opening it again shows as many more. */
export const OPEN_STEP = 20;

export type Grouping = OverviewItem["grouping"];
export type Mark = NonNullable<OverviewItem["mark"]>;

export interface NodeItem extends OverviewItem {
  names: string[];
  type: "task" | "data" | "step" | "group";
}

export interface Grouped {
  items: Map<string, NodeItem>;
  edges: Map<string, GraphEdge>;
  /** Keys of the items that hold what was asked for. */
  focus: string[];
  /** Item in which each node is shown that was looked for. */
  places: ReadonlyMap<string, string>;
  answer: OverviewAnswer | null;
}

export const NOTHING: Grouped = { items: new Map(), edges: new Map(), focus: [], places: new Map(), answer: null };

export function itemFrom(item: OverviewItem): NodeItem {
  const isSingle = item.grouping === "single";
  return { ...item, names: item.names ?? [], type: isSingle ? item.node.type : item.grouping === "step" ? "step" : "group" };
}

export function groupedFrom(answer: OverviewAnswer): Grouped {
  const items = new Map(answer.items.map((item) => [item.key, itemFrom(item)]));
  const edges = new Map<string, GraphEdge>();
  for (const edge of answer.arrows) {
    if (items.has(edge.source) && items.has(edge.target)) edges.set(edgeKey(edge), edge);
  }
  return { items, edges, focus: answer.focus ?? [], places: new Map(Object.entries(answer.places ?? {})), answer };
}

/** The item that shows a node, a step or a group. */
export function itemAt(grouped: Grouped, key: string): NodeItem | undefined {
  return grouped.items.get(key) ?? grouped.items.get(grouped.places.get(key) ?? "");
}

/** The nodes that items stand for by themselves, for what compares the runs of an app. */
export function singles(grouped: Grouped): GraphNode[] {
  return [...grouped.items.values()].flatMap((item) => (item.type === "task" || item.type === "data" ? [item.node] : []));
}

/** Keys of the items that had begun, or had an edge, by a moment. */
export function presentAt(grouped: Grouped, at: number): Set<string> {
  const found = [...grouped.items.values()].filter(({ since }) => since != null && since <= at);
  return new Set(found.map(({ key }) => key));
}
