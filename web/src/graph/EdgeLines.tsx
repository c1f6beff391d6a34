/** The lines of the edges, as one drawing below the nodes. */
import { ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import type { Highlight } from "../model/highlight";
import type { Look, EdgeLine } from "./scene";

/** Edges that show their steps, at most. */
const MAX_NAMED = 24;

interface Props {
  edgeLines: EdgeLine[];
  looks: ReadonlyMap<string, Look>;
  /** The chosen item: its edges name their steps. */
  selected: string;
  highlight: Highlight | null;
}

export const EdgeLines = memo(function EdgeLines({ edgeLines, looks, selected, highlight }: Props) {
  const drawn = edgeLines.filter(
    ({ source, target }) => !looks.get(source)?.isHidden && !looks.get(target)?.isHidden,
  );
  // Highlight lines last, so that they lie on top.
  const order = [...drawn].sort(
    (a, b) => Number(highlight?.edges.has(a.key) ?? false) - Number(highlight?.edges.has(b.key) ?? false),
  );
  const around = drawn.filter(({ source, target, words }) => words !== "" && (source === selected || target === selected));
  // A step says its name itself, and dozens of names would cover each other.
  const isNamed = new Set(around.length <= MAX_NAMED && !selected.includes("/") ? around.map(({ key }) => key) : []);
  return (
    <ViewportPortal>
      <svg className="edge-lines" width="1" height="1" aria-hidden="true">
        <defs>
          <Head id="head" className="head" />
          <Head id="head-highlighted" className="head head-highlighted" />
        </defs>
        {order.map((line) => {
          const isHighlighted = highlight?.edges.has(line.key) ?? false;
          const isDim = looks.get(line.source)?.isDim || looks.get(line.target)?.isDim;
          const names = ["edge-line", `edge-line-${line.role}`, isHighlighted && "is-highlighted", isDim && !isHighlighted && "is-dim"];
          const words = isNamed.has(line.key) ? line.words : "";
          return (
            <g key={line.key}>
              <path
                d={line.path}
                className={names.filter(Boolean).join(" ")}
                markerEnd={isHighlighted ? "url(#head-highlighted)" : "url(#head)"}
              />
              {words && (
                <text className="edge-words" x={line.middle.x} y={line.middle.y} dy="-4" textAnchor="middle">
                  {words}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </ViewportPortal>
  );
});

function Head({ id, className }: { id: string; className: string }) {
  return (
    <marker id={id} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
      <path className={className} d="M1 1 L7 4 L1 7" fill="none" />
    </marker>
  );
}
