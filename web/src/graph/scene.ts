/** From answers to what is drawn: pure, so that it can be tested without a page. */
import type { GraphEdge, GraphNode } from "../api/types";
import type { PageState } from "../app/url";
import type { Box, Line, Point } from "../layout/layout";
import { passes, type Filters } from "../model/filter";
import { group, type NodeItem, type Grouped } from "../model/group";
import { connected, inItems, type Highlight } from "../model/highlight";
import { edgeKey, type Graph } from "../model/merge";
import { shown } from "../model/titles";
import { ago, countOf, kindWord, number, statusTone, statusWord } from "../model/format";

export const NODE_WIDTH = 236;
export const NODE_HEIGHT = 60;
export const TALL_NODE_HEIGHT = 78;

export interface Face {
  title: string;
  /** A third line; may be empty. */
  description: string;
  /** "project · v3", "task 12 · 2 h ago" */
  sort: string;
  failed: number;
  stale: number;
  hiddenUp: number;
  hiddenDown: number;
}

/** Parameters in which the runs of one app differ, by the keys of their nodes. */
export type Differences = ReadonlyMap<string, string>;

export function differences(nodes: Iterable<GraphNode>): Differences {
  const byApp = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (node.type !== "task" || !node.params) continue;
    (byApp.get(node.name) ?? byApp.set(node.name, []).get(node.name))?.push(node);
  }
  const found = new Map<string, string>();
  for (const runs of byApp.values()) {
    const values = new Map<string, Set<string>>();
    for (const { params } of runs) {
      for (const name of Object.keys(params ?? {})) values.set(name, new Set());
    }
    for (const [name, seen] of values) {
      for (const { params } of runs) seen.add(JSON.stringify(params?.[name]));
    }
    const names = [...values].filter(([, seen]) => runs.length === 1 || seen.size > 1);
    for (const run of runs) {
      const words = names.flatMap(([name]) => {
        const value = run.params?.[name];
        return value === undefined ? [] : `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`;
      });
      if (words.length > 0) found.set(run.key, words.join(" "));
    }
  }
  return found;
}

const NONE: Differences = new Map();

function groupFace(item: NodeItem): Pick<Face, "title" | "sort"> {
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const more = item.shown > 0 ? "more " : "";
  if (item.grouping === "app") {
    const runs = item.count === 1 ? "run" : "runs";
    return { title: shown(first).title, sort: `${number(item.count)} ${more}${runs}` };
  }
  if (item.grouping === "artifact") {
    const count = more ? item.count : Math.max(item.count, first.version_count);
    const versions = count === 1 ? "version" : "versions";
    return { title: shown(first).title, sort: `${number(count)} ${more}${versions}` };
  }
  const titles = [...new Set(item.members.slice(0, 60).map((node) => shown(node).title))];
  const kinds = kindWord(first.kind, item.count);
  const isRest = item.grouping === "rest" || more !== "";
  return {
    title: isRest ? `${number(item.count)} more ${kinds}` : countOf(item.count, first.kind),
    sort: titles.slice(0, 3).join(", ") + (titles.length > 1 ? "…" : ""),
  };
}

/** The texts that a node shows. */
export function faceOf(item: NodeItem, differing: Differences = NONE): Face {
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const sum = (pick: (node: GraphNode) => number) =>
    item.members.reduce((total, node) => total + pick(node), 0);
  const counts = {
    failed: sum((node) => Number(node.type === "task" && statusTone(node.status) === "bad")),
    // An output that was superseded is history, not stale.
    stale: sum((node) => Number(node.is_stale && node.is_current !== false)),
    hiddenUp: sum((node) => node.hidden_up),
    hiddenDown: sum((node) => node.hidden_down),
  };
  if (item.type === "group") {
    const description = item.grouping === "artifact" ? shown(first).description : "";
    return { ...groupFace(item), description, ...counts };
  }
  const since = first.started_at ?? first.created_at;
  const parts = [
    first.type === "task" ? `task ${first.id}` : kindWord(first.kind),
    first.version,
    first.is_deleted ? "deleted" : null,
    since != null ? ago(since) : null,
  ];
  const { title, description } = shown(first);
  return {
    title,
    description: description || (differing.get(first.key) ?? ""),
    sort: parts.filter(Boolean).join(" · "),
    ...counts,
  };
}

