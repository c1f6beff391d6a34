/** The picture as a table, for screen readers and for those who like tables. */
import { ChevronDown, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { Failure, Loading, NodeLine, Status, StatusIcon } from "../app/ui";
import { StatTile } from "../app/StatTile";
import type { GraphNode } from "../api/types";
import { passes } from "../model/filter";
import { number, kindWord, moment } from "../model/format";
import type { Grouped, NodeItem } from "../model/overview";
import type { PageState } from "../app/url";
import type { Picture } from "./picture";
import { differences, displayOf, type Scene } from "./scene";
import { MEMBERS, useMembers } from "./useMembers";

/** Items that are listed at once. */
const ROWS = 100;
/** Neighbours that a row names. */
const NAMES = 3;
const COLUMNS = 6;

export interface ListViewProps {
  grouped: Grouped;
  scene: Scene;
  state: PageState;
  picture: Picture;
  onSelect: (key: string) => void;
}

/** The items joined to each item, upstream and downstream. */
function neighboursOf(grouped: Grouped): Map<string, { up: NodeItem[]; down: NodeItem[] }> {
  const found = new Map([...grouped.items.keys()].map((key) => [key, { up: [] as NodeItem[], down: [] as NodeItem[] }]));
  for (const { source, target } of grouped.edges.values()) {
    const [from, to] = [grouped.items.get(source), grouped.items.get(target)];
    if (!from || !to) continue;
    found.get(target)?.up.push(from);
    found.get(source)?.down.push(to);
  }
  return found;
}

function Name({ item, onSelect }: { item: NodeItem; onSelect: (key: string) => void }) {
  if (item.type === "task" || item.type === "data") return <NodeLine node={item.node} onOpen={() => onSelect(item.key)} />;
  const { title, sort } = displayOf(item);
  return (
    <button type="button" className="node-line" onClick={() => onSelect(item.key)}>
      <StatTile node={item.node} size={24} isStep={item.type === "step"} />
      <span className="node-line-title" dir="auto">
        {title}
      </span>
      <span className="node-line-kind">{sort}</span>
    </button>
  );
}

function Names({ items, left, onSelect }: { items: readonly NodeItem[]; left: number; onSelect: (key: string) => void }) {
  const more = items.length - NAMES;
  return (
    <ul className="plain">
      {items.slice(0, NAMES).map((item) => (
        <li key={item.key}>
          <Name item={item} onSelect={onSelect} />
        </li>
      ))}
      {more > 0 && <li className="quiet">and {number(more)} more</li>}
      {left > 0 && <li className="quiet">{number(left)} not drawn</li>}
    </ul>
  );
}

function State({ item }: { item: NodeItem }) {
  const { node } = item;
  if (item.type === "task") return <Status status={node.status} />;
  return (
    <>
      {item.type === "data" && node.version}
      {item.failed > 0 && (
        <span className="status tone-bad">
          <StatusIcon status="failed" /> {item.type === "group" ? `${number(item.failed)} failed` : "failed"}
        </span>
      )}
      {item.stale > 0 && (
        <span className="status tone-busy">
          <StatusIcon status="stale" /> {item.type === "group" ? `${number(item.stale)} stale` : "stale"}
        </span>
      )}
    </>
  );
}

const when = (node: GraphNode): string => {
  const at = node.started_at ?? node.created_at;
  return at == null ? "" : moment(at);
};

/** The rows of a group's members, page after page. */
function MemberRows(props: ListViewProps & { item: NodeItem }) {
  const { item, state, picture, onSelect } = props;
  const [pages, setPages] = useState(1);
  const { data, error } = useMembers(picture, item.key, pages);
  const differing = useMemo(() => differences(data?.nodes ?? []), [data]);
  const note = (content: React.ReactNode) => (
    <tr>
      <td colSpan={COLUMNS} className="member">
        {content}
      </td>
    </tr>
  );
  if (error && !data) return note(<Failure error={error} what="The members could not be read." />);
  if (!data) return note(<Loading lines={2} />);
  const left = data.total - data.nodes.length;
  return (
    <>
      {data.nodes.filter((node) => passes(node, state)).map((node) => (
        <tr key={node.key} aria-selected={node.key === state.sel}>
          <th scope="row" className="member">
            <NodeLine node={node} onOpen={() => onSelect(node.key)} />
          </th>
          <td data-column="Kind">{kindWord(node.kind)}</td>
          <td data-column="State">{node.type === "task" ? <Status status={node.status} /> : node.version}</td>
          <td className="when" data-column={node.type === "task" ? "Started" : "Recorded"}>
            {when(node)}
          </td>
          <td colSpan={2} className="quiet" data-column="Differs in" dir="auto">
            {differing.get(node.key) ?? ""}
          </td>
        </tr>
      ))}
      {left > 0 &&
        note(
          <button type="button" className="button" onClick={() => setPages(pages + 1)}>
            Show {number(Math.min(MEMBERS, left))} more of {number(data.total)}
          </button>,
        )}
    </>
  );
}

function ItemRow(props: ListViewProps & { item: NodeItem; near: { up: NodeItem[]; down: NodeItem[] } }) {
  const { item, near, state, onSelect } = props;
  const [isOpen, setOpen] = useState(false);
  const isGroup = item.type === "group";
  const { title } = displayOf(item);
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <>
      <tr aria-selected={item.key === state.sel}>
        <th scope="row">
          <span className={`item-name ${isGroup ? "is-group" : ""}`}>
            {isGroup && (
              <button
                type="button"
                className="icon-button"
                aria-expanded={isOpen}
                aria-label={`Members of ${title}`}
                onClick={() => setOpen(!isOpen)}
              >
                <Chevron size={15} />
              </button>
            )}
            <Name item={item} onSelect={onSelect} />
          </span>
        </th>
        <td data-column="Kind">{item.type === "step" ? "step" : kindWord(item.node.kind)}</td>
        <td data-column="State">
          <State item={item} />
        </td>
        <td className="when" data-column="Newest">
          {when(item.node)}
        </td>
        <td data-column="Comes from">
          <Names items={near.up} left={item.hidden_up} onSelect={onSelect} />
        </td>
        <td data-column="Leads to">
          <Names items={near.down} left={item.hidden_down} onSelect={onSelect} />
        </td>
      </tr>
      {isOpen && <MemberRows {...props} />}
    </>
  );
}

export function ListView(props: ListViewProps) {
  const { grouped, scene } = props;
  const [count, setCount] = useState(ROWS);
  const near = neighboursOf(grouped);
  const shown = (item: NodeItem) => item.passing > 0 && !scene.looks.get(item.key)?.isHidden;
  const items = [...grouped.items.values()].filter(shown);
  const left = items.length - count;
  return (
    <div className="list-side">
      <div className="table-box" tabIndex={0} role="region" aria-label="The graph as a list">
        <table className="table">
          <caption className="hidden">Nodes of the graph and what they are joined to</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Kind</th>
              <th scope="col">Status or version</th>
              <th scope="col">Newest</th>
              <th scope="col">Comes from</th>
              <th scope="col">Leads to</th>
            </tr>
          </thead>
          <tbody>
            {items.slice(0, count).map((item) => (
              <ItemRow key={item.key} {...props} item={item} near={near.get(item.key) ?? { up: [], down: [] }} />
            ))}
          </tbody>
        </table>
      </div>
      {left > 0 && (
        <div className="list-more" role="status">
          <p>These are {number(count)} of {number(items.length)} rows.</p>
          <button type="button" className="button" onClick={() => setCount(count + ROWS)}>
            Show {number(Math.min(ROWS, left))} more
          </button>
        </div>
      )}
    </div>
  );
}
