/** The table of artifacts: models or data, one row each. */
import type { MouseEvent } from "react";
import type { ArtifactSummary } from "../api/types";
import { Middle, PageLink, Stale } from "../app/ui";
import { StatTile } from "../app/StatTile";
import { focusOn } from "../app/useUrl";
import { ago, bytes, kindWord, moment, number, placeOf, plural } from "../model/format";
import { shown } from "../model/titles";
import { ListingTable, type Column } from "./ListingTable";

const COLUMNS: readonly Column[] = [
  { name: "Artifact", sort: "name" },
  { name: "Versions", sort: "versions", className: "col-count" },
  { name: "Produced by", className: "col-runs" },
  { name: "Used by", className: "col-runs" },
  { name: "Size", className: "col-took" },
  { name: "Changed", sort: "changed", className: "col-time" },
];

function onRow(event: MouseEvent, key: string): void {
  if ((event.target as Element).closest("a, button, input") || getSelection()?.toString()) return;
  focusOn(key);
}

function Row({ row }: { row: ArtifactSummary }) {
  const { node } = row;
  const id = String(node.id);
  return (
    <tr className="artifact-row" onClick={(event) => onRow(event, node.key)}>
      <th scope="row">
        <div className="run">
          <StatTile node={node} />
          <span className="task-main">
            <span className="task-name" dir="auto">
              <PageLink to={node.key}>{shown(node).title}</PageLink>{" "}
              {node.is_stale && <Stale />}
            </span>
            <span className="task-flow task-place" dir="auto" title={id}>
              <span>{kindWord(node.kind)} · </span>
              <Middle text={placeOf(node.id).path} />
            </span>
          </span>
        </div>
      </th>
      <td className="col-count">{number(row.versions)}</td>
      <td className="col-runs">{plural(row.produced_by, "run")}</td>
      <td className="col-runs">{plural(row.used_by, "run")}</td>
      <td className="col-took">{node.size != null ? bytes(node.size) : ""}</td>
      <td className="col-time">
        {node.created_at != null && <time title={moment(node.created_at)}>{ago(node.created_at)}</time>}
      </td>
    </tr>
  );
}

export function Artifacts({ rows, sort }: { rows: readonly ArtifactSummary[]; sort: string }) {
  return (
    <ListingTable caption="Artifacts" columns={COLUMNS} sort={sort}>
      {rows.map((row) => (
        <Row key={row.node.key} row={row} />
      ))}
    </ListingTable>
  );
}
