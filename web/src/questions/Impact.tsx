/** What deleting something would break. */
import { useMemo } from "react";
import type { ImpactAnswer } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Empty, Failure, Loading, NodeLine, Status } from "../app/ui";
import type { PageState } from "../app/url";
import { focusOn } from "../app/useUrl";
import { csv, saveText } from "../export/save";
import { shown } from "../model/titles";
import { kindWord, moment, plural } from "../model/format";
import { QueryPage } from "./QueryPage";
import { Table, type Column } from "./Table";

type Item = ImpactAnswer["remake"][number] & { isLost: boolean };

const COLUMNS: Column<Item>[] = [
  { name: "What", value: ({ node }) => shown(node).title, show: ({ node }) => <NodeLine node={node} /> },
  {
    name: "Effect",
    value: ({ isLost }) => (isLost ? 0 : 1),
    show: ({ isLost }) => (
      <span className={`badge ${isLost ? "badge-bad" : ""}`}>{isLost ? "loses every source" : "loses a source"}</span>
    ),
  },
  { name: "Kind", value: ({ node }) => kindWord(node.kind), show: ({ node }) => kindWord(node.kind) },
  { name: "Hops", value: ({ hops }) => hops, show: ({ hops }) => hops },
  { name: "Sources left", value: ({ left }) => left, show: ({ left }) => left },
  {
    name: "Status",
    value: ({ node }) => node.status ?? "",
    show: ({ node }) => <Status status={node.status} />,
  },
];

function saveItems(items: readonly Item[]): void {
  const rows = items.map(({ node, isLost, hops, left }) => [
    shown(node).title, node.key, node.kind, String(node.id), node.version, isLost ? "loses every source" : "loses a source", hops, left,
  ]);
  const head = ["title", "key", "kind", "id", "version", "effect", "hops", "sources left"];
  saveText("impact.csv", csv([head, ...rows]), "text/csv");
}

export default function Impact({ state }: { state: PageState }) {
  const asOf = state.at === null ? {} : { as_of: state.at };
  const { data, error } = useAnswer("graph.impact", state.focus ? { of: state.focus, ...asOf } : null);
  const items = useMemo<Item[]>(() => {
    if (!data) return [];
    return [
      ...data.remake.map((item) => ({ ...item, isLost: true })),
      ...data.loses_source.map((item) => ({ ...item, isLost: false })),
    ];
  }, [data]);
  const lead = data && (
    <>
      <div className="lead-nodes">
        {data.focus.map((node) => (
          <NodeLine key={node.key} node={node} />
        ))}
      </div>
      {state.at !== null && <p className="quiet">as of {moment(state.at)}</p>}
    </>
  );
  return (
    <QueryPage
      title="What depends on it?"
      lead={lead}
      actions={
        <>
          <button type="button" className="button" onClick={() => focusOn(state.focus, { up: 0, down: null, at: state.at, impact: state.focus })}>
            Show as a graph
          </button>
          {items.length > 0 && (
            <button type="button" className="button" onClick={() => saveItems(items)}>
              Save as CSV
            </button>
          )}
        </>
      }
    >
      {error && <Failure error={error} what="The answer could not be read." />}
      {!data && !error && <Loading />}
      {data && items.length === 0 && (
        <Empty title="Nothing depends on it">
          <p>No recorded task used it, and nothing was made from it.</p>
        </Empty>
      )}
      {data && items.length > 0 && (
        <>
          <p className="summary">
            <strong>{plural(data.remake.length, "node")}</strong> would lose every source,{" "}
            <strong>{plural(data.loses_source.length, "node")}</strong> would lose one and keep others.
            {data.truncated && " There is more than is shown here."}
          </p>
          <Table caption="What would be touched" columns={COLUMNS} rows={items} rowKey={({ node }) => node.key} />
        </>
      )}
    </QueryPage>
  );
}
