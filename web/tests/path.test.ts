import { expect, test } from "vitest";
import { pathFrom } from "../src/model/path";
import { answer } from "./make";

test("a path has each node and edge once, by its key", () => {
  const path = pathFrom(answer(["data:1>task:1", "task:1>data:2"]));
  expect([...path.nodes.keys()].sort()).toEqual(["data:1", "data:2", "task:1"]);
  expect([...path.edges.keys()]).toEqual(["data:1>task:1", "task:1>data:2"]);
});

test("an edge to something that is not there is left out", () => {
  const one = answer(["data:1>task:1"]);
  one.nodes = one.nodes.filter(({ key }) => key !== "data:1");
  expect(pathFrom(one).edges.size).toBe(0);
});
