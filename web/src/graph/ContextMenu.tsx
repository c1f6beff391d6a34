/** What can be done with a node, beside the pointer. */
import { useEffect, useRef, type KeyboardEvent } from "react";
import { focusOn, go, visit } from "../app/useUrl";
import { plural } from "../model/format";
import type { NodeItem } from "../model/overview";

export interface MenuAt {
  item: NodeItem;
  x: number;
  y: number;
}

type Entry = readonly [string, () => void];

/** What opening or folding an item is called; none where there is nothing to open. */
export function openingWords(item: NodeItem): string | null {
  if (item.type === "group") return "Show each";
  if (item.type === "step") return "Fold the steps";
  return item.steps > 0 && item.opened < item.steps ? `Show ${plural(item.steps - item.opened, "step")}` : null;
}

function entriesOf(item: NodeItem, onUngroup: (item: NodeItem) => void): Entry[] {
  const { node: first, second } = item;
  const isTask = first.type === "task";
  const entries: Entry[] = [["Show details", () => go({ sel: item.key })]];
  const opening = openingWords(item);
  if (opening) entries.push([opening, () => onUngroup(item)]);
  entries.push(
    ["Centre here", () => focusOn(first.key)],
    ["All upstream", () => focusOn(first.key, { up: null, down: 0 })],
    ["All downstream", () => focusOn(first.key, { up: 0, down: null })],
    ["Path from here…", () => go({ from: first.key, to: "", sel: first.key })],
    ["Impact", () => visit({ view: "impact", focus: first.key })],
  );
  if (!isTask) entries.push(["Provenance", () => visit({ view: "provenance", focus: first.key })]);
  if (isTask && second) {
    entries.push(["Compare the last two runs", () => visit({ view: "diff", a: second, b: first.key })]);
  } else if (isTask) entries.push(["Compare with…", () => visit({ view: "diff", a: first.key })]);
  entries.push(["Copy the selector", () => void navigator.clipboard?.writeText(first.key)]);
  return entries;
}

export function ContextMenu(props: { at: MenuAt; onClose: () => void; onUngroup: (item: NodeItem) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const { at, onClose } = props;
  const entries = entriesOf(at.item, props.onUngroup);
  useEffect(() => {
    const menu = box.current;
    if (!menu) return;
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(at.x, innerWidth - width - 8))}px`;
    menu.style.top = `${Math.max(8, Math.min(at.y, innerHeight - height - 8))}px`;
    menu.querySelector("button")?.focus();
    const onDown = (event: PointerEvent) => {
      if (!menu.contains(event.target as Element)) onClose();
    };
    document.addEventListener("pointerdown", onDown);
    return () => document.removeEventListener("pointerdown", onDown);
  }, [at, onClose]);
  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(box.current?.querySelectorAll("button") ?? [])];
    const index = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Escape" || event.key === "Tab") onClose();
    else if (event.key === "ArrowDown") buttons[(index + 1) % buttons.length]?.focus();
    else if (event.key === "ArrowUp") buttons[(index + buttons.length - 1) % buttons.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={box} className="context-menu" role="menu" tabIndex={-1} onKeyDown={onKeyDown} onContextMenu={(event) => event.preventDefault()}>
      {entries.map(([label, run]) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          onClick={() => {
            onClose();
            run();
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
