/** What the server is asked to draw, as the address says. */
import type { Fields } from "../api/types";
import type { PageState } from "../app/url";
import { isFiltering } from "../model/filter";

export type Picture = Fields<"graph.overview"> & { select: string };

function filterOf(state: PageState) {
  const { kinds, statuses, name, since, until } = state;
  return { kinds: [...kinds], statuses: [...statuses], teams: state.teams.map(Number), name, since, until };
}

/** The keys of nodes that the address names, each once. */
export function keysToFind({ sel, from, to }: Pick<PageState, "sel" | "from" | "to">): string[] {
  const wanted = [sel, from, to].filter((key) => /^(task|data):/.test(key) && key.length <= 200);
  return [...new Set(wanted)];
}

/**
 * @param find Keys of nodes whose place is looked for.
 * @param also Keys of nodes that are drawn wherever they are.
 */
export function pictureOf(state: PageState, find: readonly string[], also: readonly string[]): Picture {
  return {
    select: state.focus,
    up: state.up,
    down: state.down,
    by: state.by,
    opened: state.ungroup.slice(0, 400),
    expanded: state.open.slice(0, 400),
    also: also.slice(0, 400),
    find: [...find],
    ...(state.impact ? { impact_of: state.impact } : {}),
    ...(isFiltering(state) ? { filter: filterOf(state) } : {}),
  };
}
