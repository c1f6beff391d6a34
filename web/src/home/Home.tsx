/** The first page: a search box and the latest runs.  */
import { useState } from "react";
import { query } from "../api/client";
import type { DeliveryAnswer, GraphNode, HealthAnswer, TaskSummary, TasksPage } from "../api/types";
import { useAnswer, useQuery } from "../api/useAnswer";
import { Copied, Failure, Loading, PageLink, Status } from "../app/ui";
import { StatTile } from "../app/StatTile";
import { visit } from "../app/useUrl";
import { shown } from "../model/titles";
import { ago, countOf, duration, moment, number, plural, short } from "../model/format";
import { Search } from "./Search";

const STATUSES = [
  ["", "All"],
  ["started", "Running"],
  ["finished", "Finished"],
  ["error", "Failed"],
] as const;
const PAGE = 25;

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
    return `${short(shown(first).title, 40)}${version}`;
  });
  const left = count - nodes.length;
  if (left > 0) parts.push(`${number(left)} more`);
  return parts.join(", ");
}

function lasted(node: GraphNode): string {
  if (node.started_at == null || node.ended_at == null) return "";
  return duration(node.ended_at - node.started_at);
}

function TaskRow({ task }: { task: TaskSummary }) {
  const { node } = task;
  const inputs = inWords(task.inputs, task.input_count);
  const outputs = inWords(task.outputs, task.output_count);
  return (
    <li>
      <PageLink to={node.key} className="task-row">
        <StatTile node={node} />
        <span className="task-main">
          <span className="task-name" dir="auto">
            {shown(node).title}
          </span>
          <span className="task-flow" dir="auto">
            {inputs || <em>no inputs</em>}
            <b aria-label="to"> → </b>
            {outputs || <em>no outputs</em>}
          </span>
        </span>
        <Status status={node.status} />
        <span className="task-time">
          {node.started_at != null && (
            <time title={moment(node.started_at)}>{ago(node.started_at)}</time>
          )}
          <small>{lasted(node)}</small>
        </span>
      </PageLink>
    </li>
  );
}

function Health({ health }: { health: HealthAnswer }) {
  const withoutData = health.tasks - Math.max(health.tasks_with_inputs, health.tasks_with_outputs);
  return (
    <p className="health">
      {plural(health.tasks, "task")} · {plural(health.edges, "edge")}
      {health.tasks_failed > 0 && ` · ${number(health.tasks_failed)} failed`}
      {health.unpinned_inputs > 0 && (
        <span title="Inputs that were recorded without a version or a digest">
          {` · ${plural(health.unpinned_inputs, "input")} without a version`}
        </span>
      )}
      {withoutData > 0 && ` · ${plural(withoutData, "task")} without data`}
      {" · "}
      <a
        href="?view=stale"
        onClick={(event) => {
          event.preventDefault();
          visit({ view: "stale" });
        }}
      >
        what is stale?
      </a>
    </p>
  );
}

function NothingYet({ delivery }: { delivery: DeliveryAnswer | null }) {
  if (delivery && delivery.waiting + delivery.refused > 0) {
    return (
      <div className="empty">
        <h2>Recorded, but not here yet</h2>
        <p>
          {plural(delivery.waiting, "fact")} waiting to be delivered
          {delivery.refused > 0 && `, ${number(delivery.refused)} refused`}. They are kept in the
          journal; this command shows why they have not arrived:
        </p>
        <Copied text="lineage status" />
      </div>
    );
  }
  return (
    <div className="empty">
      <h2>Nothing was recorded yet</h2>
      <p>One line above a function is enough. Save this as a file and run it:</p>
      <pre tabIndex={0}>
        <code>{`from lineage import uses_file, produces_file

@uses_file("source")
@produces_file("result")
def copy(source: str) -> str:
    with open(source) as old, open("copy.txt", "w") as new:
        new.write(old.read())
    return "copy.txt"

copy(__file__)`}</code>
      </pre>
      <p>This page shows it as soon as it ran. If it does not, this command shows why:</p>
      <Copied text="lineage doctor" />
    </div>
  );
}

async function listTasks(status: string, pages: number, signal: AbortSignal): Promise<TasksPage> {
  const base = { limit: PAGE, ...(status ? { status } : {}) };
  let page = await query("tasks.list", base, signal);
  for (let at = 1; at < pages && page.next; at += 1) {
    const more = await query("tasks.list", { ...base, after: page.next }, signal);
    page = { ...more, tasks: [...page.tasks, ...more.tasks] };
  }
  return page;
}

export function Home({ delivery }: { delivery: DeliveryAnswer | null }) {
  const [status, setStatus] = useState("");
  const [pages, setPages] = useState(1);
  const tasks = useQuery(`tasks ${status} ${pages}`, (signal) => listTasks(status, pages, signal), true);
  const health = useAnswer("health", {});
  const page = tasks.data;
  const isEmpty = page !== null && page.tasks.length === 0;
  return (
    <main className="home" id="main">
      <section className="home-hero">
        <h1>Where did it come from, and what came of it?</h1>
        <Search isLarge autoFocus />
      </section>
      <section aria-labelledby="recent">
        <div className="home-head">
          <h2 id="recent">Recent tasks</h2>
          <div className="segments" role="group" aria-label="Status">
            {STATUSES.map(([value, label]) => (
              <button
                key={value}
                type="button"
                aria-pressed={status === value}
                onClick={() => {
                  setStatus(value);
                  setPages(1);
                }}
              >
                {label}
              </button>
            ))}
          </div>
        </div>
        {tasks.error && <Failure error={tasks.error} what="The tasks could not be read." />}
        {!page && !tasks.error && <Loading lines={6} />}
        {isEmpty && status === "" && <NothingYet delivery={delivery} />}
        {isEmpty && status !== "" && (
          <div className="empty">
            <h2>No task has this status</h2>
            <button type="button" className="button" onClick={() => setStatus("")}>
              Show all tasks
            </button>
          </div>
        )}
        {page && page.tasks.length > 0 && (
          <ul className="tasks">
            {page.tasks.map((task) => (
              <TaskRow key={task.node.key} task={task} />
            ))}
          </ul>
        )}
        {page?.next && (
          <button type="button" className="button" onClick={() => setPages(pages + 1)}>
            Show more
          </button>
        )}
        {health.data && health.data.tasks > 0 && <Health health={health.data} />}
      </section>
    </main>
  );
}
