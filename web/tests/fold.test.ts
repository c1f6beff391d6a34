import { expect, test } from "vitest";
import { fold, FOLD_FROM } from "../src/model/fold";
import { merge } from "../src/model/merge";
import { answer, node } from "./make";

const files = Array.from({ length: 37 }, (_, index) => `data:${index + 1}`);
const graph = merge([answer([...files.map((key) => `${key}>task:1`), "task:1>data:99"])]);
const nobody = new Set<string>();

test("many like cards become one, and their arrows one arrow", () => {
  const folded = fold(graph, nobody, nobody);
  const card = [...folded.cards.values()].find(({ type }) => type === "fold");
  expect(card?.members).toHaveLength(37);
  expect(folded.cards.size).toBe(3);
  expect(folded.arrows.get(`${card?.key}>task:1`)?.count).toBe(37);
  expect(folded.cardOf.get("data:5")).toBe(card?.key);
});

test("few like cards stay themselves", () => {
  const few = merge([answer(files.slice(0, FOLD_FROM - 1).map((key) => `${key}>task:1`))]);
  expect(fold(few, nobody, nobody).cards.size).toBe(FOLD_FROM);
});

test("what is selected stays out of the fold", () => {
  const folded = fold(graph, new Set(["data:7"]), nobody);
  expect(folded.cards.has("data:7")).toBe(true);
  expect([...folded.cards.values()].find(({ type }) => type === "fold")?.members).toHaveLength(36);
});

test("an opened fold shows each", () => {
  const key = fold(graph, nobody, nobody).cardOf.get("data:1") as string;
  expect(fold(graph, nobody, new Set([key])).cards.size).toBe(39);
});

test("failed tasks do not hide among finished ones", () => {
  const tasks = files.slice(0, 12).map((_, at) => node(`task:${at + 1}`, { name: "Export", status: at < 6 ? "error" : "finished" }));
  const runs = merge([answer(tasks.map(({ key }) => `data:1>${key}`), {}, tasks)]);
  const folds = [...fold(runs, nobody, nobody).cards.values()].filter(({ type }) => type === "fold");
  expect(folds.map(({ members }) => members.length)).toEqual([6, 6]);
});
