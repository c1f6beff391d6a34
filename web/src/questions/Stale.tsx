/** Outputs that a new run would make differently. */
import { useState } from "react";
import { query } from "../api/client";
import type { StaleAnswer } from "../api/types";
import { useQuery } from "../api/useAnswer";
import { Empty, Failure, Loading, NodeLine, PageLink } from "../app/ui";
import type { PageState } from "../app/url";
import { csv, saveText } from "../export/save";
import { shown } from "../model/titles";
import { plural } from "../model/format";
import { QueryPage } from "./QueryPage";
import { Table, type Column } from "./Table";

type Item = StaleAnswer["items"][number];

/** All inputs of which there is a newer version. */
function reasonsOf(item: Item): { used: Item["used"]; current: Item["newest"] }[] {
  return item.reasons?.length ? item.reasons : [{ used: item.used, current: item.newest }];
}

const COLUMNS: Column<Item>[] = [
  { name: "Output", value: (item) => shown(item.node).title, show: (item) => <NodeLine node={item.node} /> },
  { name: "Made by", value: (item) => shown(item.task).title, show: (item) => <NodeLine node={item.task} /> },
  {
    name: "Because",
    value: (item) => shown(item.used).title,
    show: (item) => (
      <ul className="plain reasons">
        {reasonsOf(item).map(({ used, current }) => (
          <li key={used.key}>
            <NodeLine node={used} /> <span className="quiet">is now</span>{" "}
            <PageLink to={current.key}>{current.version ?? shown(current).title}</PageLink>
          </li>
        ))}
      </ul>
    ),
  },
];

async function list(of: string, isAll: boolean, pages: number, signal: AbortSignal): Promise<StaleAnswer> {
  const fields = { limit: 200, all: isAll, ...(of ? { of } : {}) };
  let answer = await query("graph.stale", fields, signal);
  for (let page = 1; page < pages && answer.next; page += 1) {
    const more = await query("graph.stale", { ...fields, after: answer.next }, signal);
    answer = { ...more, items: [...answer.items, ...more.items] };
  }
  return answer;
}

function saveItems(items: readonly Item[]): void {
  const rows = items.flatMap((item) =>
    reasonsOf(item).map(({ used, current }) => [
      shown(item.node).title, item.node.key, item.task.name, item.task.key,
      used.name, used.version, current.version,
    ]),
  );
  const head = ["output", "output key", "task", "task key", "input", "used version", "current version"];
  saveText("stale.csv", csv([head, ...rows]), "text/csv");
}

export default function Stale({ state }: { state: PageState }) {
  const [pages, setPages] = useState(1);
  const [isAll, setAll] = useState(false);
  const { data, error } = useQuery(
    `stale ${state.focus} ${isAll} ${pages}`,
    (signal) => list(state.focus, isAll, pages, signal),
    true,
  );
  return (
    <QueryPage
      title="What is stale?"
      lead={<p>Current outputs whose inputs have newer versions than those that were used.</p>}
      actions={
        data && data.items.length > 0 && (
          <button type="button" className="button" onClick={() => saveItems(data.items)}>
            Save as CSV
          </button>
        )
      }
    >
      <label className="choice">
        <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} />
        <span>Also superseded outputs</span>
      </label>
      {error && <Failure error={error} what="The answer could not be read." />}
      {!data && !error && <Loading />}
      {data && data.items.length === 0 && (
        <Empty title="Nothing is stale">
          <p>Every current output was made from the current versions of its inputs.</p>
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <>
          <p className="quiet">{plural(data.items.length, "stale output")}{data.next && " so far"}</p>
          <Table
            caption="Stale outputs"
            columns={COLUMNS}
            rows={data.items}
            rowKey={(item) => `${item.node.key} ${item.task.key}`}
          />
          {data.next && (
            <button type="button" className="button" onClick={() => setPages(pages + 1)}>
              Show more
            </button>
          )}
        </>
      )}
    </QueryPage>
  );
}
