/** From answers to what is drawn: pure, so that it can be tested without a page. */
import type { GraphEdge, GraphNode } from "../api/types";
import type { PageState } from "../app/url";
import { transposed, type Box, type Direction, type Line, type Point } from "../layout/layout";
import type { Filters } from "../model/filter";
import { connected, type Highlight } from "../model/highlight";
import { edgeKey, type Path } from "../model/path";
import { isolated } from "../model/names";
import { itemAt, type Grouped, type NodeItem } from "../model/overview";
import { shown } from "../model/titles";
import { wordsOf } from "./edgeWords";
import type { Form } from "./forms";
import { ago, countOf, duration, kindWord, number, statusTone, statusWord, valueWord } from "../model/format";

export interface Display {
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

/**
 * Parameters in which the runs of one app differ, by the keys of their nodes.
 *
 * Versions of one artifact are in it as well, with no words: their node has the version itself.
 */
export type Differences = ReadonlyMap<string, string>;

export function differences(nodes: Iterable<GraphNode>): Differences {
  const byApp = new Map<string, GraphNode[]>();
  const byArtifact = new Map<string, string[]>();
  for (const node of nodes) {
    if (node.type === "data") {
      const artifact = `${node.team_id} ${node.kind} ${node.id}`;
      (byArtifact.get(artifact) ?? byArtifact.set(artifact, []).get(artifact))?.push(node.key);
    } else if (node.params) {
      (byApp.get(node.name) ?? byApp.set(node.name, []).get(node.name))?.push(node);
    }
  }
  const found = new Map<string, string>();
  for (const keys of byArtifact.values()) {
    for (const key of keys.length > 1 ? keys : []) found.set(key, "");
  }
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
        return value === undefined ? [] : `${name}=${valueWord(value)}`;
      });
      if (words.length > 0) found.set(run.key, words.join(" "));
    }
  }
  return found;
}

const NONE: Differences = new Map();

function groupDisplay(item: NodeItem): Pick<Display, "title" | "sort"> {
  const { node } = item;
  const more = item.opened > 0 ? "more " : "";
  if (item.grouping === "app") {
    const runs = item.count === 1 ? "run" : "runs";
    return { title: shown(node).title, sort: `${number(item.count)} ${more}${runs}` };
  }
  if (item.grouping === "artifact") {
    const count = more ? item.count : Math.max(item.count, node.version_count);
    const versions = count === 1 ? "version" : "versions";
    return { title: shown(node).title, sort: `${number(count)} ${more}${versions}` };
  }
  const kinds = kindWord(node.kind, item.count);
  const isRest = item.grouping === "rest" || more !== "";
  return {
    title: isRest ? `${number(item.count)} more ${kinds}` : countOf(item.count, node.kind),
    sort: item.names.slice(0, 3).map(isolated).join(", ") + (item.names.length > 1 ? "…" : ""),
  };
}

function stepDisplay(item: NodeItem): Pick<Display, "title" | "sort" | "description"> {
  const { node, step } = item;
  const took = step?.ended_at != null ? duration(step.ended_at - step.started_at) : null;
  return {
    title: step?.name ?? "",
    sort: ["step", `task ${node.id}`, took].filter(Boolean).join(" · "),
    description: `${step?.parent ? `in ${step.parent} of ` : ""}${shown(node).title}`,
  };
}

/** The texts that a node shows. */
export function displayOf(item: NodeItem, differing: Differences = NONE): Display {
  const { node } = item;
  const counts = {
    failed: item.failed,
    stale: item.stale,
    hiddenUp: item.hidden_up,
    hiddenDown: item.hidden_down,
  };
  if (item.type === "step") return { ...stepDisplay(item), ...counts };
  if (item.type === "group") {
    const description = item.grouping === "artifact" ? shown(node).description : "";
    return { ...groupDisplay(item), description, ...counts };
  }
  const since = node.started_at ?? node.created_at;
  const kind = node.type === "task" ? `task ${node.id}` : kindWord(node.kind);
  // What comes last is left out first; several versions have all but the version in common.
  const isRepeated = node.type === "data" && differing.has(node.key);
  const parts = [
    ...(isRepeated ? [node.version, kind] : [kind, node.version]),
    node.is_deleted ? "deleted" : null,
    // Kept in one line.
    since != null ? ago(since).replaceAll(" ", "\u00a0") : null,
  ];
  const { title, description } = shown(node);
  return {
    title,
    description: description || (differing.get(node.key) ?? ""),
    sort: parts.filter(Boolean).join(" · "),
    ...counts,
  };
}

/** A node as a sentence, for screen readers. */
export function nodeLabel(item: NodeItem, differing: Differences = NONE): string {
  const { node } = item;
  const isOne = item.type === "task" || item.type === "data";
  const display = displayOf(item, differing);
  const parts = [display.title, display.sort];
  if (item.grouping === "artifact") parts.splice(1, 0, kindWord(node.kind));
  if (node.status && isOne) parts.push(statusWord(node.status));
  else if (display.failed > 0) parts.push(isOne || item.type === "step" ? "failed" : `${number(display.failed)} failed`);
  if (display.stale > 0) parts.push(item.type === "group" ? `${number(display.stale)} stale` : "stale");
  if (display.description) parts.push(display.description);
  return parts.join(", ");
}

/** What the word of a status adds to a node that also has a description. */
const STATUS_LINE = 14;

export function heightOf(item: NodeItem, form: Form, differing: Differences = NONE): number {
  if (!displayOf(item, differing).description) return form.height;
  // A run that went well has a sign only; a word pushes the time into a line of its own.
  const hasWord = item.type === "task" && Boolean(item.node.status) && statusTone(item.node.status) !== "good";
  return form.tallHeight + (hasWord ? STATUS_LINE : 0);
}

