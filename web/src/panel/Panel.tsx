/** The side panel: everything known about the selected node. */
import { Crosshair, GitCompare, Route, ShieldAlert, Waypoints, X } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import type { GraphNode, NodeMap } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Failure, Loading, NodeLine, Status } from "../app/ui";
import { StatTile } from "../app/StatTile";
import type { PageState } from "../app/url";
import { currentState, focusOn, go, visit } from "../app/useUrl";
import { Search } from "../home/Search";
import { differences, displayOf } from "../graph/scene";
import type { Picture } from "../graph/picture";
import { useMembers } from "../graph/useMembers";
import { cleanMarkup, safeAddress, shown } from "../model/titles";
import { itemAt, OPEN_STEP, singles, type Grouped, type Grouping, type NodeItem } from "../model/overview";
import { ago, duration, kindWord, moment, number } from "../model/format";
import { DataPanel, MOST_VERSIONS } from "./DataPanel";
import { TaskPanel } from "./TaskPanel";

export function Heading({ node }: { node: GraphNode }) {
  const display = shown(node);
  const address = node.link ? safeAddress(node.link.url) : null;
  return (
    <div className="panel-head">
      <StatTile node={node} />
      <div>
        <h2 dir="auto">{display.title}</h2>
        <p className="panel-kind">
          {kindWord(node.kind)}
          {node.version && ` · ${node.version}`} <Status status={node.status} />
          {node.is_stale && <span className="badge">stale</span>}
          {node.is_deleted && <span className="badge">deleted</span>}
        </p>
        {node.description && (
          <p
            className="panel-description"
            dir="auto"
            // Cleaned of everything but plain emphasis.
            dangerouslySetInnerHTML={{ __html: cleanMarkup(node.description) }}
          />
        )}
        {address && (
          <a className="panel-link" href={address} target="_blank" rel="noopener noreferrer nofollow">
            {node.link?.title.trim() || "Open"} ↗
          </a>
        )}
      </div>
    </div>
  );
}

function Actions({ node, state }: { node: GraphNode; state: PageState }) {
  const at = state.at === null ? {} : { at: state.at };
  return (
    <div className="actions" role="group" aria-label="Ask">
      <button type="button" onClick={() => focusOn(node.key)}>
        <Crosshair size={15} aria-hidden="true" /> Centre here
      </button>
      <button type="button" onClick={() => go({ from: node.key, to: "" })} aria-pressed={state.from === node.key}>
        <Route size={15} aria-hidden="true" /> Path to…
      </button>
      <button type="button" onClick={() => visit({ view: "impact", focus: node.key, ...at })}>
        <ShieldAlert size={15} aria-hidden="true" /> Impact
      </button>
      {node.type === "data" && (
        <button type="button" onClick={() => visit({ view: "provenance", focus: node.key, ...at })}>
          <Waypoints size={15} aria-hidden="true" /> Provenance
        </button>
      )}
      {node.type === "task" && (
        <button type="button" onClick={() => visit({ view: "diff", a: node.key })}>
          <GitCompare size={15} aria-hidden="true" /> Compare
        </button>
      )}
    </div>
  );
}

const GROUPING_WORDS: Record<Grouping, string> = {
  single: "",
  app: "runs of one app",
  artifact: "versions of one artifact",
  like: "grouped, because all have the same neighbours",
  rest: "further away, counted to keep the graph readable",
  step: "",
};

/** Versions of an artifact that the first answer brings. */
const FIRST_VERSIONS = 50;
function GroupPanel({ item, picture }: { item: NodeItem; picture: Picture }) {
  const { key, node: first, second } = item;
  const display = displayOf(item);
  const [pages, setPages] = useState(1);
  const { data, error } = useMembers(picture, key, pages);
  const members = data?.nodes ?? [];
  const differing = useMemo(() => differences(data?.nodes ?? []), [data]);
  const left = (data?.total ?? 0) - members.length;
  return (
    <>
      <div className="panel-head">
        <StatTile node={first} />
        <div>
          <h2>{display.title}</h2>
          <p className="panel-kind">
            {display.sort} · {GROUPING_WORDS[item.grouping]}
          </p>
        </div>
      </div>
      <div className="actions">
        <button type="button" onClick={() => go({ ungroup: [...currentState().ungroup, key], sel: "" })}>
          {item.count > OPEN_STEP ? `Show the next ${OPEN_STEP} in the graph` : "Show each in the graph"}
        </button>
        {item.grouping === "app" && second && (
          <button type="button" onClick={() => visit({ view: "diff", a: second, b: first.key })}>
            <GitCompare size={15} aria-hidden="true" /> Compare the last two runs
          </button>
        )}
      </div>
      {error && !data && <Failure error={error} what="The members could not be read." />}
      {!data && !error && <Loading />}
      <ul className="plain lines">
        {members.map((node) => (
          <li key={node.key}>
            <NodeLine node={node} onOpen={() => go({ sel: node.key })} />
            <small className="edge-note" dir="auto">
              {node.status && <Status status={node.status} />}{" "}
              {[since(node), differing.get(node.key)]
                .filter(Boolean)
                .join(" · ")}
            </small>
          </li>
        ))}
      </ul>
      {left > 0 && (
        <button type="button" className="button" onClick={() => setPages(pages + 1)}>
          Show more of {number(data?.total ?? 0)}
        </button>
      )}
    </>
  );
}

