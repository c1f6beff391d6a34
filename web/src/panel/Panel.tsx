/** The side panel: everything known about the selected node. */
import { Crosshair, GitCompare, Route, ShieldAlert, Waypoints, X } from "lucide-react";
import { useMemo, useState } from "react";
import type { GraphNode } from "../api/types";
import { NodeLine, Status } from "../app/ui";
import { StatTile } from "../app/StatTile";
import type { PageState } from "../app/url";
import { currentState, focusOn, go, visit } from "../app/useUrl";
import { Search } from "../home/Search";
import { differences, faceOf } from "../graph/scene";
import { OPEN_STEP, type Grouped, type Grouping, type NodeItem } from "../model/group";
import type { Graph } from "../model/merge";
import { cleanMarkup, safeAddress, shown } from "../model/titles";
import { ago, kindWord, number } from "../model/format";
import { DataPanel } from "./DataPanel";
import { TaskPanel } from "./TaskPanel";

export function Heading({ node }: { node: GraphNode }) {
  const face = shown(node);
  const address = node.link ? safeAddress(node.link.url) : null;
  return (
    <div className="panel-head">
      <StatTile node={node} />
      <div>
        <h2 dir="auto">{face.title}</h2>
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
};

function GroupPanel({ item, graph }: { item: NodeItem; graph: Graph }) {
  const { members, key } = item;
  const [first, second] = members as [GraphNode, ...GraphNode[]];
  const face = faceOf(item);
  const differing = useMemo(() => differences(graph.nodes.values()), [graph]);
  const [count, setCount] = useState(50);
  return (
    <>
      <div className="panel-head">
        <StatTile node={first} />
        <div>
          <h2>{face.title}</h2>
          <p className="panel-kind">
            {face.sort} · {GROUPING_WORDS[item.grouping]}
          </p>
        </div>
      </div>
      <div className="actions">
        <button type="button" onClick={() => go({ ungroup: [...currentState().ungroup, key], sel: "" })}>
          {members.length > OPEN_STEP ? `Show the next ${OPEN_STEP} in the graph` : "Show each in the graph"}
        </button>
        {item.grouping === "app" && second && (
          <button type="button" onClick={() => visit({ view: "diff", a: second.key, b: first.key })}>
            <GitCompare size={15} aria-hidden="true" /> Compare the last two runs
          </button>
        )}
      </div>
      <ul className="plain lines">
        {members.slice(0, count).map((node) => (
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
      {members.length > count && (
        <button type="button" className="button" onClick={() => setCount(count + 200)}>
          Show more of {members.length}
        </button>
      )}
    </>
  );
}

function since(node: GraphNode): string | null {
  const at = node.started_at ?? node.created_at;
  return at == null ? null : ago(at);
}

function Known(props: { node: GraphNode; item: NodeItem | undefined; state: PageState; graph: Graph }) {
  const { node, item, state, graph } = props;
  const isChoosing = state.from === node.key && !state.to;
  return (
    <>
      <Heading node={node} />
      <Actions node={node} state={state} />
      {item?.grouping === "artifact" && (
        <p className="row">
          <button type="button" className="button" onClick={() => go({ ungroup: [...currentState().ungroup, item.key], sel: "" })}>
            Show {item.count > OPEN_STEP ? `the next ${OPEN_STEP} of ${number(item.count)}` : item.count} versions in the graph
          </button>
        </p>
      )}
      {isChoosing && <Search label="Search the other end" onChoose={(to) => go({ to })} autoFocus />}
      {node.type === "task" ? (
        <TaskPanel key={node.key} id={node.key} nodes={graph.nodes} />
      ) : (
        <DataPanel key={node.key} id={node.key} nodes={graph.nodes} />
      )}
    </>
  );
}

export function Panel({ state, grouped, graph }: { state: PageState; grouped: Grouped; graph: Graph }) {
  const item = grouped.items.get(grouped.itemOf.get(state.sel) ?? state.sel);
  // An artifact is shown by its newest version, which lists the others.
  const node = graph.nodes.get(state.sel) ?? (item?.grouping === "artifact" ? item.members[0] : undefined);
  if (!node && item?.type !== "group") return null;
  return (
    <aside className="panel" aria-label="Details" tabIndex={-1}>
      <button type="button" className="icon-button panel-close" aria-label="Close details" onClick={() => go({ sel: "" })}>
        <X size={17} />
      </button>
      {node ? (
        <Known node={node} item={item} state={state} graph={graph} />
      ) : (
        item && <GroupPanel key={item.key} item={item} graph={graph} />
      )}
    </aside>
  );
}
