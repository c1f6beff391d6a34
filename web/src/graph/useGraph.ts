/** Every request of the graph view. */
import { useMemo, useRef } from "react";
import type { ApiFailure } from "../api/client";
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

/** Whether the server did not answer, rather than refuse. */
const isUnanswered = (error: ApiFailure): boolean => error.status === 0 || error.status >= 500;

export function useGraph(state: PageState): GraphData {
  const shown = useRef({ focus: state.focus, grouped: NOTHING });
  const wantsPath = state.from !== "" && state.to !== "";
  const found = useAnswer("graph.path", wantsPath ? { source: state.from, target: state.to } : null);
  const path = useMemo(() => (wantsPath && found.data ? pathFrom(found.data) : null), [wantsPath, found.data]);
  const find = useFind(state, shown.current.grouped);
  const picture = pictureOf(state, find, path ? [...path.nodes.keys()] : []);
  const answer = useAnswer("graph.overview", state.focus ? picture : null, true);
  const isAway = answer.error !== null && isUnanswered(answer.error);
  const grouped = useMemo(() => {
    if (answer.data) return groupedFrom(answer.data);
    // A server that is away takes nothing from what is shown.
    return isAway && shown.current.focus === state.focus ? shown.current.grouped : NOTHING;
  }, [answer.data, isAway, state.focus]);
  shown.current = { focus: state.focus, grouped };
  const present = useMemo(() => (state.at === null ? null : presentAt(grouped, state.at)), [state.at, grouped]);
  return { grouped, picture, path, isPathLoading: wantsPath && found.isLoading, present, answer };
}
