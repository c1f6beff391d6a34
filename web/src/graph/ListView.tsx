/** The graph as a table, for screen readers and for those who like tables. */
import { NodeLine, Status } from "../app/ui";
import type { GraphNode } from "../api/types";
import { passes } from "../model/filter";
import type { Graph } from "../model/merge";
import type { PageState } from "../app/url";
import { kindWord, moment } from "../model/format";

function near(graph: Graph, key: string, way: "up" | "down"): GraphNode[] {
  return [...graph.edges.values()].flatMap((edge) => {
    const other = way === "up" ? (edge.target === key ? edge.source : "") : edge.source === key ? edge.target : "";
    return graph.nodes.get(other) ?? [];
  });
}

function Names({ nodes, onSelect }: { nodes: GraphNode[]; onSelect: (key: string) => void }) {
  return (
    <ul className="plain">
      {nodes.slice(0, 5).map((node) => (
        <li key={node.key}>
          <NodeLine node={node} onOpen={() => onSelect(node.key)} />
        </li>
      ))}
      {nodes.length > 5 && <li>and {nodes.length - 5} more</li>}
    </ul>
  );
}

export function ListView(props: {
  graph: Graph;
  state: PageState;
  present: ReadonlySet<string> | null;
  onSelect: (key: string) => void;
}) {
  const { graph, state, present, onSelect } = props;
  const nodes = [...graph.nodes.values()].filter(
    (node) => passes(node, state) && (!present || present.has(node.key)),
  );
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label="The graph as a list">
      <table className="table">
        <caption className="hidden">Nodes of the graph and what they are joined to</caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Kind</th>
            <th scope="col">Status or version</th>
            <th scope="col">When</th>
            <th scope="col">Comes from</th>
            <th scope="col">Leads to</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <tr key={node.key} aria-selected={node.key === state.sel}>
              <th scope="row">
                <NodeLine node={node} onOpen={() => onSelect(node.key)} />
              </th>
              <td>{kindWord(node.kind)}</td>
              <td>{node.type === "task" ? <Status status={node.status} /> : node.version}</td>
              <td>{(node.started_at ?? node.created_at) != null && moment((node.started_at ?? node.created_at) as number)}</td>
              <td>
                <Names nodes={near(graph, node.key, "up")} onSelect={onSelect} />
              </td>
              <td>
                <Names nodes={near(graph, node.key, "down")} onSelect={onSelect} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
