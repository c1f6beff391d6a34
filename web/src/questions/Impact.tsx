/** What deleting something would break. */
import { useMemo } from "react";
import type { ImpactAnswer } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Copied, Empty, Failure, Loading, NodeLine, Stale } from "../app/ui";
import type { PageState } from "../app/url";
import { focusOn } from "../app/useUrl";
import { csv, saveText } from "../export/save";
import { shown } from "../model/titles";
import { kindWord, moment, number, plural } from "../model/format";
import { About } from "./About";
import { QueryPage } from "./QueryPage";
import { Table, type Column } from "./Table";

type Effect = "rebuild" | "loses a source" | "possibly affected";
type Item = ImpactAnswer["remake"][number] & { effect: Effect };

const EFFECTS: readonly Effect[] = ["rebuild", "loses a source", "possibly affected"];
const EFFECT_WORDS: Record<Effect, string> = {
  rebuild: "must be rebuilt",
  "loses a source": "loses one of its sources",
  "possibly affected": "possibly affected",
};

const COLUMNS: Column<Item>[] = [
  { name: "What", value: ({ node }) => shown(node).title, show: ({ node }) => <NodeLine node={node} /> },
  {
    name: "Effect",
    value: ({ effect }) => EFFECTS.indexOf(effect),
    show: ({ effect }) => <span className={`badge ${effect === "rebuild" ? "badge-bad" : ""}`}>{EFFECT_WORDS[effect]}</span>,
  },
  { name: "Kind", value: ({ node }) => kindWord(node.kind), show: ({ node }) => kindWord(node.kind) },
  { name: "Hops", value: ({ hops }) => hops, show: ({ hops }) => hops },
  { name: "Other sources", value: ({ left }) => left, show: ({ left }) => left },
  {
    name: "Status",
    value: ({ node }) => (node.is_stale ? "stale" : ""),
    show: ({ node }) => node.is_stale && <Stale />,
  },
];

function saveItems(items: readonly Item[]): void {
  const rows = items.map(({ node, effect, hops, left }) => [
    shown(node).title, node.key, node.kind, String(node.id), node.version, EFFECT_WORDS[effect], hops, left,
  ]);
  const head = ["title", "key", "kind", "id", "version", "effect", "hops", "other sources"];
  saveText("impact.csv", csv([head, ...rows]), "text/csv");
}

/** The tasks to run again, in order, with their commands. */
function Reruns({ reruns }: { reruns: NonNullable<ImpactAnswer["reruns"]> }) {
  if (reruns.length === 0) return null;
  return (
    <section aria-labelledby="reruns">
      <h2 id="reruns">To run again, in this order</h2>
      <ol className="reruns">
        {reruns.map(({ task, command }) => (
          <li key={task.key}>
            <NodeLine node={task} /> {command && <Copied text={command} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

export default function Impact({ state }: { state: PageState }) {
  const asOf = state.at === null ? {} : { as_of: state.at };
  const { data, error } = useAnswer("graph.impact", state.focus ? { of: state.focus, ...asOf } : null);
  const items = useMemo<Item[]>(() => {
    if (!data) return [];
    const all = (list: ImpactAnswer["remake"] | undefined, effect: Effect) => (list ?? []).map((item) => ({ ...item, effect }));
    return [
      ...all(data.remake, "rebuild"),
      ...all(data.loses_source, "loses a source"),
      ...all(data.possibly, "possibly affected"),
    ];
  }, [data]);
  const lead = data && (
    <>
      <About nodes={data.focus} />
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
          {data.used_by?.length ? (
            <p>{plural(data.used_by.length, "task")} used it; no artifact that exists now was made from it.</p>
          ) : (
            <p>No recorded task used it, and nothing was made from it.</p>
          )}
        </Empty>
      )}
      {data && items.length > 0 && (
        <>
          <p className="summary">
            <strong>{plural(data.remake.length, "artifact")}</strong> must be rebuilt,{" "}
            <strong>{plural(data.loses_source.length, "artifact")}</strong> would lose one source and keep others,{" "}
            <strong>{number(data.possibly?.length ?? 0)}</strong> possibly affected.
            {(data.superseded ?? 0) > 0 && ` ${plural(data.superseded ?? 0, "superseded version")} not listed.`}
            {data.truncated && " There is more than is shown here."}
          </p>
          <Table caption="What would be touched" columns={COLUMNS} rows={items} rowKey={({ node }) => node.key} />
          <Reruns reruns={data.reruns ?? []} />
        </>
      )}
    </QueryPage>
  );
}
