import { selectorOf } from "../src/home/useListing";
import { expect, test } from "vitest";
import { isSelector, moved } from "../src/home/search";
import { inWords } from "../src/home/Runs";
import { ago, baseName, bytes, countOf, duration, paramWords, placeOf, short, statusTone, statusWord, valueWord, valueWords } from "../src/model/format";
import { node } from "./make";

test("sizes and durations use the unit that fits", () => {
  expect([0, 999, 1000, 183_000_000].map(bytes)).toEqual(["0 B", "999 B", "1.0 kB", "183 MB"]);
  expect([0.25, 3.21, 42, 80, 5230, 200_000].map(duration)).toEqual(["250 ms", "3.2 s", "42 s", "1 min 20 s", "1 h 27 min", "2 days"]);
});

test("times are relative to now", () => {
  expect([10, 130, 7200, 100_000, 86_400 * 5].map((s) => ago(1_000_000 - s, 1_000_000))).toEqual(["just now", "2 min ago", "2 h ago", "yesterday", "5 days ago"]);
});

test("counts speak of their kind", () => {
  expect([countOf(1, "project"), countOf(37, "file"), countOf(2, "model_weight"), countOf(3, "new_kind")]).toEqual(["1 project", "37 files", "2 models", "3 new kinds"]);
});

test("the platform's words for a status become plain ones", () => {
  expect([statusWord("started"), statusWord("error"), statusTone("error"), statusTone("lost"), statusTone(null)]).toEqual(["running", "failed", "bad", "bad", "quiet"]);
});

test("texts are cut between characters, never within one", () => {
  expect(short("👩‍🚀👩‍🚀👩‍🚀", 3).endsWith("…")).toBe(true);
  expect(short("x".repeat(10_000), 5)).toBe("xxxx…");
  expect([baseName("/a/b.pt"), baseName("a\\b\\"), baseName("/")]).toEqual(["b.pt", "b", "/"]);
});

test("selectors are distinguished from names", () => {
  expect(["model:12", "+task:3+", "kind:file & status:error", "x+"].map(isSelector)).toEqual([true, true, true, true]);
  expect(["best.pt", "sha256", "night rain", "C: "].map(isSelector)).toEqual([false, false, false, false]);
});

test("arrow keys lead through the hits and back to the box", () => {
  expect([moved(-1, 3, "ArrowDown"), moved(2, 3, "ArrowDown"), moved(-1, 3, "ArrowUp"), moved(1, 3, "x"), moved(-1, 0, "ArrowDown")]).toEqual([0, -1, 2, 1, -1]);
});

test("inputs and outputs are listed in words", () => {
  const files = [1, 2, 3].map((at) => node(`data:${at}`));
  expect(inWords([node("data:9", { kind: "project", name: "Cars", version: "v3" }), ...files], 14)).toBe("Cars v3, 3 files, 10 more");
});

test("the filters of the first page are one selector", () => {
  const none = { q: "", app: "", user: "", within: "" };
  expect(selectorOf(none)).toBeNull();
  expect(selectorOf({ ...none, q: "unet" })).toBeNull();
  expect(selectorOf({ ...none, q: "status:failed", app: "Train unet", within: "7d" })).toBe('status:failed & app:"Train unet" & since:7d');
});

test("a local file is its path, and the machine stands apart", () => {
  expect(placeOf("file://gpu-7/data/a b.csv")).toEqual({ path: "/data/a b.csv", machine: "gpu-7" });
  expect(placeOf("file:///data/a.csv")).toEqual({ path: "/data/a.csv", machine: null });
  for (const id of ["s3://bucket/a.csv", "/data/a.csv", 7]) expect(placeOf(id)).toEqual({ path: String(id), machine: null });
});

test("fractions are shown with six digits, unless they differ beyond that", () => {
  expect([0.1 + 0.2, 1e-7, 1234567, true, "0.30000000000000004", [2 / 3]].map(valueWord)).toEqual([
    "0.3", "1e-7", "1234567", "true", "0.30000000000000004", "[0.666667]",
  ]);
  expect(paramWords({ lr: 0.1 + 0.2, opt: "adam" })).toBe("lr=0.3 opt=adam");
  expect(valueWords(0.1 + 0.2, null)).toEqual(["0.3", "—"]);
  expect(valueWords(0.1 + 0.2, 0.3)).toEqual(["0.30000000000000004", "0.3"]);
});
