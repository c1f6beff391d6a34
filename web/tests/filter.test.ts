import { expect, test } from "vitest";
import { isFiltering, NO_FILTERS, passes } from "../src/model/filter";
import { node } from "./make";

const task = node("task:1", { name: "Train", status: "error", started_at: 100, ended_at: 200, team_id: 5 });
const file = node("data:1", { name: "/a/Weights.pt", kind: "file", created_at: 150 });

test("no filter lets everything through", () => {
  expect(isFiltering(NO_FILTERS)).toBe(false);
  expect(passes(task, NO_FILTERS) && passes(file, NO_FILTERS)).toBe(true);
});

test("kinds, teams and names are taken at their word, names without case", () => {
  expect(passes(task, { ...NO_FILTERS, kinds: ["file"] })).toBe(false);
  expect(passes(task, { ...NO_FILTERS, teams: ["5"] })).toBe(true);
  expect(passes(file, { ...NO_FILTERS, teams: ["5"] })).toBe(false);
  expect(passes(file, { ...NO_FILTERS, name: " weights" })).toBe(true);
  expect(passes(task, { ...NO_FILTERS, name: "weights" })).toBe(false);
});

test("a status is asked of tasks only", () => {
  const wanted = { ...NO_FILTERS, statuses: ["finished"] };
  expect(passes(task, wanted)).toBe(false);
  expect(passes(file, wanted)).toBe(true);
});

test("a task belongs to a time if it ran within it", () => {
  expect(passes(task, { ...NO_FILTERS, since: 150 })).toBe(true);
  expect(passes(task, { ...NO_FILTERS, since: 201 })).toBe(false);
  expect(passes(task, { ...NO_FILTERS, until: 99 })).toBe(false);
});
