/** The members of one item of the picture, page after page. */
import { query } from "../api/client";
import type { GraphNode } from "../api/types";
import { useQuery, type Answer } from "../api/useAnswer";
import type { Picture } from "./picture";

/** Members of one answer. */
export const MEMBERS = 50;

export interface Members {
  nodes: GraphNode[];
  total: number;
}

/** Ask for the first `pages` pages of an item's members, the newest first. */
export function useMembers(picture: Picture, item: string, pages: number): Answer<Members> {
  const ask = (page: number, signal: AbortSignal) =>
    query("graph.members", { ...picture, item, first: page * MEMBERS, most: MEMBERS }, signal);
  return useQuery<Members>(
    `members ${JSON.stringify(picture)} ${item} ${pages}`,
    async (signal) => {
      const answers = await Promise.all(Array.from({ length: pages }, (_, page) => ask(page, signal)));
      return { nodes: answers.flatMap(({ nodes }) => nodes), total: answers[0]?.total ?? 0 };
    },
    true,
  );
}
