import { expect, test } from "vitest";
import { connected } from "../src/model/highlight";
import { edgeKey } from "../src/model/path";
import { edge } from "./make";

const all = (edges: ReturnType<typeof edge>[]) => new Map(edges.map((one) => [edgeKey(one), one]));

test("everything up and down is highlighted, and nothing beside it", () => {
  const highlight = connected(["task:1"], all([edge("data:1", "task:1"), edge("task:1", "data:2"), edge("data:1", "task:9")]));
  expect([...highlight.items].sort()).toEqual(["data:1", "data:2", "task:1"]);
});

test("an output that names its inputs lights only those", () => {
  const edges = all([
    edge("data:1", "task:1"),
    edge("data:2", "task:1"),
    edge("task:1", "data:3", { derived_from: ["data:2"] }),
    edge("task:1", "data:4"),
  ]);
  expect([...connected(["data:3"], edges).items].sort()).toEqual(["data:2", "data:3", "task:1"]);
  expect([...connected(["data:4"], edges).items].sort()).toEqual(["data:1", "data:2", "data:4", "task:1"]);
  expect([...connected(["data:1"], edges).items].sort()).toEqual(["data:1", "data:4", "task:1"]);
});

test("steps of one task light apart", () => {
  const edges = all([
    edge("data:1", "task:1"),
    edge("task:1", "data:2", { made_from: ["data:1"] }),
    edge("data:2", "task:1"),
    edge("task:1", "data:3", { made_from: ["data:2"] }),
    edge("task:1", "data:4", { made_from: [] }),
  ]);
  expect([...connected(["data:2"], edges).items].sort()).toEqual(["data:1", "data:2", "data:3", "task:1"]);
  expect([...connected(["data:4"], edges).items].sort()).toEqual(["data:4", "task:1"]);
});

test("the runs of an app that are one node light what an output was made from in any of them", () => {
  const app = "app:Train";
  const edges = all([
    edge("data:1", app),
    edge("like:5", app),
    edge(app, "artifact:2", { role: "output", made_from: ["data:1"] }),
    edge(app, "artifact:3", { role: "output" }),
    edge(app, "artifact:4", { role: "output", made_from: ["like:5"] }),
  ]);
  expect([...connected(["artifact:2"], edges).items].sort()).toEqual([app, "artifact:2", "data:1"]);
  expect([...connected(["artifact:3"], edges).items].sort()).toEqual([app, "artifact:3", "data:1", "like:5"]);
  expect([...connected(["like:5"], edges).items].sort()).toEqual([app, "artifact:3", "artifact:4", "like:5"]);
});

test("a circle ends", () => {
  const highlight = connected(["data:1"], all([edge("data:1", "task:1"), edge("task:1", "data:1")]));
  expect(highlight.edges.size).toBe(2);
});
