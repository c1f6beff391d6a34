/** Outputs that a new run would make differently. */
import { useState } from "react";
import { query } from "../api/client";
import type { StaleAnswer } from "../api/types";
import { useAnswer, useQuery } from "../api/useAnswer";
import { Copied, Empty, Failure, Loading, NodeLine, PageLink } from "../app/ui";
import type { PageState } from "../app/url";
import { go } from "../app/useUrl";
import { csv, saveText } from "../export/save";
import { shown } from "../model/titles";
import { plural, short } from "../model/format";
import { About } from "./About";
import { QueryPage } from "./QueryPage";
import { Table, type Column } from "./Table";

type Item = StaleAnswer["items"][number];

/** All inputs of which there is a newer version. */
function reasonsOf(item: Item): { used: Item["used"]; current: Item["newest"] }[] {
  return item.reasons?.length ? item.reasons : [{ used: item.used, current: item.newest }];
}

/** Why a new run would make an output differently. */
function Reasons({ item }: { item: Item }) {
  return (
    <ul className="plain reasons">
      {reasonsOf(item).map(({ used, current }) => (
        <li key={used.key}>
          <NodeLine node={used} />{" "}
          {item.is_indirect ? (
            <span className="quiet">would be made differently by a new run</span>
          ) : (
            <span className="reason-now">
              <span className="quiet">is now</span>{" "}
              <PageLink to={current.key}>{current.version ?? shown(current).title}</PageLink>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** An output with the task that has to run again, which several outputs share. */
type Row = Item & { place: number; command: string | null };

export function rowsOf({ items, reruns = [], reruns_before: before = 0 }: StaleAnswer): Row[] {
  const places = new Map(reruns.map(({ task }, at) => [task.key, at]));
  return items.map((item) => {
    const at = places.get(item.task.key) ?? reruns.length;
    return { ...item, place: before + at + 1, command: reruns[at]?.command ?? null };
  });
}

const COLUMNS: Column<Row>[] = [
  { name: "Order", value: ({ place }) => place, show: ({ place }) => `${place}.`, group: ({ task }) => task.key },
  {
    name: "Made by",
    value: (item) => shown(item.task).title,
    show: ({ task, command }) => (
      <div className="rerun">
        <NodeLine node={task} /> {command && <Copied text={command} />}
      </div>
    ),
    group: ({ task }) => task.key,
  },
  { name: "Output", value: (item) => shown(item.node).title, show: (item) => <NodeLine node={item.node} /> },
  { name: "Because", value: (item) => shown(item.used).title, show: (item) => <Reasons item={item} /> },
];

interface Asked {
  of: string;
  all: boolean;
  indirect: boolean;
}

async function list({ of, ...more }: Asked, pages: number, signal: AbortSignal): Promise<StaleAnswer> {
  const fields = { limit: 200, ...more, ...(of ? { of } : {}) };
  let answer = await query("graph.stale", fields, signal);
  for (let page = 1; page < pages && answer.next; page += 1) {
    const next = await query("graph.stale", { ...fields, after: answer.next }, signal);
    answer = joined(answer, next);
  }
  return answer;
}

/** Two pages as one: the task that ends the first may begin the second. */
export function joined(first: StaleAnswer, next: StaleAnswer): StaleAnswer {
  const known = new Set(first.reruns?.map(({ task }) => task.key));
  return {
    ...next,
    items: [...first.items, ...next.items],
    reruns: [...(first.reruns ?? []), ...(next.reruns ?? []).filter(({ task }) => !known.has(task.key))],
    reruns_before: first.reruns_before,
  };
}

function saveItems(items: readonly Row[]): void {
  const rows = items.flatMap((item) =>
    reasonsOf(item).map(({ used, current }) => [
      shown(item.node).title, item.node.key, item.task.name, item.task.key,
      used.name, used.version, current.version, item.is_indirect ? "made of a stale output" : "stale",
      item.place, item.command,
    ]),
  );
  const head = ["output", "output key", "task", "task key", "input", "used version", "current version", "why", "run again", "command"];
  saveText("stale.csv", csv([head, ...rows]), "text/csv");
}

/** How many outputs are stale themselves, and how many were made of those. */
export function countWords(items: readonly Pick<Item, "is_indirect">[], hasMore: boolean): string {
  const indirect = items.filter((item) => item.is_indirect).length;
  const direct = plural(items.length - indirect, "stale output");
  const words = indirect > 0 ? `${direct}, ${plural(indirect, "output")} made of stale ones` : direct;
  return hasMore ? `${words} so far` : words;
}

function Choice(props: { isOn: boolean; onChange: (isOn: boolean) => void; children: string }) {
  return (
    <label className="choice">
      <input type="checkbox" checked={props.isOn} onChange={(event) => props.onChange(event.target.checked)} />
      <span>{props.children}</span>
    </label>
  );
}

/** What the address limits the list to, by its name; as it is written where nothing has that name. */
function Asking({ select }: { select: string }) {
  const { data } = useAnswer("graph.get", { select, up: 0, down: 0, limit: 100 });
  const focus = new Set(data?.focus);
  const nodes = data?.nodes.filter(({ key }) => focus.has(key)) ?? [];
  return nodes.length > 0 ? <About nodes={nodes} /> : <code dir="auto">{short(select, 200)}</code>;
}

function NothingStale({ asked }: { asked: Asked }) {
  return (
    <Empty title="Nothing is stale">
      {asked.of ? (
        <p>Of this, every {asked.all ? "" : "current "}output was made from the current versions of its inputs.</p>
      ) : (
        <p>Every {asked.all ? "" : "current "}output was made from the current versions of its inputs.</p>
      )}
    </Empty>
  );
}

export default function Stale({ state }: { state: PageState }) {
  const asked: Asked = { of: state.focus, all: state.all, indirect: state.indirect };
  const key = JSON.stringify(asked);
  const [shownPages, setPages] = useState({ key, count: 1 });
  const pages = shownPages.key === key ? shownPages.count : 1;
  const { data, error } = useQuery(`stale ${key} ${pages}`, (signal) => list(asked, pages, signal), true);
  return (
    <QueryPage
      title="What is stale?"
      lead={<p>Current outputs whose inputs have newer versions than those that were used, by the tasks to run again, in order.</p>}
      actions={
        data && data.items.length > 0 && (
          <button type="button" className="button" onClick={() => saveItems(rowsOf(data))}>
            Save as CSV
          </button>
        )
      }
    >
      {state.focus && (
        <div className="only">
          Only <Asking select={state.focus} />
          <button type="button" className="button" onClick={() => go({ focus: "" })}>
            Show everything
          </button>
        </div>
      )}
      <div className="choices">
        <Choice isOn={state.all} onChange={(all) => go({ all }, true)}>
          Also superseded outputs
        </Choice>
        <Choice isOn={state.indirect} onChange={(indirect) => go({ indirect }, true)}>
          Also what was made of stale outputs
        </Choice>
      </div>
      {error && <Failure error={error} what="The answer could not be read." />}
      {!data && !error && <Loading />}
      {data && data.items.length === 0 && <NothingStale asked={asked} />}
      {data && data.items.length > 0 && (
        <>
          <p className="quiet" role="status">{countWords(data.items, Boolean(data.next))}</p>
          <Table
            caption="Stale outputs"
            columns={COLUMNS}
            rows={rowsOf(data)}
            rowKey={(item) => `${item.node.key} ${item.task.key}`}
          />
          {data.next && (
            <button type="button" className="button" onClick={() => setPages({ key, count: pages + 1 })}>
              Show more
            </button>
          )}
        </>
      )}
    </QueryPage>
  );
}
