/** What differs between two tasks. */
import { ArrowLeftRight } from "lucide-react";
import type { DiffAnswer, DiffItem } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Empty, Failure, Loading, NodeLine, Status } from "../app/ui";
import type { PageState } from "../app/url";
import { go } from "../app/useUrl";
import { Search } from "../home/Search";
import { ago, moment, plural, valueWords } from "../model/format";
import { QueryPage } from "./QueryPage";

const CHANGES = [
  ["version", "Other version"],
  ["unknown", "Unknown whether the same"],
  ["added", "Only in the second"],
  ["removed", "Only in the first"],
  ["same", "The same"],
] as const;

function Side({ name, id, answer }: { name: "a" | "b"; id: string; answer: DiffAnswer | null }) {
  const node = answer?.[name];
  const label = name === "a" ? "First task" : "Second task";
  return (
    <div className="side">
      <h2>{label}</h2>
      {node && (
        <>
          <NodeLine node={node} />
          <p>
            <Status status={node.status} />{" "}
            {node.started_at != null && <time title={moment(node.started_at)}>{ago(node.started_at)}</time>}
          </p>
        </>
      )}
      {!node && id && <code>{id}</code>}
      <Search
        label={id ? "Choose another" : `Search the ${label.toLowerCase()}`}
        kinds={["task"]}
        onChoose={(key) => go({ [name]: key })}
        autoFocus={!id && (name === "a" || answer === null)}
      />
    </div>
  );
}

function Change({ item }: { item: DiffItem }) {
  return (
    <tr className={`change-${item.change}`}>
      <td>{item.direction}</td>
      <td>{item.a ? <NodeLine node={item.a} /> : <span className="quiet">—</span>}</td>
      <td>
        {item.b ? <NodeLine node={item.b} /> : <span className="quiet">—</span>}
        <Files files={item.files ?? []} />
      </td>
    </tr>
  );
}

const SECTIONS = [
  ["params", "Parameters"],
  ["metrics", "Metrics"],
  ["environment", "Environment"],
  ["fields", "Run"],
] as const;

/** Properties in which the runs differ, side by side. */
function Fields({ title, fields }: { title: string; fields: NonNullable<DiffAnswer["fields"]> }) {
  if (fields.length === 0) return null;
  return (
    <section>
      <h2>
        {title} <small>{fields.length}</small>
      </h2>
      <table className="table diff">
        <caption className="hidden">{title} in which the runs differ</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">First</th>
            <th scope="col">Second</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field.field}>
              <th scope="row">{field.field.replaceAll("_", " ")}</th>
              {valueWords(field.a, field.b).map((word, side) => (
                <td key={side} dir="auto">{word}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The files in which two versions of a folder differ. */
function Files({ files }: { files: NonNullable<DiffItem["files"]> }) {
  if (files.length === 0) return null;
  return (
    <details>
      <summary>{plural(files.length, "file")} of it</summary>
      <ul className="plain">
        {files.slice(0, 200).map((file) => (
          <li key={file.name} dir="auto">
            {file.name} <span className="quiet">{file.change}</span>
          </li>
        ))}
        {files.length > 200 && <li>and {files.length - 200} more</li>}
      </ul>
    </details>
  );
}

function Diff({ answer }: { answer: DiffAnswer }) {
  const differs = SECTIONS.some(([name]) => (answer[name] ?? []).length > 0);
  if (answer.is_same && !differs && answer.items.length === 0) {
    return <Empty title="They recorded the same" />;
  }
  return (
    <>
      {answer.is_same && <p className="summary">Both used and produced the same versions.</p>}
      {SECTIONS.map(([name, title]) => (
        <Fields key={name} title={title} fields={answer[name] ?? []} />
      ))}
      {CHANGES.map(([change, title]) => {
        const items = answer.items.filter((item) => item.change === change);
        if (items.length === 0) return null;
        return (
          <section key={change} className={`changes changes-${change}`}>
            <h2>
              {title} <small>{items.length}</small>
            </h2>
            <table className="table diff">
              <caption className="hidden">{title}</caption>
              <thead>
                <tr>
                  <th scope="col">Direction</th>
                  <th scope="col">First</th>
                  <th scope="col">Second</th>
                </tr>
              </thead>
              <tbody>
                {items.map((item) => (
                  <Change key={`${item.direction} ${item.a?.key} ${item.b?.key}`} item={item} />
                ))}
              </tbody>
            </table>
          </section>
        );
      })}
    </>
  );
}

export default function Compare({ state }: { state: PageState }) {
  const isAsked = state.a !== "" && state.b !== "";
  const { data, error } = useAnswer("graph.diff", isAsked ? { a: state.a, b: state.b } : null);
  return (
    <QueryPage
      title="What differs between two tasks?"
      actions={
        isAsked && (
          <button type="button" className="button" onClick={() => go({ a: state.b, b: state.a })}>
            <ArrowLeftRight size={15} aria-hidden="true" /> Swap
          </button>
        )
      }
    >
      <div className="sides">
        <Side name="a" id={state.a} answer={data} />
        <Side name="b" id={state.b} answer={data} />
      </div>
      {error && <Failure error={error} what="The two could not be compared." />}
      {isAsked && !data && !error && <Loading />}
      {data && <Diff answer={data} />}
    </QueryPage>
  );
}
