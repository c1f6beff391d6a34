/** Every request of the graph view. */
import { useMemo } from "react";
import { query } from "../api/client";
import type { GraphAnswer } from "../api/types";
import { useAnswer, useQuery, type Answer } from "../api/useAnswer";
import type { PageState } from "../app/url";
import { merge, type Graph } from "../model/merge";
import { presentAt } from "../model/time";

/** Nodes in one answer, at most. */
export const LIMIT = 2000;

interface Answers {
  all: GraphAnswer[];
  path: GraphAnswer | null;
}

async function gather(
  state: PageState,
  pages: number,
  signal: AbortSignal,
): Promise<Answers> {
  const base = { select: state.focus, up: state.up, down: state.down, limit: LIMIT, all_versions: state.by === "artifact" };
  const first: GraphAnswer[] = [await query("graph.get", base, signal)];
  for (let page = 1; page < pages; page += 1) {
    const after = first[first.length - 1]?.next;
    if (!after) break;
    first.push(await query("graph.get", { ...base, after }, signal));
  }
  const opened = state.open.map((entry) => {
    const cut = entry.lastIndexOf(".");
    const of = entry.slice(0, cut);
    const way = entry.slice(cut + 1) === "up" ? "graph.upstream" : "graph.downstream";
    return query(way, { of, depth: 1, limit: LIMIT }, signal);
  });
  const wantsPath = state.from !== "" && state.to !== "";
  const path = wantsPath
    ? query("graph.path", { source: state.from, target: state.to }, signal)
    : null;
  const more = await Promise.all(opened);
  const found = await path;
  const all = [...first, ...more, ...(found ? [found] : [])];
  // Only the last page says whether there is more.
  const last = first[first.length - 1];
  const pagesDone = first.map((answer) => (answer === last ? answer : { ...answer, truncated: false }));
  return { all: [...pagesDone, ...all.slice(first.length)], path: found };
}

/** What a deletion does to a node. */
export type Mark = "lost" | "touched" | "possible";

/** The nodes that would lose every source, or one, if something were deleted. */
export function useImpact(of: string): ReadonlyMap<string, Mark> | null {
  const { data } = useAnswer("graph.impact", of ? { of } : null);
  return useMemo(() => {
    if (!data) return null;
    const marks = new Map<string, Mark>();
    for (const { node } of data.possibly ?? []) marks.set(node.key, "possible");
    for (const { node } of data.loses_source) marks.set(node.key, "touched");
    for (const { node } of data.remake) marks.set(node.key, "lost");
    return marks;
  }, [data]);
}

export interface GraphData {
  graph: Graph | null;
  path: Graph | null;
  /** Keys of what existed at the moment asked for; null: all, now. */
  present: ReadonlySet<string> | null;
  answer: Answer<Answers>;
}

export function useGraph(state: PageState, pages: number): GraphData {
  const parts = [state.focus, state.up, state.down, state.open, state.from, state.to, state.by, pages];
  const key = JSON.stringify(parts);
  const run = (signal: AbortSignal) => gather(state, pages, signal);
  const answer = useQuery(state.focus ? key : null, run, true);
  const graph = useMemo(() => (answer.data ? merge(answer.data.all) : null), [answer.data]);
  const path = useMemo(
    () => (answer.data?.path ? merge([answer.data.path]) : null),
    [answer.data],
  );
  const present = useMemo(() => {
    return state.at === null || !graph ? null : presentAt(graph, state.at);
  }, [state.at, graph]);
  return { graph, path, present, answer };
}
