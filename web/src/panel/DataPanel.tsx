/** Everything known about one version of an artifact. */
import { useMemo, useState } from "react";
import type { DataDetail, Edge, GraphNode, NodeMap } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Copied, PageLink } from "../app/ui";
import { go } from "../app/useUrl";
import { bytes, moment, number, placeOf } from "../model/format";
import { DataEvents } from "./Events";
import { FolderFiles } from "./FolderFiles";
import { Preview } from "./Preview";
import { Columns, Values } from "./Tables";
import { VersionStrip } from "./VersionStrip";
import { Why } from "./Why";
import { EdgeList, Facts, Meta, Raw, Section, When } from "./parts";

/** Versions that are listed, at most: as many as one answer has. */
export const MOST_VERSIONS = 1000;

function Versions({ detail, onMore }: { detail: DataDetail; onMore: () => void }) {
  const [count, setCount] = useState(20);
  const { versions, node } = detail;
  const total = Math.max(detail.versions_total, versions.length);
  if (versions.length < 2) return null;
  const more = () => {
    setCount(count + 200);
    if (versions.length < total) onMore();
  };
  return (
    <Section title="Versions" count={total}>
      <VersionStrip versions={versions} total={total} current={node.key} />
      <ol className="versions">
        {versions.slice(0, count).map((one) => (
          <li key={one.key} aria-current={one.key === node.key ? "true" : undefined}>
            <PageLink to={one.key}>{one.version ?? one.key}</PageLink>
            <span>{one.created_at != null && moment(one.created_at)}</span>
            <span>{one.size != null && bytes(one.size)}</span>
          </li>
        ))}
      </ol>
      {Math.min(versions.length, count) < Math.min(total, MOST_VERSIONS) && (
        <button type="button" className="button" onClick={more}>
          Show more of {number(total)}
        </button>
      )}
    </Section>
  );
}

/** The tasks around a node by key; the edges carry only their keys. */
function useTasks(key: string, nodes: NodeMap): ReadonlyMap<string, GraphNode> {
  const near = useAnswer("graph.get", { select: key, up: 1, down: 1, limit: 400 });
  return useMemo(() => {
    const found = new Map(nodes);
    for (const node of near.data?.nodes ?? []) found.set(node.key, node);
    return found;
  }, [near.data, nodes]);
}

export interface DataPanelProps {
  detail: DataDetail;
  nodes: NodeMap;
  /** Asks for the other versions too. */
  onMore: () => void;
}

export function DataPanel({ detail, nodes: drawn, onMore }: DataPanelProps) {
  const { node } = detail;
  const tasks = useTasks(node.key, drawn);
  const pick = (edge: Edge) => tasks.get(edge.task);
  const unique = (edges: readonly Edge[]) => new Set(edges.map((edge) => edge.task)).size;
  const newest = detail.versions[0];
  const place = placeOf(node.id);
  const isOld = newest && newest.key !== node.key && detail.versions.length > 1;
  return (
    <>
      <Facts
        facts={[
          [place.path === String(node.id) ? "Id" : "Path", <Copied key="id" text={place.path} />],
          ["Machine", place.machine],
          ["Name", node.name === String(node.id) ? null : node.name],
          ["Recorded as", detail.path && detail.path !== String(node.id) && <Copied text={placeOf(detail.path).path} />],
          ["Version", node.version],
          ["Newest", isOld ? <button type="button" className="link" onClick={() => go({ focus: newest.key, sel: newest.key })}>{newest.version ?? newest.key}</button> : null],
          ["Size", node.size != null ? bytes(node.size) : null],
          ["Digest", node.digest && <Copied text={node.digest} label={`${node.digest.slice(0, 19)}…`} />],
          ["Owner", (detail.owners ?? []).join(", ") || null],
          ["First seen", <When key="at" at={node.created_at} />],
          ["Selector", <Copied key="key" text={node.key} />],
        ]}
      />
      <Preview detail={detail} />
      {detail.file_count != null && <FolderFiles id={node.key} count={detail.file_count} />}
      <Columns columns={detail.columns ?? []} />
      <Values title="Tags" values={detail.tags} />
      {detail.versions.length > 1 && <Why id={node.key} />}
      <Versions detail={detail} onMore={onMore} />
      <Section title="Produced by" count={unique(detail.produced_by)}>
        {detail.produced_by.length === 0 && <p className="quiet">No recorded task produced it.</p>}
        <EdgeList edges={detail.produced_by} nodes={tasks} drawn={drawn} pick={pick} />
      </Section>
      <Section title="Used by" count={unique(detail.used_by)}>
        {detail.used_by.length === 0 && <p className="quiet">No recorded task used it.</p>}
        <EdgeList edges={detail.used_by} nodes={tasks} drawn={drawn} pick={pick} />
      </Section>
      <Meta meta={detail.meta} />
      {detail.has_facets && <DataEvents id={node.key} />}
      <Raw value={detail} />
    </>
  );
}
