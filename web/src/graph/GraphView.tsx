/** The graph view: toolbar, canvas or list, panel, and messages when there is nothing. */
import { ReactFlowProvider } from "@xyflow/react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";
import "../styles/graph.css";
import "../styles/panel.css";
import { Empty, Failure, Loading } from "../app/ui";
import type { PageState } from "../app/url";
import { currentState, go } from "../app/useUrl";
import { ExportMenu } from "../export/ExportMenu";
import { useLayout } from "../layout/useLayout";
import { isFiltering, NO_FILTERS } from "../model/filter";
import { itemAt, singles, type Grouped } from "../model/overview";
import { plural } from "../model/format";
import { Panel } from "../panel/Panel";
import { Toolbar } from "./Toolbar";
import Canvas from "./Canvas";
import { Filters } from "./Filters";
import { formFor, type Form } from "./forms";
import { ListView } from "./ListView";
import { boxesOf, differences, linesOf, highlightPath, look } from "./scene";
import { Timeline } from "./Timeline";
import { useGraph } from "./useGraph";
import type { Size } from "./viewport";

/** The first click picks one end of a path, the next one the other. */
function onSelect(key: string): void {
  const state = currentState();
  const isNode = /^(task|data):[^/]*$/.test(key);
  if (state.from && !state.to && isNode && key !== state.from) go({ to: key, sel: key });
  else go({ sel: key });
}

function PathNote({ state, length }: { state: PageState; length: number | null }) {
  if (!state.from) return null;
  const cancel = (
    <button type="button" className="button" onClick={() => go({ from: "", to: "" })}>
      {state.to ? "Clear the path" : "Cancel"}
    </button>
  );
  if (!state.to) {
    return (
      <div className="note" role="status">
        <p>Now choose the other end: click a node, or search in its panel.</p>
        {cancel}
      </div>
    );
  }
  const words = length === null ? "Looking for a path…" : length === 0 ? "No path connects the two." : `The path runs through ${plural(length, "node")}.`;
  return (
    <div className="note" role="status">
      <p>{words}</p>
      {cancel}
    </div>
  );
}

function Unknown({ focus }: { focus: string }) {
  return (
    <Empty title="Nothing here has that name" command={`lineage search ${JSON.stringify(focus)}`}>
      <p>
        No task and no artifact matches <code dir="auto">{focus.slice(0, 200)}</code>. It may not have been recorded
        yet, or belong to another team.
      </p>
    </Empty>
  );
}

/**
 * The form of the nodes: chosen when a picture is first drawn, and when it is fitted.
 *
 * What is added to a picture changes no node that is drawn already.
 */
function useForm(name: string, grouped: Grouped, side: RefObject<HTMLElement | null>) {
  const [chosen, setChosen] = useState<{ name: string; form: Form } | null>(null);
  const choose = useCallback(
    (area: Size) => formFor([...grouped.items.keys()], (form) => linesOf(grouped, form), area),
    [grouped],
  );
  const isChosen = chosen?.name === name;
  useLayoutEffect(() => {
    if (isChosen || grouped.items.size === 0 || !side.current) return;
    setChosen({ name, form: choose({ width: side.current.clientWidth, height: side.current.clientHeight }) });
  }, [isChosen, name, grouped, side, choose]);
  const form = isChosen ? chosen.form : null;
  const onFit = useCallback(
    (area: Size) => {
      const next = choose(area);
      if (next === form) return false;
      setChosen({ name, form: next });
      return true;
    },
    [choose, form, name],
  );
  return { form, onFit };
}

