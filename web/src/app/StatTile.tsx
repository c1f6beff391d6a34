/** The coloured tile with a node's icon. */
import { useEffect, useRef } from "react";
import type { GraphNode } from "../api/types";
import { safeColour } from "../model/titles";
import { iconOf } from "./icons";

export function StatTile({ node, size = 32 }: { node: GraphNode; size?: number }) {
  const box = useRef<HTMLSpanElement>(null);
  const colour = safeColour(node.icon?.color);
  const background = safeColour(node.icon?.backgroundColor);
  useEffect(() => {
    const style = box.current?.style;
    if (!style) return;
    style.setProperty("--tile-ink", colour ?? "");
    style.setProperty("--tile-fill", background ?? "");
  }, [colour, background]);
  const Icon = iconOf(node.kind, node.icon?.icon);
  const look = node.type === "task" ? "task" : node.kind;
  return (
    <span ref={box} className={`tile tile-${look}`} data-size={size} aria-hidden="true">
      <Icon size={size >= 32 ? 17 : 13} strokeWidth={1.9} />
    </span>
  );
}
