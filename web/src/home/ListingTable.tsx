/** A table whose headers sort what the server lists. */
import { ArrowDown, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { go } from "../app/useUrl";

export interface Column {
  name: string;
  /** The server's word for the sort; without one the column does not sort. */
  sort?: string;
  className?: string;
}

export function ListingTable(props: { caption: string; columns: readonly Column[]; sort: string; children: ReactNode }) {
  const { columns, sort } = props;
  const isDown = sort.startsWith("-");
  const by = sort.replace(/^-/, "");
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={props.caption}>
      <table className="table listing">
        <caption className="hidden">{props.caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, sort: own, className }) => {
              const isBy = own !== undefined && own === by;
              const order = isBy ? (isDown ? "descending" : "ascending") : "none";
              return (
                <th key={name} scope="col" className={className} aria-sort={own ? order : undefined}>
                  {own ? (
                    <button type="button" onClick={() => go({ sort: isBy && isDown ? own : isBy ? `-${own}` : own === "name" ? own : `-${own}` }, true)}>
                      {name}
                      {isBy && (isDown ? <ArrowDown size={13} aria-hidden="true" /> : <ArrowUp size={13} aria-hidden="true" />)}
                    </button>
                  ) : (
                    name
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}
