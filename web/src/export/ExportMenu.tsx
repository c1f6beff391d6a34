/** Exports the graph as a picture or as text. */
import { useState } from "react";
import type { Grouped } from "../model/group";
import type { Graph } from "../model/merge";
import type { Scene } from "../graph/scene";
import { draw, png, svg, type Placed } from "./drawing";
import { save, saveText } from "./save";
import { dot, json, mermaid } from "./text";

interface Props {
  graph: Graph;
  grouped: Grouped;
  scene: Scene;
  layout: Placed;
}

export function ExportMenu(props: Props) {
  const { graph, grouped, scene, layout } = props;
  const [problem, setProblem] = useState("");
  const drawing = () => draw(grouped, scene, layout);
  const picture = () => {
    png(drawing()).then(
      (blob) => save("lineage.png", blob),
      (error: unknown) => setProblem(String(error)),
    );
  };
  const choices: [string, string, () => void][] = [
    ["PNG", "picture", picture],
    ["SVG", "drawing", () => saveText("lineage.svg", svg(drawing()), "image/svg+xml")],
    ["Mermaid", "for Markdown", () => saveText("lineage.mmd", mermaid(graph))],
    ["DOT", "for Graphviz", () => saveText("lineage.dot", dot(graph))],
    ["JSON", "the data", () => saveText("lineage.json", json(graph), "application/json")],
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