export function boxesOf(grouped: Grouped, form: Form, differing: Differences = NONE): Box[] {
  return [...grouped.items.values()].map((item) => ({
    key: item.key,
    width: form.width,
    height: heightOf(item, form, differing),
  }));
}

export function linesOf(grouped: Grouped, form: Form): Line[] {
  return [...grouped.edges.values()].map(({ source, target, steps }) => ({
    source,
    target,
    label: wordsOf(steps ?? [], form).width,
  }));
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
  state: Pick<PageState, "sel" | "mode" | "at"> & Partial<Filters>,
  path: Highlight | null,
  present: ReadonlySet<string> | null,
): Scene {
  const selected = itemAt(grouped, state.sel);
  const highlight = path ?? (selected ? connected([selected.key], grouped.edges) : null);
  const looks = new Map<string, Look>();
  let filteredOut = 0;
  for (const item of grouped.items.values()) {
    const isAbsent = present !== null && !present.has(item.key);
    const isOut = item.passing === 0;
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
export function highlightPath(answer: Path, grouped: Grouped): Highlight {
  const highlight: Highlight = { items: new Set(), edges: new Set() };
  const place = (key: string) => itemAt(grouped, key)?.key ?? key;
  for (const key of answer.nodes.keys()) highlight.items.add(place(key));
  for (const { source, target } of answer.edges.values()) {
    highlight.edges.add(edgeKey({ source: place(source), target: place(target) }));
  }
  return highlight;
}

/** The curve of a line that leaves a node and enters another, in the direction of the layout. */
export function curve(from: Point, to: Point, bends: readonly Point[], direction: Direction): string {
  const turn = direction === "down" ? transposed : (point: Point) => point;
  const at = (point: Point): string => {
    const { x, y } = turn(point);
    return `${round(x)} ${round(y)}`;
  };
  const points = [from, ...bends, to].map(turn);
  const ways = waysOf(points);
  let path = `M${at(points[0] as Point)}`;
  for (let index = 1; index < points.length; index += 1) {
    const a = points[index - 1] as Point;
    const b = points[index] as Point;
    const [out, into] = [ways[index - 1] as number, ways[index] as number];
    const along = (b.x - a.x) * out;
    const isStraight = Math.abs(a.y - b.y) < 0.1 && along > 0 && out === into;
    const reach = out !== into ? TURN : along >= 0 ? Math.max(TURN, along / 2) : 80;
    path += isStraight
      ? `L${at(b)}`
      : `C${at({ x: a.x + out * reach, y: a.y })} ${at({ x: b.x - into * reach, y: b.y })} ${at(b)}`;
  }
  return path;
}

/** How far a line goes on before it turns. */
const TURN = 24;

/** Whether a line goes forward (1) or back (-1) at each of its points: back only between two bends. */
function waysOf(points: readonly Point[]): number[] {
  const isBack = (a: Point | undefined, b: Point | undefined): boolean =>
    a !== undefined && b !== undefined && Math.abs(a.y - b.y) < 0.1 && b.x < a.x;
  const inner = points.map((point, index): number => {
    const before = index > 1 ? points[index - 1] : undefined;
    const after = index < points.length - 2 ? points[index + 1] : undefined;
    return isBack(before, point) || isBack(point, after) ? -1 : 1;
  });
  return inner.map((way, index) => (index === 0 || index === points.length - 1 ? 1 : way));
}

const round = (value: number): number => Math.round(value * 10) / 10;

export interface EdgeLine {
  key: string;
  path: string;
  role: GraphEdge["role"];
  count: number;
  source: string;
  target: string;
  /** Names of the steps in which it was recorded, as they are written on it; may be empty. */
  words: string;
  /** Where its words stand. */
  middle: Point;
}

/** All lines whose two nodes have a place. */
export function edgeLinesOf(
  grouped: Grouped,
  form: Form,
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
    const height = heightOf(source, form, differing);
    const isDown = form.direction === "down";
    const start = isDown ? { x: from.x + form.width / 2, y: from.y + height } : { x: from.x + form.width, y: from.y + height / 2 };
    const end = isDown ? { x: to.x + form.width / 2, y: to.y } : { x: to.x, y: to.y + heightOf(target, form, differing) / 2 };
    const [first = start, second = end] = bends.get(key) ?? [];
    edgeLines.push({
      key,
      path: curve(start, end, bends.get(key) ?? [], form.direction),
      role: edge.role,
      count: edge.count,
      source: edge.source,
      target: edge.target,
      words: wordsOf(edge.steps ?? [], form).text,
      middle: { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 },
    });
  }
  return edgeLines;
}

const TURNED: Readonly<Record<string, string>> = {
  ArrowUp: "ArrowLeft", ArrowLeft: "ArrowUp", ArrowDown: "ArrowRight", ArrowRight: "ArrowDown",
};

/**
 * The node that an arrow key leads to, or none: along the lines, or to one beside it.
 *
 * @param size How long the nodes are in the direction of the lines.
 */
export function neighbour(
  grouped: Grouped,
  positions: ReadonlyMap<string, Point>,
  from: string,
  key: string,
  size: number,
  direction: Direction = "right",
): string | null {
  if (direction === "down") {
    const turned = new Map([...positions].map(([other, point]): [string, Point] => [other, transposed(point)]));
    return neighbour(grouped, turned, from, TURNED[key] ?? key, size);
  }
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
        if (Math.abs(there.x - here.x) > size / 2) return false;
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
