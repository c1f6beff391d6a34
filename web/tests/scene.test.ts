import { expect, test } from "vitest";
import { curve, differences, displayOf, heightOf, highlightPath, look, neighbour, nodeLabel, edgeLinesOf } from "../src/graph/scene";
import { FORMS, type Form } from "../src/graph/forms";
import { pathFrom } from "../src/model/path";
import { itemAt, itemFrom, presentAt } from "../src/model/overview";
import { answer, item, node, picture } from "./make";

const LINES = ["data:1>task:1", "data:2>task:1", "task:1>data:3"];
const grouped = picture(LINES);
const positions = new Map([
  ["data:1", { x: 0, y: 0 }],
  ["data:2", { x: 0, y: 100 }],
  ["task:1", { x: 300, y: 50 }],
  ["data:3", { x: 600, y: 50 }],
]);
const WIDE = FORMS[0] as Form;
const STATE = { sel: "", mode: "dim" as const, at: null };

test("arrow keys follow the lines and the columns", () => {
  const lead = (from: string, key: string) => neighbour(grouped, positions, from, key, WIDE.width);
  expect(lead("task:1", "ArrowRight")).toBe("data:3");
  expect(lead("data:1", "ArrowRight")).toBe("task:1");
  expect(lead("data:1", "ArrowDown")).toBe("data:2");
  expect(lead("data:2", "ArrowUp")).toBe("data:1");
  expect(lead("data:3", "ArrowRight")).toBeNull();
});

test("where lines lead down, the arrow keys do too", () => {
  const down = new Map([...positions].map(([key, { x, y }]) => [key, { x: y, y: x }]));
  const lead = (from: string, key: string) => neighbour(grouped, down, from, key, WIDE.width, "down");
  expect(lead("task:1", "ArrowDown")).toBe("data:3");
  expect(lead("data:3", "ArrowUp")).toBe("task:1");
  expect(lead("data:1", "ArrowRight")).toBe("data:2");
  expect(lead("data:2", "ArrowLeft")).toBe("data:1");
});

test("what no member of passes is dimmed or hidden, as chosen, and counted", () => {
  const filtered = picture(LINES, ["data:1", "data:2", "data:3"].map((key) => item(key, { passing: 0 })));
  const dim = look(filtered, STATE, null, null);
  expect(dim.filteredOut).toBe(3);
  expect(dim.looks.get("data:1")).toMatchObject({ isDim: true, isHidden: false });
  expect(look(filtered, { ...STATE, mode: "hide" }, null, null).looks.get("data:1")?.isHidden).toBe(true);
});

test("what did not exist yet is not shown, and no filter is blamed", () => {
  const scene = look(grouped, STATE, null, new Set(["data:1"]));
  expect([...scene.looks].filter(([, one]) => !one.isHidden).map(([key]) => key)).toEqual(["data:1"]);
  expect(scene.filteredOut).toBe(0);
});

test("a path dims all that is beside it", () => {
  const path = highlightPath(pathFrom(answer(["data:1>task:1"])), grouped);
  const scene = look(grouped, STATE, path, null);
  expect(scene.looks.get("data:2")?.isDim).toBe(true);
  expect(scene.looks.get("task:1")).toMatchObject({ isDim: false, isHighlighted: true });
});

test("lines run from right edge to left edge, straight where nothing is in the way", () => {
  expect(edgeLinesOf(grouped, WIDE, positions, new Map())).toHaveLength(3);
  expect(curve({ x: 0, y: 5 }, { x: 50, y: 5 }, [], "right")).toBe("M0 5L50 5");
  expect(curve({ x: 5, y: 0 }, { x: 5, y: 50 }, [], "down")).toBe("M5 0L5 50");
  expect(curve({ x: 0, y: 0 }, { x: 900, y: 0 }, [{ x: 282, y: 80 }, { x: 518, y: 80 }], "right").match(/[LC]/g)).toEqual(["C", "L", "C"]);
});

test("a group tells its first members and what they hide", () => {
  const group = item("like:x", { grouping: "like", node: node("data:1"), count: 5, hidden_up: 10, names: ["f1.txt", "f2.txt", "f3.txt", "f4.txt"] });
  expect(displayOf(itemFrom(group))).toMatchObject({ title: "5 files", sort: "f1.txt, f2.txt, f3.txt…", hiddenUp: 10 });
  const rest = itemFrom({ ...group, grouping: "rest", opened: 20 });
  expect(displayOf(rest).title).toBe("5 more files");
});

