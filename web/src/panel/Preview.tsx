/** What can be seen of a version's content: rows of a table, a text, an image. */
import { useEffect, useState } from "react";
import { preview } from "../api/client";
import type { DataDetail, TableRows } from "../api/types";
import { useAnswer, useQuery } from "../api/useAnswer";
import { Loading } from "../app/ui";
import { number, plural, short } from "../model/format";
import { rowsOf } from "../model/rows";
import { Section } from "./parts";

/** Characters of a text that are shown, at most. */
const MAX_TEXT = 20_000;

interface Seen {
  text: string | null;
  blob: Blob;
}

interface Head {
  name: string;
  /** Under the name; may be empty. */
  type: string;
}

/** The first rows of a table. */
function Rows({ head, rows }: { head: readonly Head[]; rows: readonly (readonly string[])[] }) {
  return (
    <div className="table-box rows" tabIndex={0} role="region" aria-label="First rows">
      <table className="table">
        <thead>
          <tr>
            {head.map(({ name, type }, at) => (
              <th key={at} scope="col" dir="auto">
                {name}
                {type && <small className="column-type">{type}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map((cell, at) => (
                <td key={at} dir="auto" title={cell.length > 80 ? cell : undefined}>
                  {short(cell, 80)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sizeOf({ rows_total, columns_total, columns = [] }: TableRows): string {
  const parts = [rows_total == null ? null : plural(rows_total, "row"), plural(columns_total, "column")];
  const shown = columns.length < columns_total ? `; shown are the first ${number(columns.length)} columns` : "";
  return parts.filter(Boolean).join(", ") + shown;
}

/** A table that the server reads, because its file is no text. */
function ReadTable({ id }: { id: string }) {
  const { data, error } = useAnswer("data.rows", { key: id });
  if (error) return <p className="quiet">{error.message}</p>;
  if (!data) return <Loading lines={3} />;
  const { columns = [], rows = [], note } = data;
  return (
    <>
      {columns.length > 0 && <p className="quiet">{sizeOf(data)}</p>}
      {columns.length > 0 && <Rows head={columns} rows={rows} />}
      {note && <p className="quiet">{note}</p>}
    </>
  );
}

function TextOrImage({ detail }: { detail: DataDetail }) {
  const { key, name } = detail.node;
  const answer = useQuery<Seen>(`preview ${key}`, async (signal) => {
    const blob = await preview(key, signal);
    const text = detail.preview === "text" ? (await blob.text()).slice(0, MAX_TEXT) : null;
    return { text, blob };
  });
  const [address, setAddress] = useState("");
  const blob = answer.data?.blob;
  useEffect(() => {
    if (!blob || detail.preview !== "image") return;
    const made = URL.createObjectURL(blob);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [blob, detail.preview]);
  if (answer.error) return <p className="quiet">{answer.error.message}</p>;
  if (!answer.data) return <Loading lines={3} />;
  const { text } = answer.data;
  const [head, ...rows] = (text === null ? null : rowsOf(name, text)) ?? [];
  if (head) return <Rows head={head.map((column) => ({ name: column, type: "" }))} rows={rows} />;
  if (text !== null) {
    return (
      <pre className="raw preview" tabIndex={0} dir="auto">
        {text}
      </pre>
    );
  }
  return address ? <img className="preview" src={address} alt={`Preview of ${name}`} /> : null;
}

export function Preview({ detail }: { detail: DataDetail }) {
  if (!detail.preview) return null;
  return (
    <Section title="Preview">
      {detail.preview === "table" ? <ReadTable id={detail.node.key} /> : <TextOrImage detail={detail} />}
    </Section>
  );
}
