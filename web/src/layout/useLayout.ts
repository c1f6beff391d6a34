/** Positions of the nodes, worked out in a worker, stable from one to the next. */
import { useEffect, useRef, useState } from "react";
import type { Box, LayoutResult, Line, Point } from "./layout";

export interface Layout {
  positions: ReadonlyMap<string, Point>;
  bends: ReadonlyMap<string, Point[]>;
  /** Which boxes and lines it is for. */
  signature: string;
}

/** One for the page; it starts with this part, while the first answer is on its way. */
const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
let requests = 0;

const NONE: Layout = { positions: new Map(), bends: new Map(), signature: "" };

/**
 * @param scene Names the picture; another scene starts from nothing.
 * @param anchor The node that stays where it is.
 */
export function useLayout(
  scene: string,
  boxes: Box[],
  lines: Line[],
  anchor: string | null,
): Layout {
  const [layout, setLayout] = useState<{ scene: string; layout: Layout }>({ scene, layout: NONE });
  const latest = useRef({ anchor, boxes, lines, layout });
  latest.current = { anchor, boxes, lines, layout };
  const signature = `${boxes.map((box) => `${box.key}/${box.height}`).join(" ")}|${lines
    .map((line) => `${line.source}>${line.target}/${line.label ?? 0}`)
    .join(" ")}`;

  useEffect(() => {
    const now = latest.current;
    const id = (requests += 1);
    const known = now.layout.scene === scene ? [...now.layout.layout.positions] : [];
    if (now.boxes.length === 0) return;
    const onMessage = (event: MessageEvent<{ id: number; result: LayoutResult }>) => {
      if (event.data.id !== id) return;
      const { positions, bends } = event.data.result;
      setLayout({
        scene,
        layout: { positions: new Map(positions), bends: new Map(bends), signature },
      });
    };
    worker.addEventListener("message", onMessage);
    const request = { boxes: now.boxes, lines: now.lines, previous: known, anchor: now.anchor };
    worker.postMessage({ id, request });
    return () => worker.removeEventListener("message", onMessage);
  }, [scene, signature]);

  return layout.scene === scene ? layout.layout : NONE;
}
