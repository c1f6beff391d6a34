import { expect, test } from "vitest";
import { curve, differences, faceOf, highlightPath, look, neighbour, nodeLabel, edgeLinesOf } from "../src/graph/scene";
import { NO_FILTERS } from "../src/model/filter";
import { group } from "../src/model/group";
import { merge } from "../src/model/merge";
import { momentsOf, presentAt } from "../src/model/time";
import { answer, edge, node } from "./make";

const nobody = { keep: new Set<string>(), opened: [], by: "run" as const };
const graph = merge([answer(["data:1>task:1", "data:2>task:1", "task:1>data:3"])]);
const grouped = group(graph, nobody);
const positions = new Map([
  ["data:1", { x: 0, y: 0 }],
  ["data:2", { x: 0, y: 100 }],
  ["task:1", { x: 300, y: 50 }],
  ["data:3", { x: 600, y: 50 }],
]);
const STATE = { sel: "", mode: "dim" as const, at: null };

test("arrow keys follow the lines and the columns", () => {
  const lead = (from: string, key: string) => neighbour(grouped, positions, from, key);
  expect(lead("task:1", "ArrowRight")).toBe("data:3");
  expect(lead("data:1", "ArrowRight")).toBe("task:1");
  expect(lead("data:1", "ArrowDown")).toBe("data:2");
  expect(lead("data:2", "ArrowUp")).toBe("data:1");
  expect(lead("data:3", "ArrowRight")).toBeNull();
});

test("filters dim or hide, as chosen, and are counted", () => {
  const filters = { ...NO_FILTERS, kinds: ["task"] };
  const dim = look(grouped, STATE, filters, null, null);
  expect(dim.filteredOut).toBe(3);
  expect(dim.looks.get("data:1")).toMatchObject({ isDim: true, isHidden: false });
  expect(look(grouped, { ...STATE, mode: "hide" }, filters, null, null).looks.get("data:1")?.isHidden).toBe(true);
});

test("what did not exist yet is not shown, and no filter is blamed", () => {
  const scene = look(grouped, STATE, NO_FILTERS, null, new Set(["data:1"]));
  expect([...scene.looks].filter(([, one]) => !one.isHidden).map(([key]) => key)).toEqual(["data:1"]);
  expect(scene.filteredOut).toBe(0);
});

test("a path dims all that is beside it", () => {
  const path = highlightPath(merge([answer(["data:1>task:1"])]), grouped);
  const scene = look(grouped, STATE, NO_FILTERS, path, null);
  expect(scene.looks.get("data:2")?.isDim).toBe(true);
  expect(scene.looks.get("task:1")).toMatchObject({ isDim: false, isHighlighted: true });
});

test("lines run from right edge to left edge, straight where nothing is in the way", () => {
  expect(edgeLinesOf(grouped, positions, new Map())).toHaveLength(3);
  expect(curve({ x: 0, y: 5 }, { x: 50, y: 5 }, [])).toBe("M0 5L50 5");
  expect(curve({ x: 0, y: 0 }, { x: 900, y: 0 }, [{ x: 400, y: 80 }]).match(/[LC]/g)).toEqual(["C", "L", "C"]);
});

test("a group adds up what its members hide", () => {
  const members = [1, 2, 3, 4, 5].map((at) => node(`data:${at}`, { hidden_up: 2, name: `/a/f${at}.txt` }));
  const face = faceOf({ key: "group:x", type: "group", grouping: "like", members, count: 5, shown: 0 });
  expect(face).toMatchObject({ title: "5 files", sort: "f1.txt, f2.txt, f3.txt…", hiddenUp: 10 });
});

test("a node is described in one sentence", () => {
  const task = node("task:1", { id: 12, name: "Train", status: "error" });
  expect(nodeLabel({ key: "task:1", type: "task", grouping: "single", members: [task], count: 1, shown: 0 })).toBe("Train, task 12, failed");
});

test("the moments of the slider are those of the records, each once", () => {
  const answers = answer([], {}, [node("task:1", { started_at: 5.2 }), node("data:1", { created_at: 7 })]);
  answers.arrows.push(edge("data:1", "task:1", { recorded_at: 6.9 }));
  expect(momentsOf(merge([answers]))).toEqual([5.2, 6.9, 7]);
  expect([...presentAt(merge([answers]), 6)]).toEqual(["task:1"]);
  expect(presentAt(merge([answers]), 7).size).toBe(2);
});

test("runs of one app differ in the parameters that are not the same", () => {
  const run = (at: number, params: Record<string, number | string>) => node(`task:${at}`, { name: "Train", params });
  const found = differences([run(1, { lr: 0.1, epochs: 3, opt: "adam" }), run(2, { lr: 0.2, epochs: 3, opt: "sgd" })]);
  expect(found.get("task:1")).toBe("lr=0.1 opt=adam");
  expect(found.get("task:2")).toBe("lr=0.2 opt=sgd");
});

test("an app and an artifact count their runs, failures and versions", () => {
  const runs = [1, 2, 3].map((at) => node(`task:${at}`, { name: "Train", status: at === 1 ? "error" : "finished" }));
  expect(faceOf({ key: "app:x", type: "group", grouping: "app", members: runs, count: 3, shown: 0 })).toMatchObject({ title: "Train", sort: "3 runs", failed: 1 });
  const versions = [1, 2].map((at) => node(`data:${at}`, { name: "/m/best.pt", kind: "model_weight", version_count: 25 }));
  const face = faceOf({ key: "artifact:x", type: "group", grouping: "artifact", members: versions, count: 2, shown: 0 });
  expect(face).toMatchObject({ title: "best.pt", sort: "25 versions" });
});
