/** The coloured tile with a node's icon. */
import { Footprints } from "lucide-react";
import { useEffect, useRef } from "react";
import type { GraphNode } from "../api/types";
import { safeColour } from "../model/titles";
import { iconOf } from "./icons";

/** Apps without an icon of their own get one of so many colours, and their initials. */
const HUES = 6;

function hueOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES;
}

export function initials(name: string): string {
  const words = name.trim().split(/[\s_/.-]+/).filter(Boolean);
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => Array.from(word)[0] ?? "") : Array.from(words[0] ?? "?").slice(0, 2);
  return letters.join("").toUpperCase();
}

export function StatTile({ node, size = 32, isStep = false }: { node: GraphNode; size?: number; isStep?: boolean }) {
  const box = useRef<HTMLSpanElement>(null);
  const colour = safeColour(node.icon?.color);
  const background = safeColour(node.icon?.backgroundColor);
  useEffect(() => {
    const style = box.current?.style;
    if (!style) return;
    style.setProperty("--tile-ink", colour ?? "");
    style.setProperty("--tile-fill", background ?? "");
  }, [colour, background]);
  const Icon = isStep ? Footprints : iconOf(node.kind, node.icon?.icon);
  const isApp = node.type === "task" && !node.icon && !isStep;
  const look = node.type === "task" ? "task" : node.kind;
  const hue = isApp ? `tile-hue-${hueOf(node.name)}` : "";
  return (
    <span ref={box} className={`tile tile-${look} ${hue}`} data-size={size} aria-hidden="true">
      {isApp ? <b>{initials(node.name)}</b> : <Icon size={size >= 32 ? 17 : 13} strokeWidth={1.9} />}
    </span>
  );
}
