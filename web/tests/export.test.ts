import { expect, test } from "vitest";
import { draw, svg } from "../src/export/drawing";
import { csv } from "../src/export/save";
import { FORMS } from "../src/graph/forms";
import { look } from "../src/graph/scene";
import { item, node, picture } from "./make";

const hostile = node("data:1", { name: 'a "b" & <c>\n]; evil' });

test("CSV quotes what needs it and disarms formulas", () => {
  expect(csv([["a,b", 'say "x"', "=1+1", -5, null]])).toBe('"a,b","say ""x""",\'=1+1,-5,\r\n');
});

test("the drawing is well formed and holds every node", () => {
  const grouped = picture(["data:1>task:1", "task:1>data:2"], [item("data:1", { node: hostile })]);
  const scene = look(grouped, { sel: "", mode: "dim", at: null }, null, null);
  const positions = new Map([...grouped.items.keys()].map((key, at) => [key, { x: at * 300, y: 0 }]));
  const text = svg(draw(grouped, scene, { positions, bends: new Map(), form: FORMS[0] ?? null }));
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  expect(parsed.querySelectorAll("text").length).toBe(6);
  expect(parsed.querySelectorAll("path").length).toBe(2);
  expect(text).not.toContain("<c>");
});
