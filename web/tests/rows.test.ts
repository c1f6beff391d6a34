import { expect, test } from "vitest";
import { MAX_COLUMNS, MAX_ROWS, rowsOf } from "../src/model/rows";

test("separated values keep quotes, separators and newlines inside their cells", () => {
  expect(rowsOf("a.csv", 'x,y\r\n1,"a, ""b""\nc"\n2,')).toEqual([["x", "y"], ["1", 'a, "b"\nc'], ["2", ""]]);
  expect(rowsOf("a.tsv", "x\ty\n1\t2\n")).toEqual([["x", "y"], ["1", "2"]]);
});

test("records are a table of all their members, a cut one is left out", () => {
  expect(rowsOf("a.jsonl", '{"a":1}\n{"b":"x"}\n{"a":')).toEqual([["a", "b"], ["1", ""], ["", "x"]]);
});

test("a preview is bounded, and what is no table is none", () => {
  const wide = `${"x,".repeat(100)}x\n`.repeat(500);
  const rows = rowsOf("a.csv", wide);
  expect(rows?.length).toBeLessThanOrEqual(MAX_ROWS + 1);
  expect(rows?.[0]).toHaveLength(MAX_COLUMNS);
  expect(rowsOf("a.txt", "x,y\n1,2\n")).toBeNull();
  expect(rowsOf("a.csv", "")).toBeNull();
});
