/** The keyboard shortcuts, and the dialog that lists them. */
import { useCallback, useEffect, useRef, useState } from "react";

const SHORTCUTS: readonly (readonly [string, readonly string[]])[] = [
  ["Search", ["/"]],
  ["Show these shortcuts", ["?"]],
  ["Move along the edges and columns", ["←", "→", "↑", "↓"]],
  ["Show details of a node", ["Enter"]],
  ["Menu of a node", ["Shift", "F10"]],
  ["Fit the graph", ["f"]],
  ["Centre the selected node", ["c"]],
  ["Zoom in, zoom out", ["+", "−"]],
  ["Close details, cancel a path", ["Esc"]],
];
const MOUSE: readonly (readonly [string, string])[] = [
  ["Double click a node", "graph around it"],
  ["Right click a node", "its menu"],
  ["Drag a node", "put it elsewhere"],
  ["Drop a file on the page", "find it by its bytes"],
];

export function useShortcuts() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (isTyping || event.metaKey || event.ctrlKey) return;
      if (event.key === "?") setOpen(true);
      if (event.key !== "/") return;
      const box = document.querySelector<HTMLInputElement>("[data-search]");
      if (!box) return;
      event.preventDefault();
      box.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const open = useCallback(() => setOpen(true), []);
  const close = useCallback(() => setOpen(false), []);
  return { isOpen, open, close };
}

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="shortcuts" aria-labelledby="shortcuts-title" onClose={onClose}>
      <h2 id="shortcuts-title">Shortcuts</h2>
      <dl>
        {SHORTCUTS.map(([words, keys]) => (
          <div key={words}>
            <dt>{words}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
        {MOUSE.map(([words, effect]) => (
          <div key={words}>
            <dt>{words}</dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button" autoFocus onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