function Drawn({ state }: { state: PageState }) {
  const [isTimeOpen, setTimeOpen] = useState(state.at !== null);
  const data = useGraph(state);
  const { grouped, answer } = data;
  const differing = useMemo(() => differences(singles(grouped)), [grouped]);
  const path = useMemo(
    () => (data.path && data.path.nodes.size > 0 ? highlightPath(data.path, grouped) : null),
    [data.path, grouped],
  );
  const scene = useMemo(
    () => look(grouped, state, path, data.present),
    [grouped, path, data.present, state.at, state.sel, state.mode],
  );
  const { focus } = grouped;
  const selected = itemAt(grouped, state.sel)?.key ?? state.sel;
  const name = `${state.focus} ${state.by}`;
  const side = useRef<HTMLDivElement>(null);
  const { form, onFit } = useForm(name, grouped, side);
  const boxes = useMemo(() => (form ? boxesOf(grouped, form, differing) : []), [grouped, form, differing]);
  const lines = useMemo(() => (form ? linesOf(grouped, form) : []), [grouped, form]);
  const layout = useLayout(name, form, boxes, lines, (selected || focus[0]) ?? null);
  const select = useCallback(onSelect, []);
  useEscape(state);

  const isDrawn = layout.positions.size > 0 || state.as === "list" || grouped.items.size === 0;
  const isReady = useAfterFrame(answer.error !== null || (grouped.answer !== null && isDrawn));
  const isAllOut = scene.filteredOut === grouped.items.size && grouped.items.size > 0;
  const body = () => {
    if (answer.error?.status === 404 && !grouped.answer) return <Unknown focus={state.focus} />;
    if (answer.error && !grouped.answer) {
      return <Failure error={answer.error} what="The graph could not be read." />;
    }
    if (!grouped.answer) return <Loading />;
    if (grouped.items.size === 0) return <Unknown focus={state.focus} />;
    if (state.as === "list") {
      return <ListView grouped={grouped} scene={scene} state={state} picture={data.picture} onSelect={select} />;
    }
    return (
      <Canvas
        grouped={grouped}
        scene={scene}
        layout={layout}
        onFit={onFit}
        name={name}
        differing={differing}
        focus={focus}
        selected={selected}
        open={state.open}
        ungrouped={state.ungroup}
        onSelect={select}
      />
    );
  };

  return (
    <main className={`graph ${state.sel ? "has-panel" : ""}`} id="main">
      <h1 className="hidden">Graph of {state.focus}</h1>
      <div className="graph-side">
        <Toolbar
          state={state}
          filters={<Filters state={state} found={grouped.answer} />}
          exports={<ExportMenu state={state} grouped={grouped} scene={scene} layout={layout} />}
          isTimeShown={isTimeOpen}
          onTime={() => {
            if (isTimeOpen) go({ at: null });
            setTimeOpen(!isTimeOpen);
          }}
        />
        <div className="graph-body" ref={side}>
          {body()}
          <div className="notes">
            <PathNote state={state} length={data.isPathLoading ? null : (data.path?.nodes.size ?? 0)} />
            {state.impact && (
              <div className="note" role="status">
                <p>Marked is what would lose a source, or all of its sources, if it were deleted.</p>
                <button type="button" className="button" onClick={() => go({ impact: "" })}>
                  Clear the marks
                </button>
              </div>
            )}
            {isAllOut && isFiltering(state) && (
              <div className="note" role="status">
                <p>The filters leave none of the {plural(grouped.items.size, "node")}.</p>
                <button type="button" className="button" onClick={() => go({ ...NO_FILTERS })}>
                  Clear the filters
                </button>
              </div>
            )}
            {grouped.answer?.truncated && state.as === "graph" && (
              <div className="note" role="status">
                <p>There is more: drawn are the nearest {plural(grouped.answer.nodes, "task or version", "tasks and versions")}.</p>
              </div>
            )}
          </div>
        </div>
        {isTimeOpen && grouped.answer && (
          <Timeline moments={grouped.answer.moments ?? []} at={state.at} onClose={() => setTimeOpen(false)} />
        )}
      </div>
      {state.sel && <Panel state={state} grouped={grouped} picture={data.picture} isReady={isReady} />}
    </main>
  );
}

/** Whether something has been true since before the last frame: what it shows is on the screen. */
function useAfterFrame(isTrue: boolean): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!isTrue || isSeen) return;
    // Two, because the nodes are drawn one commit after their places are known.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => setSeen(true));
    });
    return () => cancelAnimationFrame(frame);
  }, [isTrue, isSeen]);
  return isSeen;
}

function useEscape(state: PageState): void {
  const latest = useRef(state);
  latest.current = state;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      const now = latest.current;
      if (now.from) go({ from: "", to: "" });
      else if (now.sel) go({ sel: "" });
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

export default function GraphView({ state }: { state: PageState }) {
  return (
    <ReactFlowProvider key={state.focus}>
      <Drawn state={state} />
    </ReactFlowProvider>
  );
}
