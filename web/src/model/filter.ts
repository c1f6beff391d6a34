/** Which nodes the filters leave. */
import type { GraphNode } from "../api/types";
import type { PageState } from "../app/url";
import { shown } from "./titles";

export type Filters = Pick<
  PageState,
  "kinds" | "statuses" | "teams" | "name" | "since" | "until"
>;

export const NO_FILTERS: Filters = {
  kinds: [],
  statuses: [],
  teams: [],
  name: "",
  since: null,
  until: null,
};

export function isFiltering(filters: Filters): boolean {
  return (
    filters.kinds.length + filters.statuses.length + filters.teams.length > 0 ||
    filters.name.trim() !== "" ||
    filters.since !== null ||
    filters.until !== null
  );
}

function nameFits(node: GraphNode, wanted: string): boolean {
  const text = wanted.trim().toLowerCase();
  if (text === "") return true;
  const { title } = shown(node);
  return [title, node.name, String(node.id)].some((value) => value.toLowerCase().includes(text));
}

function timeFits(node: GraphNode, filters: Filters): boolean {
  const at = node.started_at ?? node.created_at ?? null;
  if (at === null) return true;
  if (filters.since !== null && (node.ended_at ?? at) < filters.since) return false;
  return filters.until === null || at <= filters.until;
}

/** Whether a node passes; a status is asked of tasks only. */
export function passes(node: GraphNode, filters: Filters): boolean {
  if (filters.kinds.length > 0 && !filters.kinds.includes(node.kind)) return false;
  if (filters.teams.length > 0 && !filters.teams.includes(String(node.team_id))) return false;
  const asksStatus = filters.statuses.length > 0 && node.type === "task";
  if (asksStatus && !filters.statuses.includes(node.status ?? "")) return false;
  return nameFits(node, filters.name) && timeFits(node, filters);
}
