/** From answers to what is drawn: pure, so that it can be tested without a page. */
import type { Arrow, GraphNode } from "../api/types";
import type { PageState } from "../app/url";
import type { Box, Line, Point } from "../layout/layered";
import { passes, type Filters } from "../model/filter";
import { fold, type CardItem, type Folded } from "../model/fold";
import { connected, type Lit } from "../model/light";
import { arrowKey, type Graph } from "../model/merge";
import { shown } from "../model/titles";
import { countOf, kindWord, moment, number, statusWord } from "../model/words";

export const CARD_WIDTH = 236;
export const CARD_HEIGHT = 60;
export const TALL_CARD_HEIGHT = 78;
/** More cards than this are drawn only on wish. */
export const ASK_FROM = 150;

export interface Face {
  title: string;
  description: string;
  /** "project · v3" */
  sort: string;
  hiddenUp: number;
  hiddenDown: number;
}

/** What a card says. */
export function faceOf(item: CardItem): Face {
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const sum = (pick: (node: GraphNode) => number) =>
    item.members.reduce((total, node) => total + pick(node), 0);
  const hidden = { hiddenUp: sum((node) => node.hidden_up), hiddenDown: sum((node) => node.hidden_down) };
  if (item.type === "fold") {
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

/** A card in a sentence, for those who hear it. */
export function sayCard(item: CardItem): string {
  const [first] = item.members as [GraphNode, ...GraphNode[]];
  const face = faceOf(item);
  const parts = [face.title, face.sort];
  if (first.status && item.type !== "fold") parts.push(statusWord(first.status));
  if (first.is_stale) parts.push("stale");
  if (face.description) parts.push(face.description);
  if (first.started_at != null && item.type === "task") parts.push(moment(first.started_at));
  return parts.join(", ");
}

export function heightOf(item: CardItem): number {
  return faceOf(item).description ? TALL_CARD_HEIGHT : CARD_HEIGHT;
}

export function boxesOf(folded: Folded): Box[] {
  return [...folded.cards.values()].map((item) => ({
    key: item.key,
    width: CARD_WIDTH,
    height: heightOf(item),
  }));
}

export function linesOf(folded: Folded): Line[] {
  return [...folded.arrows.values()].map(({ source, target }) => ({ source, target }));
}

/** Cards that must not disappear in a fold. */
export function kept(graph: Graph, state: PageState): Set<string> {
  return new Set([...graph.focus, state.sel, state.from, state.to].filter(Boolean));
}

export function foldScene(graph: Graph, state: PageState, path: ReadonlySet<string>): Folded {
  const keep = kept(graph, state);
  for (const key of path) keep.add(key);
  return fold(graph, keep, new Set(state.unfold));
}

export interface Look {
  isHidden: boolean;
  isDim: boolean;
  isLit: boolean;
}

export interface Scene {
  looks: Map<string, Look>;
  lit: Lit | null;
  filteredOut: number;
  /** The moment that is shown; null: now. */
  at: number | null;
}

/** How each card looks, given filters, selection and path. */
export function look(
  folded: Folded,
  state: Pick<PageState, "sel" | "mode" | "at">,
  filters: Filters,
  path: Lit | null,
  present: ReadonlySet<string> | null,
): Scene {
  const selected = folded.cardOf.get(state.sel) ?? state.sel;
  const lit = path ?? (folded.cards.has(selected) ? connected(selected, folded.arrows) : null);
  const looks = new Map<string, Look>();
  let filteredOut = 0;
  for (const item of folded.cards.values()) {
    const isAbsent = present !== null && !item.members.some((node) => present.has(node.key));
    const isOut = !item.members.some((node) => passes(node, filters));
    if (isOut && !isAbsent) filteredOut += 1;
    looks.set(item.key, {
      isHidden: isAbsent || (isOut && state.mode === "hide"),
      isDim: isOut || (path !== null && !path.cards.has(item.key)),
      isLit: lit !== null && lit.cards.has(item.key),
    });
  }
  return { looks, lit, filteredOut, at: state.at };
}

/** The cards and lines of a path, as folded. */
export function litPath(answer: Graph, folded: Folded): Lit {
  const lit: Lit = { cards: new Set(), arrows: new Set() };
  for (const key of answer.nodes.keys()) lit.cards.add(folded.cardOf.get(key) ?? key);
  for (const arrow of answer.arrows.values()) {
    const source = folded.cardOf.get(arrow.source) ?? arrow.source;
    const target = folded.cardOf.get(arrow.target) ?? arrow.target;
    lit.arrows.add(arrowKey({ source, target }));
  }
  return lit;
}

/** The curve of a line from the right edge of a card to the left edge of another. */
export function curve(from: Point, to: Point, bends: readonly Point[]): string {
  const half = CARD_WIDTH / 2;
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

export interface Stroke {
  key: string;
  path: string;
  role: Arrow["role"];
  count: number;
  source: string;
  target: string;
}

/** All lines whose two cards have a place. */
export function strokesOf(
  folded: Folded,
  positions: ReadonlyMap<string, Point>,
  bends: ReadonlyMap<string, Point[]>,
  at: number | null = null,
): Stroke[] {
  const strokes: Stroke[] = [];
  for (const [key, arrow] of folded.arrows) {
    const from = positions.get(arrow.source);
    const to = positions.get(arrow.target);
    const source = folded.cards.get(arrow.source);
    const target = folded.cards.get(arrow.target);
    if (!from || !to || !source || !target) continue;
    if (at !== null && arrow.recorded_at != null && arrow.recorded_at > at) continue;
    const path = curve(
      { x: from.x + CARD_WIDTH, y: from.y + heightOf(source) / 2 },
      { x: to.x, y: to.y + heightOf(target) / 2 },
      bends.get(key) ?? [],
    );
    strokes.push({ key, path, role: arrow.role, count: arrow.count, source: arrow.source, target: arrow.target });
  }
  return strokes;
}

/** The card that an arrow key leads to, or none. */
export function neighbour(
  folded: Folded,
  positions: ReadonlyMap<string, Point>,
  from: string,
  key: string,
): string | null {
  const here = positions.get(from);
  if (!here) return [...positions.keys()][0] ?? null;
  const isSide = key === "ArrowLeft" || key === "ArrowRight";
  const candidates = isSide
    ? [...folded.arrows.values()].flatMap((arrow) => {
        if (key === "ArrowLeft") return arrow.target === from ? arrow.source : [];
        return arrow.source === from ? arrow.target : [];
      })
    : [...positions.keys()].filter((other) => {
        const there = positions.get(other) as Point;
        if (Math.abs(there.x - here.x) > CARD_WIDTH / 2) return false;
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
