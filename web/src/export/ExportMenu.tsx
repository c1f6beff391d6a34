/** Exports the graph: the picture as it is drawn, and the documents that the server writes. */
import { useState } from "react";
import { exported } from "../api/client";
import type { Depth, PageState } from "../app/url";
import type { Scene } from "../graph/scene";
import type { Grouped } from "../model/overview";
import { draw, png, svg, type Placed } from "./drawing";
import { save, saveText } from "./save";

interface Props {
  state: PageState;
  grouped: Grouped;
  scene: Scene;
  layout: Placed;
}

/** Format, its name, what it is for, and its file. */
const DOCUMENTS = [
  ["html", "HTML", "opens without a network", "lineage.html"],
  ["json", "JSON", "nodes, edges, details", "lineage.json"],
  ["csv", "CSV", "one row for each edge", "lineage.csv"],
  ["mermaid", "Mermaid", "for Markdown", "lineage.mmd"],
  ["dot", "DOT", "for Graphviz", "lineage.dot"],
  ["graphml", "GraphML", "for Gephi, yEd", "lineage.graphml"],
  ["prov", "PROV", "W3C PROV-JSON", "prov.json"],
  ["ro-crate", "RO-Crate", "for archives", "ro-crate-metadata.json"],
  ["ml-bom", "ML-BOM", "CycloneDX", "ml-bom.cdx.json"],
  ["openlineage", "OpenLineage", "events, one a line", "openlineage.jsonl"],
] as const;

function extent(up: Depth, down: Depth): string {
  const words = (depth: Depth) => (depth === null ? "all" : String(depth));
  return `${words(up)} upstream, ${words(down)} downstream`;
}

export function ExportMenu({ state, grouped, scene, layout }: Props) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState("");
  const drawing = () => draw(grouped, scene, layout);
  const attempt = (name: string, work: () => Promise<void>) => {
    setProblem("");
    setBusy(name);
    work()
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(""));
  };
  const fetchDocument = (format: (typeof DOCUMENTS)[number][0] | "passport", file: string) =>
    attempt(format, async () => {
      // A passport is the whole origin; the other documents are what is drawn.
      const hops = format === "passport" ? { up: null, down: 0 } : { up: state.up, down: state.down };
      save(file, await exported({ select: state.focus, format, ...hops }));
    });
  const entry = (key: string, name: string, words: string, run: () => void) => (
    <li key={key}>
      <button type="button" onClick={run} disabled={busy !== ""} aria-busy={busy === key}>
        {name} <small>{busy === key ? "being written…" : words}</small>
      </button>
    </li>
  );
  return (
    <>
      <h3 className="menu-head">The picture</h3>
      <ul className="menu">
        {entry("png", "PNG", "picture", () => attempt("png", async () => save("lineage.png", await png(drawing()))))}
        {entry("svg", "SVG", "drawing", () => saveText("lineage.svg", svg(drawing()), "image/svg+xml"))}
      </ul>
      <h3 className="menu-head">
        Documents <small>{extent(state.up, state.down)}</small>
      </h3>
      <ul className="menu menu-wide">
        {DOCUMENTS.map(([format, name, words, file]) => entry(format, name, words, () => fetchDocument(format, file)))}
      </ul>
      <h3 className="menu-head">The origin</h3>
      <ul className="menu">{entry("passport", "Passport", "all documents, everything upstream, as zip", () => fetchDocument("passport", "passport.zip"))}</ul>
      {problem && <p role="alert">{problem}</p>}
    </>
  );
}