test("a node is described in one sentence", () => {
  const task = node("task:1", { id: 12, name: "Train", status: "error" });
  expect(nodeLabel(itemFrom(item("task:1", { node: task, failed: 1 })))).toBe("Train, task 12, failed");
});

test("a run that shows its status in words has a line more", () => {
  const heights = ["finished", "error"].map((status) => {
    const run = itemFrom(item("task:1", { node: node("task:1", { status, params: { lr: 0.1 } }) }));
    return heightOf(run, WIDE, new Map([["task:1", "lr=0.1"]]));
  });
  expect(heights[1]).toBeGreaterThan(heights[0] as number);
  const bare = itemFrom(item("task:1", { node: node("task:1", { status: "error" }) }));
  expect(heightOf(bare, WIDE)).toBe(WIDE.height);
});

test("a step says its name, its task and how long it took", () => {
  const step = { name: "fit", started_at: 5, ended_at: 7.5, parent: null, outcome: "error" as const };
  const display = itemFrom(item("task:1/2", { grouping: "step", node: node("task:1", { id: 12, name: "Train" }), failed: 1, step }));
  expect(display.type).toBe("step");
  expect(nodeLabel(display)).toBe("fit, step · task 12 · 2.5 s, failed, Train");
});

test("what began by a moment is present at it", () => {
  const at = picture(LINES, [item("task:1", { since: 5.2 }), item("data:1", { since: 7 })]);
  expect([...presentAt(at, 6)]).toEqual(["task:1"]);
  expect(presentAt(at, 7).size).toBe(2);
});

test("a version inside of a group is found at the group", () => {
  const folded = picture(["artifact:a>task:1"], [item("artifact:a", { grouping: "artifact", node: node("data:9"), count: 3 })], { "data:7": "artifact:a" });
  expect(itemAt(folded, "data:7")?.key).toBe("artifact:a");
  expect(itemAt(folded, "data:8")).toBeUndefined();
});

test("runs of one app differ in the parameters that are not the same", () => {
  const run = (at: number, params: Record<string, number | string>) => node(`task:${at}`, { name: "Train", params });
  const found = differences([run(1, { lr: 0.1, epochs: 3, opt: "adam" }), run(2, { lr: 0.2, epochs: 3, opt: "sgd" })]);
  expect(found.get("task:1")).toBe("lr=0.1 opt=adam");
  expect(found.get("task:2")).toBe("lr=0.2 opt=sgd");
});

test("a line that leads back turns beside its ends", () => {
  const path = curve({ x: 200, y: 30 }, { x: 0, y: 30 }, [{ x: 200, y: 90 }, { x: 0, y: 90 }], "right");
  expect(path).toBe("M200 30C224 30 224 90 200 90L0 90C-24 90 -24 30 0 30");
});

test("several versions of one artifact show first what they do not have in common", () => {
  const version = (at: number) => node(`data:${at}`, { kind: "file", id: "/a/t.csv", version: `0${at}`, version_count: 2 });
  const other = node("data:9", { kind: "file", id: "/a/u.csv", version: "09" });
  const found = differences([version(1), version(2), other]);
  const sortOf = (one: typeof other) => displayOf(itemFrom(item(one.key, { node: { ...one, created_at: null } })), found).sort;
  expect([version(1), version(2), other].map(sortOf)).toEqual(["01 · file", "02 · file", "file · 09"]);
});

test("an app and an artifact count their runs, failures and versions", () => {
  const app = item("app:x", { grouping: "app", node: node("task:1", { name: "Train" }), count: 3, failed: 1 });
  expect(displayOf(itemFrom(app))).toMatchObject({ title: "Train", sort: "3 runs", failed: 1 });
  const best = node("data:1", { name: "/m/best.pt", kind: "model_weight", version_count: 25 });
  const artifact = item("artifact:x", { grouping: "artifact", node: best, count: 2 });
  expect(displayOf(itemFrom(artifact))).toMatchObject({ title: "best.pt", sort: "25 versions" });
});
