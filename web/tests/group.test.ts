import { expect, test } from "vitest";
import { familyOf, group, GROUP_FROM, MAX_ITEMS, OPEN_STEP } from "../src/model/group";
import { merge } from "../src/model/merge";
import { answer, node } from "./make";

const files = Array.from({ length: 37 }, (_, index) => `data:${index + 1}`);
const graph = merge([answer([...files.map((key) => `${key}>task:1`), "task:1>data:99"])]);
const nobody = { keep: new Set<string>(), opened: [], by: "run" as const };

test("many like nodes become one, and their edges one edge", () => {
  const grouped = group(graph, nobody);
  const node = [...grouped.items.values()].find(({ type }) => type === "group");
  expect(node?.members).toHaveLength(37);
  expect(grouped.items.size).toBe(3);
  expect(grouped.edges.get(`${node?.key}>task:1`)?.count).toBe(37);
  expect(grouped.itemOf.get("data:5")).toBe(node?.key);
});

test("few like nodes stay themselves", () => {
  const few = merge([answer(files.slice(0, GROUP_FROM - 1).map((key) => `${key}>task:1`))]);
  expect(group(few, nobody).items.size).toBe(GROUP_FROM);
});

test("the selection stays out of the group", () => {
  const grouped = group(graph, { ...nobody, keep: new Set(["data:7"]) });
  expect(grouped.items.has("data:7")).toBe(true);
  expect([...grouped.items.values()].find(({ type }) => type === "group")?.members).toHaveLength(36);
});

test("opening a group shows so many members, opening it again the next", () => {
  const key = group(graph, nobody).itemOf.get("data:1") as string;
  const once = group(graph, { ...nobody, opened: [key] });
  expect(once.items.size).toBe(3 + OPEN_STEP);
  expect(once.items.get(key)).toMatchObject({ count: 37 - OPEN_STEP, shown: OPEN_STEP });
  expect(group(graph, { ...nobody, opened: [key, key] }).items.size).toBe(39);
});

test("failed tasks do not hide among finished ones", () => {
  const tasks = files.slice(0, 12).map((_, at) => node(`task:${at + 1}`, { name: "Export", status: at < 6 ? "error" : "finished" }));
  const runs = merge([answer(tasks.map(({ key }) => `data:1>${key}`), {}, tasks)]);
  const groups = [...group(runs, nobody).items.values()].filter(({ type }) => type === "group");
  expect(groups.map(({ members }) => members.length)).toEqual([6, 6]);
});

test("versions of an artifact and runs of an app are one node each", () => {
  const nodes = [1, 2, 3].flatMap((at) => [
    node(`task:${at}`, { name: "Train", started_at: at }),
    node(`data:${at}`, { id: "/m/best.pt", version: `v${at}`, created_at: at }),
  ]);
  const lines = [1, 2, 3].map((at) => `task:${at}>data:${at}`);
  const grouped = group(merge([answer(lines, {}, nodes)]), { ...nobody, by: "artifact" });
  expect([...grouped.items.values()].map(({ grouping, count }) => [grouping, count])).toEqual([["app", 3], ["artifact", 3]]);
  const best = grouped.items.get(familyOf(nodes[1] as never));
  expect(best?.members.map(({ version }) => version)).toEqual(["v3", "v2", "v1"]);
  expect(grouped.edges.size).toBe(1);
});

test("a first view never has more items than the limit, and counts every node once", () => {
  for (const size of [40, 61, 500, 2000]) {
    const nodes = Array.from({ length: size }, (_, at) => node(at % 2 ? `task:${at}` : `data:${at}`, { name: `n${at}`, id: at, hops_down: at % 7, started_at: at }));
    const lines = nodes.slice(1).map(({ key }, at) => `${nodes[Math.floor((at * 7919) % (at + 1))]?.key}>${key}`);
    for (const by of ["run", "artifact"] as const) {
      const grouped = group(merge([answer(lines, {}, nodes)]), { ...nobody, by });
      expect(grouped.items.size).toBeLessThanOrEqual(MAX_ITEMS);
      const members = [...grouped.items.values()].flatMap((item) => item.members.map(({ key }) => key));
      expect(members).toHaveLength(size);
      expect(new Set(members).size).toBe(size);
    }
  }
});

test("what is kept stays itself, however much there is", () => {
  const nodes = Array.from({ length: 300 }, (_, at) => node(`data:${at}`, { id: at, hops_down: 9 }));
  const lines = nodes.slice(1).map(({ key }, at) => `data:${at}>${key}`);
  const grouped = group(merge([answer(lines, {}, nodes)]), { ...nobody, keep: new Set(["data:250"]) });
  expect(grouped.items.get("data:250")?.grouping).toBe("single");
});
