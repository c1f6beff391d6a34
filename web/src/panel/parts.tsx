/** Pieces of the panel: sections, pairs of names and values, raw JSON. */
import type { ReactNode } from "react";
import type { Edge, GraphNode, NodeMap } from "../api/types";
import { Copied, NodeLine } from "../app/ui";
import { go } from "../app/useUrl";
import { moment } from "../model/format";

export function Section(props: { title: string; count?: number; isFolded?: boolean; children: ReactNode }) {
  return (
    <details className="section" open={!props.isFolded}>
      <summary>
        <h3>
          {props.title}
          {props.count !== undefined && <small>{props.count}</small>}
        </h3>
      </summary>
      {props.children}
    </details>
  );
}

export type Fact = readonly [string, ReactNode];

/** Names and values; what is unknown is left out. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  if (known.length === 0) return null;
  return (
    <dl className="facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function When({ at }: { at: number | null | undefined }) {
  if (at == null) return null;
  return <time dateTime={new Date(at * 1000).toISOString()}>{moment(at)}</time>;
}

export function Raw({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <Section title="Raw JSON" isFolded>
      <Copied text={text} label="copy" />
      <pre className="raw" tabIndex={0}>
        {text.length > 100_000 ? `${text.slice(0, 100_000)}\n…` : text}
      </pre>
    </Section>
  );
}

export function Meta({ meta }: { meta: Record<string, unknown> | null | undefined }) {
  if (!meta || Object.keys(meta).length === 0) return null;
  return (
    <Section title="Meta" isFolded>
      <pre className="raw" tabIndex={0}>
        {JSON.stringify(meta, null, 2)}
      </pre>
    </Section>
  );
}

/** The step or steps in which an edge was recorded, and what it names. */
function EdgeNote({ edge, nodes, steps }: { edge: Edge; nodes: NodeMap; steps: ReadonlyMap<string, string> }) {
  const step = edge.step ? (steps.get(edge.step) ?? null) : null;
  const from = (edge.derived_from ?? []).flatMap((key) => nodes.get(key)?.name ?? []);
  const parts = [step && `in ${step}`, from.length > 0 && `from ${from.join(", ")}`];
  const text = parts.filter(Boolean).join(" · ");
  return text ? (
    <small className="edge-note" dir="auto">
      {text}
    </small>
  ) : null;
}

/** The nodes at the other end of edges, each once. */
export function EdgeList(props: {
  edges: readonly Edge[];
  nodes: NodeMap;
  /** Nodes of the graph beside: a click selects them there. */
  drawn: NodeMap;
  steps?: ReadonlyMap<string, string>;
  pick: (edge: Edge) => GraphNode | undefined;
}) {
  const seen = new Map<string, { node: GraphNode; edge: Edge }>();
  for (const edge of props.edges) {
    const node = props.pick(edge);
    if (node && !seen.has(node.key)) seen.set(node.key, { node, edge });
  }
  const items = [...seen.values()];
  return (
    <ul className="plain lines">
      {items.slice(0, 200).map(({ node, edge }) => (
        <li key={node.key}>
          <NodeLine node={node} {...(props.drawn.has(node.key) ? { onOpen: () => go({ sel: node.key }) } : {})} />
          <EdgeNote edge={edge} nodes={props.nodes} steps={props.steps ?? new Map()} />
        </li>
      ))}
      {items.length > 200 && <li>and {items.length - 200} more</li>}
    </ul>
  );
}