/** A node as a sentence, for screen readers. */
export function nodeLabel(item: NodeItem, differing: Differences = NONE): string {
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const face = faceOf(item, differing);
  const parts = [face.title, face.sort];
  if (item.grouping === "artifact") parts.splice(1, 0, kindWord(first.kind));
  if (first.status && item.type !== "group") parts.push(statusWord(first.status));
  if (item.type === "group" && face.failed > 0) parts.push(`${number(face.failed)} failed`);
  if (face.stale > 0) parts.push(item.type === "group" ? `${number(face.stale)} stale` : "stale");
  if (face.description) parts.push(face.description);
  return parts.join(", ");
}

export function heightOf(item: NodeItem, differing: Differences = NONE): number {
  const isFamily = item.type !== "group" || item.grouping === "artifact";
  if (!isFamily) return NODE_HEIGHT;
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const differs = item.type === "task" && differing.has(first.key);
  return differs || shown(first).description ? TALL_NODE_HEIGHT : NODE_HEIGHT;
}

export function boxesOf(grouped: Grouped, differing: Differences = NONE): Box[] {
  return [...grouped.items.values()].map((item) => ({
    key: item.key,
    width: NODE_WIDTH,
    height: heightOf(item, differing),
  }));
}

export function linesOf(grouped: Grouped): Line[] {
  return [...grouped.edges.values()].map(({ source, target }) => ({ source, target }));
}

/** Nodes that must not disappear in a group. */
export function kept(graph: Graph, state: PageState): Set<string> {
  return new Set([...graph.focus, state.sel, state.from, state.to].filter(Boolean));
}

export function groupScene(graph: Graph, state: PageState, path: ReadonlySet<string>): Grouped {
  const keep = kept(graph, state);
  for (const key of path) keep.add(key);
  return group(graph, { keep, opened: state.ungroup, by: state.by });
}

export interface Look {
  isHidden: boolean;
  isDim: boolean;
  isHighlighted: boolean;
}

export interface Scene {
  looks: Map<string, Look>;
  highlight: Highlight | null;
  /** The highlight when it is a path between two chosen nodes. */
  path: Highlight | null;
  filteredOut: number;
  /** The moment that is shown; null: now. */
  at: number | null;
}

/** How each node looks, given filters, selection and path. */
export function look(
  grouped: Grouped,
  state: Pick<PageState, "sel" | "mode" | "at">,
  filters: Filters,
  path: Highlight | null,
  present: ReadonlySet<string> | null,
  edges: ReadonlyMap<string, GraphEdge> = grouped.edges,
): Scene {
  const selected = grouped.items.get(grouped.itemOf.get(state.sel) ?? state.sel);
  const starts = selected?.members.some(({ key }) => key === state.sel)
    ? [state.sel]
    : (selected?.members.map(({ key }) => key) ?? []);
  const highlight = path ?? (selected ? inItems(connected(starts, edges), grouped.itemOf) : null);
  const looks = new Map<string, Look>();
  let filteredOut = 0;
  for (const item of grouped.items.values()) {
    const isAbsent = present !== null && !item.members.some((node) => present.has(node.key));
    const isOut = !item.members.some((node) => passes(node, filters));
    if (isOut && !isAbsent) filteredOut += 1;
    looks.set(item.key, {
      isHidden: isAbsent || (isOut && state.mode === "hide"),
      isDim: isOut || (path !== null && !path.items.has(item.key)),
      isHighlighted: highlight !== null && highlight.items.has(item.key),
    });
  }
  return { looks, highlight, path, filteredOut, at: state.at };
}

