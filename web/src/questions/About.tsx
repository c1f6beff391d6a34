/** What a question is about: one line for each artifact or app, however many versions and runs. */
import type { GraphNode } from "../api/types";
import { NodeLine } from "../app/ui";
import { plural } from "../model/format";

/** Artifacts and apps that are named, at most. */
const MOST = 5;

/** Nodes by what they are versions or runs of, in the order in which they came. */
export function alike(nodes: readonly GraphNode[]): GraphNode[][] {
  const found = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const name = JSON.stringify([node.type, node.kind, node.name]);
    (found.get(name) ?? found.set(name, []).get(name))?.push(node);
  }
  return [...found.values()];
}

const age = (node: GraphNode): number => node.started_at ?? node.created_at ?? 0;

export function About({ nodes }: { nodes: readonly GraphNode[] }) {
  const groups = alike(nodes);
  return (
    <div className="lead-nodes">
      {groups.slice(0, MOST).map((group) => {
        const newest = group.reduce((best, node) => (age(node) > age(best) ? node : best));
        const others = group.length - 1;
        return (
          <span key={newest.key}>
            <NodeLine node={newest} />
            {others > 0 && (
              <span className="quiet"> and {plural(others, newest.type === "task" ? "other run" : "other version")}</span>
            )}
          </span>
        );
      })}
      {groups.length > MOST && <span className="quiet">and {plural(groups.length - MOST, "more", "more")}</span>}
    </div>
  );
}