function since(node: GraphNode): string | null {
  const at = node.started_at ?? node.created_at;
  return at == null ? null : ago(at);
}

/** What is known of a step, above its task. */
function StepHead({ item }: { item: NodeItem }) {
  const { step } = item;
  if (!step) return null;
  const took = step.ended_at != null ? ` · ${duration(step.ended_at - step.started_at)}` : "";
  return (
    <div className="step-head">
      <h3 dir="auto">Step {step.name}</h3>
      <p className="quiet">
        {moment(step.started_at)}
        {took}
        {step.parent ? ` · in ${step.parent}` : ""}
        {step.outcome === "error" ? " · failed" : ""}
      </p>
    </div>
  );
}

interface DetailsProps {
  /** The key of a task or a version. */
  id: string;
  /** The item that shows it, if one does. */
  item: NodeItem | undefined;
  state: PageState;
  nodes: NodeMap;
}

function Known(props: DetailsProps & { node: GraphNode; children: ReactNode }) {
  const { node, item, state } = props;
  const isChoosing = state.from === node.key && !state.to;
  return (
    <>
      <Heading node={node} />
      {item?.type === "step" && <StepHead item={item} />}
      <Actions node={node} state={state} />
      {item?.grouping === "artifact" && (
        <p className="row">
          <button type="button" className="button" onClick={() => go({ ungroup: [...currentState().ungroup, item.key], sel: "" })}>
            Show {item.count > OPEN_STEP ? `the next ${OPEN_STEP} of ${number(item.count)}` : item.count} versions in the graph
          </button>
        </p>
      )}
      {isChoosing && <Search label="Search the other end" onChoose={(to) => go({ to })} autoFocus />}
      {props.children}
    </>
  );
}

/** The heading from what is drawn, the rest from the one answer that knows it all. */
function Details(props: DetailsProps) {
  const { id, item, nodes } = props;
  const isTask = id.startsWith("task:");
  const [most, setMost] = useState(FIRST_VERSIONS);
  const task = useAnswer("tasks.get", isTask ? { key: id } : null);
  const data = useAnswer("data.get", isTask ? null : { key: id, most_versions: most }, true);
  const node = item?.node.key === id ? item.node : (task.data?.node ?? data.data?.node);
  const error = task.error ?? data.error;
  const body = () => {
    if (task.data) return <TaskPanel task={task.data} nodes={nodes} />;
    if (data.data) return <DataPanel detail={data.data} nodes={nodes} onMore={() => setMost(MOST_VERSIONS)} />;
    return error ? <Failure error={error} what="The details could not be read." /> : <Loading />;
  };
  if (!node) return body();
  return (
    <Known {...props} node={node}>
      {body()}
    </Known>
  );
}

export interface PanelProps {
  state: PageState;
  grouped: Grouped;
  picture: Picture;
  /** Whether the graph stands: what is in the panel is asked for after it. */
  isReady: boolean;
}

export function Panel({ state, grouped, picture, isReady }: PanelProps) {
  const item = itemAt(grouped, state.sel);
  const nodes = useMemo(() => new Map(singles(grouped).map((node) => [node.key, node])), [grouped]);
  const id = state.sel.replace(/\/\d+$/, "");
  const isNode = /^(task|data):/.test(id);
  if (!isNode && !item) return null;
  const body = () => {
    if (!isReady) return <Loading />;
    // An artifact is shown by its newest version, which lists the others.
    const key = item && item.key === id && item.grouping === "artifact" ? item.node.key : id;
    if (key !== id || isNode) return <Details key={key} id={key} item={item} state={state} nodes={nodes} />;
    return item && <GroupPanel key={item.key} item={item} picture={picture} />;
  };
  return (
    <aside className="panel" aria-label="Details" tabIndex={-1}>
      <button type="button" className="icon-button panel-close" aria-label="Close details" onClick={() => go({ sel: "" })}>
        <X size={17} />
      </button>
      {body()}
    </aside>
  );
}
