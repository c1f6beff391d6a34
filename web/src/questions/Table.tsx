/** A table whose columns sort it. */
import { ArrowDown, ArrowUp } from "lucide-react";
import { useState, type ReactNode } from "react";

export interface Column<Row> {
  name: string;
  /** What the row is sorted by. */
  value: (row: Row) => string | number;
  show: (row: Row) => ReactNode;
}

export function sorted<Row>(rows: readonly Row[], value: (row: Row) => string | number, isDown: boolean): Row[] {
  const compare = (a: string | number, b: string | number) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return [...rows].sort((a, b) => compare(value(a), value(b)) * (isDown ? -1 : 1));
}

export function Table<Row>(props: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}) {
  const [by, setBy] = useState<{ column: number; isDown: boolean } | null>(null);
  const column = by ? props.columns[by.column] : undefined;
  const rows = by && column ? sorted(props.rows, column.value, by.isDown) : props.rows;
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={props.caption}>
      <table className="table">
        <caption className="hidden">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map(({ name }, index) => {
              const isBy = by?.column === index;
              const order = !isBy ? "none" : by.isDown ? "descending" : "ascending";
              return (
                <th key={name} scope="col" aria-sort={order}>
                  <button type="button" onClick={() => setBy({ column: index, isDown: isBy && !by.isDown })}>
                    {name}
                    {isBy && (by.isDown ? <ArrowDown size={13} /> : <ArrowUp size={13} />)}
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.rowKey(row)}>
              {props.columns.map(({ name, show }) => (
                <td key={name} data-column={name}>{show(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
