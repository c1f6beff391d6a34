/** Outputs that a new run would make differently. */
import { useState } from "react";
import { query } from "../api/client";
import type { StaleAnswer } from "../api/types";
import { useQuery } from "../api/useAnswer";
import { Empty, Failure, Loading, NodeLine } from "../app/ui";
import type { PageState } from "../app/url";
import { csv, saveText } from "../export/save";
import { shown } from "../model/titles";
import { plural } from "../model/format";
import { QueryPage } from "./QueryPage";
import { Table, type Column } from "./Table";

type Item = StaleAnswer["items"][number];

const COLUMNS: Column<Item>[] = [
  { name: "Output", value: (item) => shown(item.node).title, show: (item) => <NodeLine node={item.node} /> },
  { name: "Made by", value: (item) => shown(item.task).title, show: (item) => <NodeLine node={item.task} /> },
  { name: "Used", value: (item) => shown(item.used).title, show: (item) => <NodeLine node={item.used} /> },
  { name: "Newest", value: (item) => item.newest.version ?? "", show: (item) => <NodeLine node={item.newest} /> },
];

async function list(of: string, pages: number, signal: AbortSignal): Promise<StaleAnswer> {
  const fields = { limit: 200, ...(of ? { of } : {}) };
  let answer = await query("graph.stale", fields, signal);
  for (let page = 1; page < pages && answer.next; page += 1) {
    const more = await query("graph.stale", { ...fields, after: answer.next }, signal);
    answer = { ...more, items: [...answer.items, ...more.items] };
  }
  return answer;
}

function saveItems(items: readonly Item[]): void {
  const rows = items.map((item) => [
    shown(item.node).title, item.node.key, item.task.name, item.task.key,
    item.used.name, item.used.version, item.newest.version,
  ]);
  const head = ["output", "output key", "task", "task key", "input", "used version", "newest version"];
  saveText("stale.csv", csv([head, ...rows]), "text/csv");
}

export default function Stale({ state }: { state: PageState }) {
  const [pages, setPages] = useState(1);
  const { data, error } = useQuery(
    `stale ${state.focus} ${pages}`,
    (signal) => list(state.focus, pages, signal),
    true,
  );
  return (
    <QueryPage
      title="What is stale?"
      lead={<p>Outputs made from something of which there is a newer version now.</p>}
      actions={
        data && data.items.length > 0 && (
          <button type="button" className="button" onClick={() => saveItems(data.items)}>
            Save as CSV
          </button>
        )
      }
    >
      {error && <Failure error={error} what="The answer could not be read." />}
      {!data && !error && <Loading />}
      {data && data.items.length === 0 && (
        <Empty title="Nothing is stale">
          <p>Every recorded output was made from the newest version of its inputs.</p>
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <>
          <p className="quiet">{plural(data.items.length, "stale output")}{data.next && " so far"}</p>
          <Table
            caption="Stale outputs"
            columns={COLUMNS}
            rows={data.items}
            rowKey={(item) => `${item.node.key} ${item.task.key} ${item.used.key}`}
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
