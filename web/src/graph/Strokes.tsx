/** The lines between cards, as one drawing below them. */
import { ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import type { Lit } from "../model/light";
import type { Look, Stroke } from "./scene";

interface Props {
  strokes: Stroke[];
  looks: ReadonlyMap<string, Look>;
  lit: Lit | null;
}

export const Strokes = memo(function Strokes({ strokes, looks, lit }: Props) {
  const drawn = strokes.filter(
    ({ source, target }) => !looks.get(source)?.isHidden && !looks.get(target)?.isHidden,
  );
  // Lit lines last, so that they lie on top.
  const order = [...drawn].sort(
    (a, b) => Number(lit?.arrows.has(a.key) ?? false) - Number(lit?.arrows.has(b.key) ?? false),
  );
  return (
    <ViewportPortal>
      <svg className="strokes" width="1" height="1" aria-hidden="true">
        <defs>
          <Head id="head" className="head" />
          <Head id="head-lit" className="head head-lit" />
        </defs>
        {order.map((stroke) => {
          const isLit = lit?.arrows.has(stroke.key) ?? false;
          const isDim = looks.get(stroke.source)?.isDim || looks.get(stroke.target)?.isDim;
          const names = ["stroke", `stroke-${stroke.role}`, isLit && "is-lit", isDim && !isLit && "is-dim"];
          return (
            <path
              key={stroke.key}
              d={stroke.path}
              className={names.filter(Boolean).join(" ")}
              markerEnd={isLit ? "url(#head-lit)" : "url(#head)"}
            />
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
