/** Nodes, edges and answers for tests. */
import type { GraphEdge, GraphAnswer, GraphNode, OverviewItem } from "../src/api/types";
import { groupedFrom, type Grouped } from "../src/model/overview";

export function node(key: string, more: Partial<GraphNode> = {}): GraphNode {
  const isTask = key.startsWith("task:");
  return {
    key,
    type: isTask ? "task" : "data",
    kind: isTask ? "task" : "file",
    id: key,
    name: key,
    label: null,
    version: null,
    version_count: 1,
    team_id: 1,
    workspace_id: null,
    title: null,
    description: null,
    icon: null,
    link: null,
    status: isTask ? "finished" : null,
    started_at: null,
    ended_at: null,
    created_at: null,
    size: null,
    digest: null,
    is_deleted: false,
    is_stale: false,
    is_current: null,
    same_as: null,
    is_pinned: null,
    pinned_reason: null,
    params: null,
    hops_up: null,
    hops_down: null,
    hidden_up: 0,
    hidden_down: 0,
    ...more,
  };
}

export function edge(source: string, target: string, more: Partial<GraphEdge> = {}): GraphEdge {
  return {
    source,
    target,
    role: source.startsWith("task:") ? "output" : "input",
    count: 1,
    steps: [],
    recorded_at: null,
    derived_from: null,
    made_from: null,
    how: null,
    is_reused: false,
    ...more,
  };
}

/** An answer from lines such as `data:1>task:1`. */
export function answer(lines: string[], more: Partial<GraphAnswer> = {}, nodes: GraphNode[] = []): GraphAnswer {
  const edges = lines.map((line) => {
    const [source, target] = line.split(">") as [string, string];
    return edge(source, target);
  });
  const known = new Map(nodes.map((one) => [one.key, one]));
  for (const { source, target } of edges) {
    for (const key of [source, target]) if (!known.has(key)) known.set(key, node(key));
  }
  return { nodes: [...known.values()], arrows: edges, focus: [], truncated: false, next: null, as_of: null, ...more };
}

/** An item of a picture. */
export function item(key: string, more: Partial<OverviewItem> = {}): OverviewItem {
  return {
    key,
    grouping: "single",
    node: node(key),
    second: null,
    count: 1,
    opened: 0,
    failed: 0,
    stale: 0,
    hidden_up: 0,
    hidden_down: 0,
    passing: 1,
    since: null,
    names: [],
    mark: null,
    steps: 0,
    step: null,
    ...more,
  };
}

/** A picture from lines such as `data:1>task:1`, drawn from its items. */
export function picture(lines: string[], items: OverviewItem[] = [], places: Record<string, string> = {}): Grouped {
  const { nodes, arrows } = answer(lines);
  const known = new Map(nodes.map(({ key }) => [key, item(key)]));
  for (const one of items) known.set(one.key, one);
  return groupedFrom({ items: [...known.values()], arrows, focus: [], places, nodes: known.size, truncated: false });
}
