/** The side panel: everything known of the selected node. */
import { Crosshair, GitCompare, Route, ShieldAlert, Waypoints, X } from "lucide-react";
import type { GraphNode } from "../api/types";
import { NodeLine, Status } from "../app/ui";
import { StatTile } from "../app/StatTile";
import type { PageState } from "../app/url";
import { focusOn, go, visit } from "../app/useUrl";
import { Search } from "../home/Search";
import type { Grouped } from "../model/group";
import type { Graph } from "../model/merge";
import { cleanMarkup, safeAddress, shown } from "../model/titles";
import { countOf, kindWord } from "../model/format";
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

function GroupPanel({ members, selected }: { members: GraphNode[]; selected: string }) {
  const [first] = members as [GraphNode, ...GraphNode[]];
  return (
    <>
      <div className="panel-head">
        <StatTile node={first} />
        <div>
          <h2>{countOf(members.length, first.kind)}</h2>
          <p className="panel-kind">grouped, because all have the same neighbours</p>
        </div>
      </div>
      <div className="actions">
        <button type="button" onClick={() => go({ ungroup: [selected], sel: "" })}>
          Show each member
        </button>
      </div>
      <ul className="plain lines">
        {members.slice(0, 500).map((node) => (
          <li key={node.key}>
            <NodeLine node={node} onOpen={() => go({ sel: node.key })} />
          </li>
        ))}
        {members.length > 500 && <li>and {members.length - 500} more</li>}
      </ul>
    </>
  );
}

function Known({ node, state, graph }: { node: GraphNode; state: PageState; graph: Graph }) {
  const isChoosing = state.from === node.key && !state.to;
  return (
    <>
      <Heading node={node} />
      <Actions node={node} state={state} />
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
  const item = grouped.items.get(state.sel);
  const node = graph.nodes.get(state.sel);
  if (!node && item?.type !== "group") return null;
  return (
    <aside className="panel" aria-label="Details" tabIndex={-1}>
      <button type="button" className="icon-button panel-close" aria-label="Close details" onClick={() => go({ sel: "" })}>
        <X size={17} />
      </button>
      {node ? (
        <Known node={node} state={state} graph={graph} />
      ) : (
        <GroupPanel members={item?.members ?? []} selected={state.sel} />
      )}
    </aside>
  );
}
