import { expect, test } from "vitest";
import { baseName } from "../src/model/format";
import { plainText, safeAddress, safeColour, shown } from "../src/model/titles";
import { node } from "./make";

test("a node shows the app's title, else the file's name, else the key", () => {
  expect(shown(node("data:1", { title: "Best model" })).title).toBe("Best model");
  expect(shown(node("data:1", { name: "/models/best.pt" })).title).toBe(baseName("/models/best.pt"));
  expect(shown(node("data:1", { name: " " })).title).toBe("data:1");
});

test("the platform's form of a title is two lines", () => {
  const display = shown(node("data:1", { title: "<h4>Report</h4><small>of <b>run</b> 3</small>" }));
  expect(display).toEqual({ title: "Report", description: "of run 3" });
});

test("text without markup stays as it is", () => {
  expect(plainText("  a > b  ")).toBe("a > b");
});

test("only harmless links are links", () => {
  expect(safeAddress("https://example.org/a")).toBe("https://example.org/a");
  for (const url of ["/files/{id}/true", "//evil.example", "javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "http://["]) {
    expect(safeAddress(url)).toBeNull();
  }
});

test("only colours are colours", () => {
  expect(["#fff", "#7a3e00", "rgb(1, 2, 3)", "teal"].map(safeColour)).toEqual(["#fff", "#7a3e00", "rgb(1, 2, 3)", "teal"]);
  expect(["url(http://x)", "red;background:url(x)", "#ggg", "var(--x)", ""].map(safeColour)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});
