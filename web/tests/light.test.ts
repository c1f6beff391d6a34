import { expect, test } from "vitest";
import { connected } from "../src/model/light";
import { arrowKey } from "../src/model/merge";
import { arrow } from "./make";

const all = (arrows: ReturnType<typeof arrow>[]) => new Map(arrows.map((one) => [arrowKey(one), one]));

test("everything up and down is lit, and nothing beside it", () => {
  const lit = connected("task:1", all([arrow("data:1", "task:1"), arrow("task:1", "data:2"), arrow("data:1", "task:9")]));
  expect([...lit.cards].sort()).toEqual(["data:1", "data:2", "task:1"]);
});

test("an output that names its inputs lights only those", () => {
  const arrows = all([
    arrow("data:1", "task:1"),
    arrow("data:2", "task:1"),
    arrow("task:1", "data:3", { derived_from: ["data:2"] }),
    arrow("task:1", "data:4"),
  ]);
  expect([...connected("data:3", arrows).cards].sort()).toEqual(["data:2", "data:3", "task:1"]);
  expect([...connected("data:4", arrows).cards].sort()).toEqual(["data:1", "data:2", "data:4", "task:1"]);
  expect([...connected("data:1", arrows).cards].sort()).toEqual(["data:1", "data:4", "task:1"]);
});

test("a circle ends", () => {
  const lit = connected("data:1", all([arrow("data:1", "task:1"), arrow("task:1", "data:1")]));
  expect(lit.arrows.size).toBe(2);
});
