import { expect, test } from "vitest";
import { group, GROUP_FROM } from "../src/model/group";
import { merge } from "../src/model/merge";
import { answer, node } from "./make";

const files = Array.from({ length: 37 }, (_, index) => `data:${index + 1}`);
const graph = merge([answer([...files.map((key) => `${key}>task:1`), "task:1>data:99"])]);
const nobody = new Set<string>();

test("many like nodes become one, and their edges one edge", () => {
  const grouped = group(graph, nobody, nobody);
  const node = [...grouped.items.values()].find(({ type }) => type === "group");
  expect(node?.members).toHaveLength(37);
  expect(grouped.items.size).toBe(3);
  expect(grouped.edges.get(`${node?.key}>task:1`)?.count).toBe(37);
  expect(grouped.itemOf.get("data:5")).toBe(node?.key);
});

test("few like nodes stay themselves", () => {
  const few = merge([answer(files.slice(0, GROUP_FROM - 1).map((key) => `${key}>task:1`))]);
  expect(group(few, nobody, nobody).items.size).toBe(GROUP_FROM);
});

test("the selection stays out of the group", () => {
  const grouped = group(graph, new Set(["data:7"]), nobody);
  expect(grouped.items.has("data:7")).toBe(true);
  expect([...grouped.items.values()].find(({ type }) => type === "group")?.members).toHaveLength(36);
});

test("an opened group shows each member", () => {
  const key = group(graph, nobody, nobody).itemOf.get("data:1") as string;
  expect(group(graph, nobody, new Set([key])).items.size).toBe(39);
});

test("failed tasks do not hide among finished ones", () => {
  const tasks = files.slice(0, 12).map((_, at) => node(`task:${at + 1}`, { name: "Export", status: at < 6 ? "error" : "finished" }));
  const runs = merge([answer(tasks.map(({ key }) => `data:1>${key}`), {}, tasks)]);
  const groups = [...group(runs, nobody, nobody).items.values()].filter(({ type }) => type === "group");
  expect(groups.map(({ members }) => members.length)).toEqual([6, 6]);
});
