import { expect, test } from "vitest";
import type { StaleAnswer } from "../src/api/types";
import { joined, rowsOf } from "../src/questions/Stale";
import { spansOf } from "../src/questions/Table";
import { node } from "./make";

/** One page of an answer: outputs as `task/output`. */
function page(outputs: string[], before: number): StaleAnswer {
  const tasks = [...new Set(outputs.map((output) => output.split("/")[0] as string))];
  return {
    items: outputs.map((output) => {
      const [task, made] = output.split("/") as [string, string];
      const used = node("data:1");
      return { node: node(made), task: node(task), used, newest: used, reasons: [], is_indirect: false };
    }),
    reruns: tasks.map((task) => ({ task: node(task), command: `run ${task}` })),
    reruns_before: before,
    next: null,
  };
}

test("outputs have the place and the command of their task, also where a page begins inside a task", () => {
  const first = page(["task:7/data:2", "task:3/data:3"], 0);
  const both = joined(first, page(["task:3/data:4", "task:9/data:5"], 1));
  expect(rowsOf(both).map(({ node: { key }, place, command }) => [key, place, command])).toEqual([
    ["data:2", 1, "run task:7"],
    ["data:3", 2, "run task:3"],
    ["data:4", 2, "run task:3"],
    ["data:5", 3, "run task:9"],
  ]);
  expect(rowsOf(page(["task:3/data:4"], 1)).map(({ place }) => place)).toEqual([2]);
});

test("neighbouring rows of one group share a cell", () => {
  expect(spansOf(["a", "a", "b", "a"], (row) => row)).toEqual([2, 0, 1, 1]);
  expect(spansOf([], (row: string) => row)).toEqual([]);
});
