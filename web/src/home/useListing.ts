/** The rows of the first page: runs, models or data, filtered and sorted by the server. */
import { query } from "../api/client";
import type { ArtifactsPage, TasksPage } from "../api/types";
import { useQuery, type Answer } from "../api/useAnswer";
import type { PageState } from "../app/url";
import { isSelector } from "./search";

const PAGE = 50;
const DATA_KINDS = ["project", "dataset", "file", "folder", "table", "job"] as const;

export type TaskSort = "created" | "name" | "status" | "duration";
export type ArtifactSort = "changed" | "name" | "versions";

/** The sort of the address if the listing has it, else the listing's own. */
export function sortOf<Sort extends string>(text: string, allowed: readonly Sort[], initial: Sort): Sort | `-${Sort}` {
  const bare = text.replace(/^-/, "");
  return (allowed as readonly string[]).includes(bare) ? (text as Sort) : `-${initial}`;
}

export const TASK_SORTS: readonly TaskSort[] = ["created", "name", "status", "duration"];
export const ARTIFACT_SORTS: readonly ArtifactSort[] = ["changed", "name", "versions"];

const quoted = (text: string): string => (/^[\w.-]+$/.test(text) ? text : `"${text.replaceAll('"', "")}"`);

/** One selector of what the address asks of the runs; none without such a wish. */
export function selectorOf(state: Pick<PageState, "q" | "app" | "user" | "within">): string | null {
  const text = state.q.trim();
  const parts = [
    isSelector(text) ? text : "",
    state.app && `app:${quoted(state.app)}`,
    state.user && `user:${quoted(state.user)}`,
    state.within && `since:${state.within}`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(" & ") : null;
}

async function pagesOf<Page extends { next?: string | null }>(
  pages: number,
  load: (after: string | undefined) => Promise<Page>,
  join: (all: Page, more: Page) => Page,
): Promise<Page> {
  let page = await load(undefined);
  for (let at = 1; at < pages && page.next; at += 1) page = join(page, await load(page.next));
  return page;
}

export function useTasks(state: PageState, pages: number): Answer<TasksPage> {
  const text = state.q.trim();
  const select = selectorOf(state);
  const fields = {
    limit: PAGE,
    sort: sortOf(state.sort, TASK_SORTS, "created"),
    ...(text && !isSelector(text) ? { text } : {}),
    ...(select ? { select } : {}),
    ...(state.status ? { status: state.status } : {}),
  };
  return useQuery(
    state.tab === "runs" ? `tasks ${JSON.stringify(fields)} ${pages}` : null,
    (signal) =>
      pagesOf(
        pages,
        (after) => query("tasks.list", { ...fields, after }, signal),
        (all, more) => ({ ...more, tasks: [...all.tasks, ...more.tasks] }),
      ),
    true,
  );
}

export function useArtifacts(state: PageState, pages: number): Answer<ArtifactsPage> {
  const text = state.q.trim();
  const fields = {
    limit: PAGE,
    sort: sortOf(state.sort, ARTIFACT_SORTS, "changed"),
    kinds: state.tab === "models" ? (["model_weight"] as const) : DATA_KINDS,
    ...(text ? { text } : {}),
  };
  return useQuery(
    state.tab === "runs" ? null : `artifacts ${JSON.stringify(fields)} ${pages}`,
    (signal) =>
      pagesOf(
        pages,
        (after) => query("artifacts.list", { ...fields, kinds: [...fields.kinds], after }, signal),
        (all, more) => ({ ...more, artifacts: [...all.artifacts, ...more.artifacts] }),
      ),
    true,
  );
}
