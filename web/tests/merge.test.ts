import { expect, test } from "vitest";
import { merge } from "../src/model/merge";
import { answer, node } from "./make";

test("the first answer gives the focus, and nodes of two answers are there once", () => {
  const graph = merge([
    answer(["data:1>task:1"], { focus: ["task:1"] }),
    answer(["data:1>task:1", "task:1>data:2"], { focus: ["data:2"] }),
  ]);
  expect(graph.focus).toEqual(["task:1"]);
  expect([...graph.nodes.keys()].sort()).toEqual(["data:1", "data:2", "task:1"]);
  expect(graph.edges.size).toBe(2);
});

test("what one answer hides and another shows is hidden no more", () => {
  const graph = merge([
    answer(["data:1>task:1"], {}, [node("task:1", { hidden_up: 3 })]),
    answer(["data:2>task:1"], {}, [node("task:1", { hidden_up: 3 })]),
  ]);
  expect(graph.nodes.get("task:1")?.hidden_up).toBe(2);
});

test("an edge to something that is not there is left out", () => {
  const one = answer(["data:1>task:1"]);
  one.nodes = one.nodes.filter(({ key }) => key !== "data:1");
  expect(merge([one]).edges.size).toBe(0);
});

test("a truncated answer says where it continues", () => {
  const graph = merge([answer(["data:1>task:1"]), answer([], { truncated: true, next: "more" })]);
  expect(graph).toMatchObject({ isTruncated: true, next: "more" });
});