/** The nodes and lines of a path, as grouped. */
export function highlightPath(answer: Graph, grouped: Grouped): Highlight {
  const highlight: Highlight = { items: new Set(), edges: new Set() };
  for (const key of answer.nodes.keys()) highlight.items.add(grouped.itemOf.get(key) ?? key);
  for (const edge of answer.edges.values()) {
    const source = grouped.itemOf.get(edge.source) ?? edge.source;
    const target = grouped.itemOf.get(edge.target) ?? edge.target;
    highlight.edges.add(edgeKey({ source, target }));
  }
  return highlight;
}

/** The curve of a line from the right edge of a node to the left edge of another. */
export function curve(from: Point, to: Point, bends: readonly Point[]): string {
  const half = NODE_WIDTH / 2;
  const points = [
    from,
    ...bends.flatMap((bend) => [
      { x: bend.x - half, y: bend.y },
      { x: bend.x + half, y: bend.y },
    ]),
    to,
  ];
  let path = `M${at(from)}`;
  for (let index = 1; index < points.length; index += 1) {
    const a = points[index - 1] as Point;
    const b = points[index] as Point;
    const isStraight = a.y === b.y && b.x > a.x;
    const reach = b.x >= a.x ? Math.max(24, (b.x - a.x) / 2) : 80;
    path += isStraight
      ? `L${at(b)}`
      : `C${at({ x: a.x + reach, y: a.y })} ${at({ x: b.x - reach, y: b.y })} ${at(b)}`;
  }
  return path;
}

const at = (point: Point): string => `${round(point.x)} ${round(point.y)}`;
const round = (value: number): number => Math.round(value * 10) / 10;

export interface EdgeLine {
  key: string;
  path: string;
  role: GraphEdge["role"];
  count: number;
  source: string;
  target: string;
}

/** All lines whose two nodes have a place. */
export function edgeLinesOf(
  grouped: Grouped,
  positions: ReadonlyMap<string, Point>,
  bends: ReadonlyMap<string, Point[]>,
  at: number | null = null,
  differing: Differences = NONE,
): EdgeLine[] {
  const edgeLines: EdgeLine[] = [];
  for (const [key, edge] of grouped.edges) {
    const from = positions.get(edge.source);
    const to = positions.get(edge.target);
    const source = grouped.items.get(edge.source);
    const target = grouped.items.get(edge.target);
    if (!from || !to || !source || !target) continue;
    if (at !== null && edge.recorded_at != null && edge.recorded_at > at) continue;
    const path = curve(
      { x: from.x + NODE_WIDTH, y: from.y + heightOf(source, differing) / 2 },
      { x: to.x, y: to.y + heightOf(target, differing) / 2 },
      bends.get(key) ?? [],
    );
    edgeLines.push({ key, path, role: edge.role, count: edge.count, source: edge.source, target: edge.target });
  }
  return edgeLines;
}

/** The node that an arrow key leads to, or none. */
export function neighbour(
  grouped: Grouped,
  positions: ReadonlyMap<string, Point>,
  from: string,
  key: string,
): string | null {
  const here = positions.get(from);
  if (!here) return [...positions.keys()][0] ?? null;
  const isSide = key === "ArrowLeft" || key === "ArrowRight";
  const candidates = isSide
    ? [...grouped.edges.values()].flatMap((edge) => {
        if (key === "ArrowLeft") return edge.target === from ? edge.source : [];
        return edge.source === from ? edge.target : [];
      })
    : [...positions.keys()].filter((other) => {
        const there = positions.get(other) as Point;
        if (Math.abs(there.x - here.x) > NODE_WIDTH / 2) return false;
        return key === "ArrowDown" ? there.y > here.y : there.y < here.y;
      });
  let best: string | null = null;
  let least = Infinity;
  for (const other of candidates) {
    const there = positions.get(other);
    if (!there || other === from) continue;
    const away = Math.abs(there.y - here.y) + Math.abs(there.x - here.x) / 100;
    if (away < least) {
      least = away;
      best = other;
    }
  }
  return best;
}

export function hiddenWords(count: number, way: "up" | "down", title: string): string {
  const side = way === "up" ? "upstream" : "downstream";
  return `Show ${number(count)} more ${side} of ${title}`;
}
