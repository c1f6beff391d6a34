/** From answers to what is drawn: pure, so that it can be tested without a page. */
import type { GraphEdge, GraphNode } from "../api/types";
import type { PageState } from "../app/url";
import type { Box, Line, Point } from "../layout/layout";
import { passes, type Filters } from "../model/filter";
import { group, type NodeItem, type Grouped } from "../model/group";
import { connected, type Highlight } from "../model/highlight";
import { edgeKey, type Graph } from "../model/merge";
import { shown } from "../model/titles";
import { countOf, kindWord, moment, number, statusWord } from "../model/format";

export const NODE_WIDTH = 236;
export const NODE_HEIGHT = 60;
export const TALL_NODE_HEIGHT = 78;
/** More nodes than this are drawn only when asked to. */
export const ASK_FROM = 150;

export interface Face {
  title: string;
  description: string;
  /** "project · v3" */
  sort: string;
  hiddenUp: number;
  hiddenDown: number;
}

/** The texts that a node shows. */
export function faceOf(item: NodeItem): Face {
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const sum = (pick: (node: GraphNode) => number) =>
    item.members.reduce((total, node) => total + pick(node), 0);
  const hidden = { hiddenUp: sum((node) => node.hidden_up), hiddenDown: sum((node) => node.hidden_down) };
  if (item.type === "group") {
    const titles = item.members.slice(0, 3).map((node) => shown(node).title);
    const isOneName = new Set(item.members.map((node) => shown(node).title)).size === 1;
    const names = isOneName ? titles.slice(0, 1) : titles;
    return {
      title: countOf(item.members.length, first.kind),
      description: "",
      sort: names.join(", ") + (isOneName ? "" : "…"),
      ...hidden,
    };
  }
  const parts = [kindWord(first.kind), first.version, first.is_deleted ? "deleted" : null];
  return { ...shown(first), sort: parts.filter(Boolean).join(" · "), ...hidden };
}

/** A node as a sentence, for screen readers. */
export function nodeLabel(item: NodeItem): string {
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const face = faceOf(item);
  const parts = [face.title, face.sort];
  if (first.status && item.type !== "group") parts.push(statusWord(first.status));
  if (first.is_stale) parts.push("stale");
  if (face.description) parts.push(face.description);
  if (first.started_at != null && item.type === "task") parts.push(moment(first.started_at));
  return parts.join(", ");
}

export function heightOf(item: NodeItem): number {
  return faceOf(item).description ? TALL_NODE_HEIGHT : NODE_HEIGHT;
}

export function boxesOf(grouped: Grouped): Box[] {
  return [...grouped.items.values()].map((item) => ({
    key: item.key,
    width: NODE_WIDTH,
    height: heightOf(item),
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
  return group(graph, keep, new Set(state.ungroup));
}

export interface Look {
  isHidden: boolean;
  isDim: boolean;
  isHighlighted: boolean;
}

export interface Scene {
  looks: Map<string, Look>;
  highlight: Highlight | null;
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
): Scene {
  const selected = grouped.itemOf.get(state.sel) ?? state.sel;
  const highlight = path ?? (grouped.items.has(selected) ? connected(selected, grouped.edges) : null);
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
  return { looks, highlight, filteredOut, at: state.at };
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
      { x: from.x + NODE_WIDTH, y: from.y + heightOf(source) / 2 },
      { x: to.x, y: to.y + heightOf(target) / 2 },
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
