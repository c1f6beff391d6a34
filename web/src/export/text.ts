/** The graph in languages that other tools read. */
import type { GraphEdge, GraphNode } from "../api/types";
import type { Graph } from "../model/merge";
import { shown } from "../model/titles";
import { kindWord, short } from "../model/format";

function label(node: GraphNode): string {
  const version = node.version ? ` ${node.version}` : "";
  return `${short(shown(node).title, 60)}${version}`;
}

function names(graph: Graph): Map<string, string> {
  return new Map([...graph.nodes.keys()].map((key) => [key, key.replace(/\W/g, "_")]));
}

function ends(graph: Graph): { from: string; to: string; edge: GraphEdge }[] {
  const ids = names(graph);
  return [...graph.edges.values()].map((edge) => ({
    from: ids.get(edge.source) ?? "",
    to: ids.get(edge.target) ?? "",
    edge,
  }));
}

/** Entities in place of all that Mermaid gives a meaning to. */
function mermaidText(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,_/:@()+-]/gu, (character) => `#${character.codePointAt(0)};`);
}

export function mermaid(graph: Graph): string {
  const ids = names(graph);
  const lines = ["flowchart LR"];
  for (const [key, node] of graph.nodes) {
    const [open, close] = node.type === "task" ? ["([", "])"] : ["[", "]"];
    const text = mermaidText(`${label(node)} (${kindWord(node.kind)})`);
    lines.push(`  ${ids.get(key)}${open}"${text}"${close}`);
  }
  for (const { from, to, edge } of ends(graph)) {
    lines.push(`  ${from} ${edge.role !== "input" && edge.role !== "output" ? "-.->" : "-->"} ${to}`);
  }
  return `${lines.join("\n")}\n`;
}

function dotText(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replace(/\s+/g, " ")}"`;
}

export function dot(graph: Graph): string {
  const ids = names(graph);
  const lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];'];
  for (const [key, node] of graph.nodes) {
    const shape = node.type === "task" ? "oval" : "box";
    lines.push(`  ${ids.get(key)} [shape=${shape}, label=${dotText(label(node))}, tooltip=${dotText(key)}];`);
  }
  for (const { from, to, edge } of ends(graph)) {
    lines.push(`  ${from} -> ${to}${edge.role !== "input" && edge.role !== "output" ? " [style=dashed]" : ""};`);
  }
  return `${lines.join("\n")}\n}\n`;
}

export function json(graph: Graph): string {
  const { focus } = graph;
  const nodes = [...graph.nodes.values()];
  const edges = [...graph.edges.values()];
  return `${JSON.stringify({ nodes, edges, focus }, null, 2)}\n`;
}
