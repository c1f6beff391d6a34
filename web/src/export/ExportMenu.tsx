/** Exports the graph as a picture or as text. */
import { useState } from "react";
import { query } from "../api/client";
import type { PageState } from "../app/url";
import { merge, type Graph } from "../model/merge";
import type { Grouped } from "../model/overview";
import type { Scene } from "../graph/scene";
import { draw, png, svg, type Placed } from "./drawing";
import { save, saveText } from "./save";
import { dot, json, mermaid } from "./text";

interface Props {
  state: PageState;
  grouped: Grouped;
  scene: Scene;
  layout: Placed;
}

export function ExportMenu(props: Props) {
  const { state, grouped, scene, layout } = props;
  const [problem, setProblem] = useState("");
  const drawing = () => draw(grouped, scene, layout);
  const picture = () => {
    png(drawing()).then(
      (blob) => save("lineage.png", blob),
      (error: unknown) => setProblem(String(error)),
    );
  };
  const text = (name: string, write: (graph: Graph) => string, type?: string) => {
    const { focus: select, up, down } = state;
    query("graph.get", { select, up, down, limit: 5000 }, new AbortController().signal).then(
      (answer) => saveText(name, write(merge([answer])), type),
      (error: unknown) => setProblem(String(error)),
    );
  };
  const choices: [string, string, () => void][] = [
    ["PNG", "picture", picture],
    ["SVG", "drawing", () => saveText("lineage.svg", svg(drawing()), "image/svg+xml")],
    ["Mermaid", "for Markdown", () => text("lineage.mmd", mermaid)],
    ["DOT", "for Graphviz", () => text("lineage.dot", dot)],
    ["JSON", "the data", () => text("lineage.json", json, "application/json")],
  ];
  return (
    <ul className="menu">
      {choices.map(([name, words, run]) => (
        <li key={name}>
          <button type="button" onClick={run}>
            {name} <small>{words}</small>
          </button>
        </li>
      ))}
      {problem && <li role="alert">{problem}</li>}
    </ul>
  );
}
