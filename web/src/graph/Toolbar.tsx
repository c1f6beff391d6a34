/** The line above the graph: depth, filters, time, form, export. */
import { Clock, Download, Filter, List, Network } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { Depth, PageState } from "../app/url";
import { go } from "../app/useUrl";
import { isFiltering } from "../model/filter";

function DepthChoice({ way, value }: { way: "up" | "down"; value: Depth }) {
  const name = way === "up" ? "Upstream" : "Downstream";
  const set = (next: Depth) => go(way === "up" ? { up: next } : { down: next });
  const step = (by: number) => set(Math.max(0, (value ?? 0) + by));
  return (
    <div className="depth" role="group" aria-label={`${name} depth`}>
      <span className="depth-name">{name}</span>
      <button type="button" aria-label={`${name}: one less`} disabled={value === 0} onClick={() => (value === null ? set(1) : step(-1))}>
        −
      </button>
      <output aria-live="polite">{value === null ? "all" : value}</output>
      <button type="button" aria-label={`${name}: one more`} disabled={value === null} onClick={() => step(1)}>
        +
      </button>
      <button type="button" className="depth-all" aria-label={`All ${name.toLowerCase()}`} aria-pressed={value === null} onClick={() => set(value === null ? 1 : null)}>
        All
      </button>
    </div>
  );
}

export function Popover(props: { label: string; icon: ReactNode; isOn?: boolean; note?: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const onDown = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Element)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", onDown);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onDown);
      document.removeEventListener("keydown", onKey);
    };
  }, [isOpen]);
  return (
    <div className="popover" ref={box}>
      <button type="button" className={`bar-button ${props.isOn ? "is-on" : ""}`} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {props.icon}
        <span>{props.label}</span>
        {props.note && <b>{props.note}</b>}
      </button>
      {isOpen && <div className="popover-box">{props.children}</div>}
    </div>
  );
}

export function Toolbar(props: {
  state: PageState;
  filters: ReactNode;
  exports: ReactNode;
  isTimeShown: boolean;
  onTime: () => void;
}) {
  const { state } = props;
  const filtering = isFiltering(state);
  const isList = state.as === "list";
  return (
    <div className="bar" role="toolbar" aria-label="Graph">
      <div className="segments" role="group" aria-label="One node for each">
        <button type="button" aria-pressed={state.by === "artifact"} title="One node for each artifact and each app" onClick={() => go({ by: "artifact", ungroup: [] })}>
          Artifacts
        </button>
        <button type="button" aria-pressed={state.by === "run"} title="One node for each version and each run" onClick={() => go({ by: "run", ungroup: [] })}>
          Runs
        </button>
      </div>
      <DepthChoice way="up" value={state.up} />
      <DepthChoice way="down" value={state.down} />
      <span className="bar-space" />
      <Popover label="Filter" icon={<Filter size={15} aria-hidden="true" />} isOn={filtering}>
        {props.filters}
      </Popover>
      <button type="button" className={`bar-button ${state.at !== null ? "is-on" : ""}`} aria-pressed={props.isTimeShown} onClick={props.onTime}>
        <Clock size={15} aria-hidden="true" />
        <span>As of</span>
      </button>
      <button type="button" className="bar-button" aria-pressed={isList} onClick={() => go({ as: isList ? "graph" : "list" })}>
        {isList ? <Network size={15} aria-hidden="true" /> : <List size={15} aria-hidden="true" />}
        <span>{isList ? "Graph" : "List"}</span>
      </button>
      <Popover label="Export" icon={<Download size={15} aria-hidden="true" />}>
        {props.exports}
      </Popover>
    </div>
  );
}
