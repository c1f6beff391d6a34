/** Every request of the graph view. */
import { useMemo, useRef } from "react";
import { useAnswer, type Answer } from "../api/useAnswer";
import type { PageState } from "../app/url";
import { pathFrom, type Path } from "../model/path";
import { groupedFrom, NOTHING, presentAt, type Grouped } from "../model/overview";
import { keysToFind, pictureOf, type Picture } from "./picture";

export interface GraphData {
  grouped: Grouped;
  picture: Picture;
  path: Path | null;
  isPathLoading: boolean;
  /** Keys of the items that existed at the moment asked for; null: all, now. */
  present: ReadonlySet<string> | null;
  answer: Answer<unknown>;
}

/** Keys whose place has to be looked for: those that no item has of itself. */
function useFind(state: PageState, grouped: Grouped): string[] {
  // Once asked for, a key may become an item because of it: it is asked for further.
  const asked = useRef<ReadonlySet<string>>(new Set());
  const { sel, from, to } = state;
  return useMemo(() => {
    const found = keysToFind({ sel, from, to }).filter((key) => asked.current.has(key) || !grouped.items.has(key));
    asked.current = new Set(found);
    return found;
  }, [sel, from, to, grouped]);
}

export function useGraph(state: PageState): GraphData {
  const latest = useRef<Grouped>(NOTHING);
  const wantsPath = state.from !== "" && state.to !== "";
  const found = useAnswer("graph.path", wantsPath ? { source: state.from, target: state.to } : null);
  const path = useMemo(() => (wantsPath && found.data ? pathFrom(found.data) : null), [wantsPath, found.data]);
  const find = useFind(state, latest.current);
  const picture = pictureOf(state, find, path ? [...path.nodes.keys()] : []);
  const answer = useAnswer("graph.overview", state.focus ? picture : null, true);
  const grouped = useMemo(() => (answer.data ? groupedFrom(answer.data) : NOTHING), [answer.data]);
  latest.current = grouped;
  const present = useMemo(() => (state.at === null ? null : presentAt(grouped, state.at)), [state.at, grouped]);
  return { grouped, picture, path, isPathLoading: wantsPath && found.isLoading, present, answer };
}
