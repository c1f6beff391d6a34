import { expect, test } from "vitest";
import { causeWords } from "../src/panel/Why";

const CAUSE = { name: "lr", a: null, b: null, task_a: null, task_b: null, files: [], via: [], is_used_only: false };

test("a cause is a difference, or what may have changed", () => {
  const words = [
    { ...CAUSE, kind: "param" as const, a: 0.1 + 0.2, b: 1 },
    { ...CAUSE, kind: "param" as const, a: null, b: 1, via: ["a.csv", "b.csv"] },
    { ...CAUSE, kind: "unknown" as const, name: "project 13", a: "state 1", b: "state 1" },
    { ...CAUSE, kind: "unknown" as const, name: "Train" },
    { ...CAUSE, kind: "input" as const, name: "a.csv", a: "1", b: "2" },
  ].map(causeWords);
  expect(words).toEqual([
    "lr: 1 → 0.3",
    "lr: 1 → — (through b.csv)",
    "project 13 may have changed: no version of it is known",
    null,
    null,
  ]);
});
