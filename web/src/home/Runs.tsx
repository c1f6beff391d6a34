/** The table of runs: what distinguishes them, and which two to compare. */
import { GitCompare } from "lucide-react";
import { useMemo, useState, type MouseEvent } from "react";
import { query } from "../api/client";
import type { GraphNode, TaskSummary } from "../api/types";
import { PageLink, Status } from "../app/ui";
import { StatTile } from "../app/StatTile";
import { focusOn, go, visit } from "../app/useUrl";
import { differences } from "../graph/scene";
import { ago, countOf, duration, moment, number, short } from "../model/format";
import { isolated } from "../model/names";
import { shown } from "../model/titles";
import { ListingTable, type Column } from "./ListingTable";

const COLUMNS: readonly Column[] = [
  { name: "Choose", className: "col-choose" },
  { name: "Run", sort: "name" },
  { name: "Status", sort: "status", className: "col-status" },
  { name: "User", className: "col-user" },
  { name: "Started", sort: "created", className: "col-time" },
  { name: "Took", sort: "duration", className: "col-took" },
  { name: "Compare", className: "col-compare" },
];

/** "project Cars, 12 files" */
export function inWords(nodes: readonly GraphNode[], count: number): string {
  const byKind = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    (byKind.get(node.kind) ?? byKind.set(node.kind, []).get(node.kind))?.push(node);
  }
  const parts = [...byKind].map(([kind, members]) => {
    const first = members[0];
    if (members.length > 1 || !first) return countOf(members.length, kind);
    const version = first.version && !/^[0-9a-f]{7,}/.test(first.version) ? ` ${first.version}` : "";
    return `${isolated(short(shown(first).title, 40))}${version}`;
  });
  const left = count - nodes.length;
  if (left > 0) parts.push(`${number(left)} more`);
  return parts.join(", ");
}

function lasted(node: GraphNode): string {
  if (node.started_at == null || node.ended_at == null) return "";
  return duration(node.ended_at - node.started_at);
}

/** Open the comparison of a run with the one of its app before it. */
async function compareWithBefore(node: GraphNode, listed: readonly TaskSummary[]): Promise<void> {
  const at = node.started_at ?? node.created_at ?? 0;
  const isBefore = (other: GraphNode) =>
    other.name === node.name && other.key !== node.key && (other.started_at ?? other.created_at ?? 0) <= at;
  const newestFirst = (nodes: GraphNode[]) =>
    nodes.sort((a, b) => (b.started_at ?? b.created_at ?? 0) - (a.started_at ?? a.created_at ?? 0));
  let [before] = newestFirst(listed.map((task) => task.node).filter(isBefore));
  if (!before) {
    const page = await query("tasks.list", { text: node.name, until: at, limit: 50 });
    [before] = newestFirst(page.tasks.map((task) => task.node).filter(isBefore));
  }
  visit({ view: "diff", a: before?.key ?? "", b: node.key });
}

function onRow(event: MouseEvent, key: string): void {
  if ((event.target as Element).closest("a, button, input, label") || getSelection()?.toString()) return;
  focusOn(key);
}

function Row(props: {
  task: TaskSummary;
  listed: readonly TaskSummary[];
  differing: string | undefined;
  isChosen: boolean;
  onChoose: () => void;
}) {
  const { task, differing } = props;
  const { node } = task;
  const { title } = shown(node);
  return (
    <tr className="task-row" aria-selected={props.isChosen} onClick={(event) => onRow(event, node.key)}>
      <td className="col-choose">
        <input type="checkbox" checked={props.isChosen} onChange={props.onChoose} aria-label={`Choose ${title}, task ${node.id}`} />
      </td>
      <th scope="row">
        <div className="run">
          <StatTile node={node} />
          <span className="task-main">
            <span className="task-name" dir="auto">
              <PageLink to={node.key}>{title}</PageLink> <small>task {node.id}</small>
            </span>
            {differing && (
              <span className="task-params" dir="auto">
                {differing}
              </span>
            )}
            <span className="task-flow" dir="auto">
              {inWords(task.inputs, task.input_count) || <em>no inputs</em>}
              <b aria-label="to"> → </b>
              {inWords(task.outputs, task.output_count) || <em>no outputs</em>}
            </span>
          </span>
        </div>
      </th>
      <td className="col-status">
        <Status status={node.status} />
      </td>
      <td className="col-user">
        {task.user && (
          <button type="button" className="link" title={`Only runs of ${task.user}`} onClick={() => go({ user: task.user ?? "" })}>
            {task.user}
          </button>
        )}
      </td>
      <td className="col-time">
        {node.started_at != null && <time title={moment(node.started_at)}>{ago(node.started_at)}</time>}
      </td>
      <td className="col-took">{lasted(node)}</td>
      <td className="col-compare">
        <button
          type="button"
          className="icon-button"
          aria-label={`Compare ${title}, task ${node.id}, with the run before`}
          title="Compare with the run before"
          onClick={() => void compareWithBefore(node, props.listed)}
        >
          <GitCompare size={16} aria-hidden="true" />
        </button>
      </td>
    </tr>
  );
}

export function Runs({ tasks, sort }: { tasks: readonly TaskSummary[]; sort: string }) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const differing = useMemo(() => differences(tasks.map((task) => task.node)), [tasks]);
  const choose = (key: string) =>
    // Two are compared: a third takes the place of the first.
    setChosen(chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key].slice(-2));
  const [a, b] = chosen;
  return (
    <>
      <ListingTable caption="Runs" columns={COLUMNS} sort={sort}>
        {tasks.map((task) => (
          <Row
            key={task.node.key}
            task={task}
            listed={tasks}
            differing={differing.get(task.node.key)}
            isChosen={chosen.includes(task.node.key)}
            onChoose={() => choose(task.node.key)}
          />
        ))}
      </ListingTable>
      {a && (
        <div className="chosen" role="status">
          <span>{b ? "Two runs chosen" : "One run chosen, choose another to compare"}</span>
          <button type="button" className="button button-main" disabled={!b} onClick={() => visit({ view: "diff", a, b: b ?? "" })}>
            Compare
          </button>
          <button type="button" className="button" onClick={() => setChosen([])}>
            Clear
          </button>
        </div>
      )}
    </>
  );
}
