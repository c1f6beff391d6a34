/** Positions of the nodes, worked out in a worker, stable from one to the next. */
import { useEffect, useRef, useState } from "react";
import type { Box, Direction, LayoutRequest, LayoutResult, Line, Point } from "./layout";

/** How the nodes are drawn that are placed. */
interface Spacing {
  gap: number;
  gapY: number;
  most: number;
  direction: Direction;
}

export interface Layout<Form extends Spacing> {
  positions: ReadonlyMap<string, Point>;
  bends: ReadonlyMap<string, Point[]>;
  /** Which boxes and lines it is for. */
  signature: string;
  /** The form of the nodes that it is for; null: nothing is placed yet. */
  form: Form | null;
}

/** One for the page; it starts with this part, while the first answer is on its way. */
const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
let requests = 0;

const NONE = { positions: new Map<string, Point>(), bends: new Map<string, Point[]>(), signature: "", form: null };

/**
 * @param scene Names the picture; another scene starts from nothing.
 * @param form How its nodes are drawn; null: not known yet.
 * @param anchor The node that stays where it is.
 */
export function useLayout<Form extends Spacing>(
  scene: string,
  form: Form | null,
  boxes: Box[],
  lines: Line[],
  anchor: string | null,
): Layout<Form> {
  const [layout, setLayout] = useState<{ scene: string; layout: Layout<Form> }>({ scene, layout: NONE });
  const latest = useRef({ anchor, boxes, lines, layout, form });
  latest.current = { anchor, boxes, lines, layout, form };
  const signature = `${boxes.map((box) => `${box.key}/${box.width}/${box.height}`).join(" ")}|${lines
    .map((line) => `${line.source}>${line.target}/${line.label ?? 0}`)
    .join(" ")}`;

  useEffect(() => {
    const now = latest.current;
    const id = (requests += 1);
    const known = now.layout.scene === scene ? [...now.layout.layout.positions] : [];
    if (now.boxes.length === 0 || !now.form) return;
    const onMessage = (event: MessageEvent<{ id: number; result: LayoutResult }>) => {
      if (event.data.id !== id) return;
      const { positions, bends } = event.data.result;
      setLayout({
        scene,
        layout: { positions: new Map(positions), bends: new Map(bends), signature, form: now.form },
      });
    };
    worker.addEventListener("message", onMessage);
    const { gap, gapY, most, direction } = now.form;
    const request: LayoutRequest = { boxes: now.boxes, lines: now.lines, previous: known, anchor: now.anchor, gap, gapY, most, direction };
    worker.postMessage({ id, request });
    return () => worker.removeEventListener("message", onMessage);
  }, [scene, signature]);

  return layout.scene === scene ? layout.layout : NONE;
}
