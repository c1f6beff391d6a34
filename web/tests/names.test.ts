import { expect, test } from "vitest";
import { isolated, halves, inLines } from "../src/model/names";

const NAMES = ["best.pt", "berlin/shop.csv", "Evaluate unet", "a", "", "preprocessing", "метки/дождь.csv", "😀😀😀😀", "x".repeat(80)];

test.each(NAMES)("the two parts of %s are the whole", (name) => {
  expect(halves(name).join("")).toBe(name);
});

test("a name is broken where that reads well, nearest to its middle", () => {
  expect(halves("berlin/shop.csv")).toEqual(["berlin/", "shop.csv"]);
  expect(halves("Evaluate unet")).toEqual(["Evaluate ", "unet"]);
  expect(halves("digits.csv")).toEqual(["digits", ".csv"]);
  expect(halves("preprocessing")).toEqual(["preproc", "essing"]);
  expect(halves("project 14")).toEqual(["project ", "14"]);
  expect(halves("dataset 7")).toEqual(["dataset ", "7"]);
});

test("lines are never longer than their room, and keep both ends of a name", () => {
  for (const name of ["a/very/long/path/of/a/table_with_a_name.parquet", "n".repeat(300), "no break, and 😀 letters of two units 😀😀😀😀😀"]) {
    for (const length of [6, 12, 18, 26]) {
      const lines = inLines(name, length);
      expect(lines.length).toBeLessThanOrEqual(2);
      for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(length);
      expect(name.startsWith(Array.from(lines[0] ?? "").slice(0, 3).join(""))).toBe(true);
      expect(name.endsWith(Array.from(lines.at(-1) ?? "").slice(-3).join(""))).toBe(true);
    }
  }
});

test("a name changes the order of no words beside it", () => {
  expect(isolated("f1.txt")).toBe("f1.txt");
  expect(isolated("\u202egnp.exe")).toBe("\u2068\u202egnp.exe\u2069");
  // A name cannot end what isolates it.
  expect(isolated("a\u2069\u202eb")).toBe("\u2068a\u202eb\u2069");
  expect(isolated("\u05d3\u05d5\u05d7.csv")).toBe("\u2068\u05d3\u05d5\u05d7.csv\u2069");
});
