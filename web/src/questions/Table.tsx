/** A table whose columns sort it. */
import { ArrowDown, ArrowUp } from "lucide-react";
import { useState, type ReactNode } from "react";

export interface Column<Row> {
  name: string;
  /** What the row is sorted by. */
  value: (row: Row) => string | number;
  show: (row: Row) => ReactNode;
  /** What neighbouring rows have in common when they share one cell of this column. */
  group?: (row: Row) => string;
}

/** How many rows each cell of a column spans; 0: it is part of the cell above. */
export function spansOf<Row>(rows: readonly Row[], group: (row: Row) => string): number[] {
  const spans = rows.map(() => 0);
  let first = 0;
  rows.forEach((row, at) => {
    if (at > 0 && group(row) !== group(rows[at - 1] as Row)) first = at;
    spans[first] = (spans[first] ?? 0) + 1;
  });
  return spans;
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
  const spans = props.columns.map(({ group }) => (group ? spansOf(rows, group) : null));
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={props.caption}>
      <table className={spans.some(Boolean) ? "table is-grouped" : "table"}>
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
          {rows.map((row, at) => (
            <tr key={props.rowKey(row)}>
              {props.columns.map(({ name, show }, index) => {
                const span = spans[index]?.[at] ?? 1;
                return span > 0 && <td key={name} data-column={name} rowSpan={spans[index] ? span : undefined}>{show(row)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
