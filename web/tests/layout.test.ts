import { expect, test } from "vitest";
import { GAP_X, LABEL_GAP, layOut, type LayoutRequest } from "../src/layout/layout";
import { ranksOf } from "../src/layout/ranks";
import { crossings } from "../src/layout/order";
import { spread } from "../src/layout/place";

function request(lines: string[], more: Partial<LayoutRequest> = {}): LayoutRequest {
  const pairs = lines.map((line) => line.split(">") as [string, string]);
  const keys = [...new Set(pairs.flat())];
  return {
    boxes: keys.map((key) => ({ key, width: 200, height: 60 })),
    lines: pairs.map(([source, target]) => ({ source, target })),
    previous: [],
    anchor: null,
    ...more,
  };
}

function overlaps(positions: [string, { x: number; y: number }][]): number {
  let count = 0;
  positions.forEach(([, a], at) => {
    for (const [, b] of positions.slice(at + 1)) {
      if (Math.abs(a.x - b.x) < 199.9 && Math.abs(a.y - b.y) < 59.9) count += 1;
    }
  });
  return count;
}

/** Reproducible numbers. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

function large(count: number): string[] {
  const next = random(7);
  const lines: string[] = [];
  for (let at = 1; at < count; at += 1) {
    for (let edge = 0; edge < 2; edge += 1) {
      lines.push(`n${Math.max(0, at - 1 - Math.floor(next() * 40))}>n${at}`);
    }
  }
  return [...new Set(lines)];
}

test("every line leads to the right, also around a circle", () => {
  const { positions } = layOut(request(["a>b", "b>c", "a>c", "c>d"]));
  const x = new Map(positions.map(([key, point]) => [key, point.x]));
  for (const [left, right] of ["ab", "bc", "ac", "cd"]) expect(x.get(left as string)).toBeLessThan(x.get(right as string) as number);
  expect(layOut(request(["a>b", "b>a"])).positions).toHaveLength(2);
});

test("a source stands beside what it feeds, not at the far left", () => {
  const layer = ranksOf(["a", "b", "c", "d"], [["a", "b"], ["b", "c"], ["d", "c"]].map(([source, target]) => ({ source, target }) as { source: string; target: string }));
  expect(layer.get("d")).toBe(1);
});

test("nodes never overlap, also when there are 300", () => {
  expect(overlaps(layOut(request(large(300))).positions)).toBe(0);
});

test("a line over several columns gets bends between its ends", () => {
  const { bends } = layOut(request(["a>b", "b>c", "c>d", "a>d"]));
  const points = new Map(bends).get("a>d") ?? [];
  expect(points).toHaveLength(4);
  expect(points.map(({ x }) => x)).toEqual(points.map(({ x }) => x).sort((l, r) => l - r));
});

test("what is added moves the anchor not at all and keeps the order of the rest", () => {
  const first = layOut(request(["a>t", "b>t", "c>t", "t>x", "t>y"]));
  const again = layOut(request(["a>t", "b>t", "c>t", "t>x", "t>y", "q>b", "r>b", "s>b", "p>a"], { previous: first.positions, anchor: "b" }));
  const before = new Map(first.positions);
  const after = new Map(again.positions);
  expect(after.get("b")).toEqual(before.get("b"));
  const byHeight = (at: Map<string, { y: number }>) => ["a", "b", "c"].sort((l, r) => (at.get(l)?.y ?? 0) - (at.get(r)?.y ?? 0));
  expect(byHeight(after)).toEqual(byHeight(before));
  for (const key of ["a", "c", "t", "x", "y"]) {
    expect(Math.abs((after.get(key)?.y ?? 0) - (before.get(key)?.y ?? 0))).toBeLessThan(80);
  }
});

test("the same request gives the same picture", () => {
  expect(layOut(request(large(120)))).toEqual(layOut(request(large(120))));
});

test("nodes that nothing joins stand in a grid without overlap", () => {
  const boxes = Array.from({ length: 50 }, (_, at) => ({ key: `k${at}`, width: 200, height: 60 }));
  const { positions } = layOut({ boxes, lines: [], previous: [], anchor: null });
  expect(overlaps(positions)).toBe(0);
  expect(new Set(positions.map(([, point]) => point.x)).size).toBeGreaterThan(3);
});

test("2,000 nodes are laid out, each in a place of its own", () => {
  const { positions } = layOut(request(large(2000)));
  expect(new Set(positions.map(([, point]) => `${point.x} ${point.y}`)).size).toBe(2000);
});

test("crossings are counted", () => {
  const item = (key: string, right: string[]) => ({ key, height: 1, near: { left: [], right } });
  const right = { items: [item("x", []), item("y", [])], width: 1 };
  expect(crossings({ items: [item("a", ["y"]), item("b", ["x"])], width: 1 }, right)).toBe(1);
  expect(crossings({ items: [item("a", ["x"]), item("b", ["y"])], width: 1 }, right)).toBe(0);
});

test("wishes that collide are met as nearly as the spacing allows", () => {
  const boxes = [{ height: 10 }, { height: 10 }, { height: 10 }];
  expect(spread(boxes, [0, 0, 100], [1, 1, 1], 10)).toEqual([-10, 10, 100]);
});

test("columns make room for what stands on the lines between them", () => {
  const at = (label: number) => {
    const asked = request(["a>b", "b>c"]);
    const lines = asked.lines.map((line) => (line.source === "a" ? { ...line, label } : line));
    const places = new Map(layOut({ ...asked, lines }).positions);
    const x = (key: string) => places.get(key)?.x ?? 0;
    return [x("b") - x("a") - 200, x("c") - x("b") - 200];
  };
  expect(at(0)).toEqual([GAP_X, GAP_X]);
  expect(at(10)).toEqual([GAP_X, GAP_X]);
  expect(at(150)).toEqual([150 + 2 * LABEL_GAP, GAP_X]);
});

const SIZE = { width: 200, height: 60 };

function fan(count: number, most: number, direction: "right" | "down" = "right"): LayoutRequest {
  const runs = Array.from({ length: count }, (_, at) => `model>run${at}`);
  const merged = runs.filter((_, at) => at % 3 === 0).map((line) => `${line.split(">")[1]}>merged`);
  return request(["train>model", ...runs, ...merged, "train>merged"], { most, direction });
}

/** Pairs of a line and a node that is neither end of it and that it crosses. */
function crossed({ positions, bends }: ReturnType<typeof layOut>): string[] {
  const found: string[] = [];
  for (const [line, points] of bends) {
    for (let at = 1; at < points.length; at += 1) {
      const [a, b] = [points[at - 1], points[at]] as [{ x: number; y: number }, { x: number; y: number }];
      if (a.y !== b.y && a.x !== b.x) continue;
      for (const [key, { x, y }] of positions) {
        if (line.split(">").includes(key)) continue;
        const isAcross = Math.max(a.x, b.x) > x + 1 && Math.min(a.x, b.x) < x + SIZE.width - 1;
        const isDown = Math.max(a.y, b.y) > y + 1 && Math.min(a.y, b.y) < y + SIZE.height - 1;
        if (isAcross && isDown) found.push(`${line} crosses ${key}`);
      }
    }
  }
  return found;
}

for (const direction of ["right", "down"] as const) {
  for (const count of [2, 13, 60]) {
    test(`lines that close circles through ${count} runs pass beside the nodes, drawn ${direction}`, () => {
      const runs = Array.from({ length: count }, (_, at) => [`model>run${at}`, `run${at}>report`]).flat();
      const lines = ["train>model", ...runs, "report>train", "report>model", `run${count - 1}>run0`, "run0>train"];
      const found = layOut(request(lines, { most: 12, direction }));
      expect(overlaps(found.positions)).toBe(0);
      const bends = new Map(found.bends);
      for (const line of ["report>train", "report>model", "run0>train"]) expect(bends.get(line)?.length).toBeGreaterThan(3);
      expect(crossed(found)).toEqual([]);
    });
  }
  for (const count of [3, 12, 13, 60, 200]) {
    test(`a model used by ${count} runs is drawn ${direction} without overlaps, and lines lead forward`, () => {
      const asked = fan(count, 12, direction);
      const found = layOut(asked);
      expect(found.positions.map(([key]) => key).sort()).toEqual(asked.boxes.map(({ key }) => key).sort());
      expect(overlaps(found.positions)).toBe(0);
      expect(crossed(found)).toEqual([]);
      const along = (point?: { x: number; y: number }) => (point ? (direction === "down" ? point.y : point.x) : NaN);
      const at = new Map(found.positions);
      const bends = new Map(found.bends);
      for (const { source, target } of asked.lines) {
        const way = [at.get(source), ...(bends.get(`${source}>${target}`) ?? []), at.get(target)].map(along);
        expect(way).toEqual([...way].sort((l, r) => l - r));
      }
    });
  }
}

test("a column of many nodes is as wide as it is high, and none is higher than the most", () => {
  const rowsOf = (count: number, most: number, direction: "right" | "down" = "right") => {
    const places = layOut(fan(count, most, direction)).positions.filter(([key]) => key.startsWith("run"));
    return new Set(places.map(([, { x, y }]) => (direction === "down" ? x : y).toFixed(3))).size;
  };
  expect(rowsOf(12, 12)).toBe(12);
  expect(rowsOf(13, 12)).toBe(7);
  expect(rowsOf(60, 12)).toBe(12);
  expect(rowsOf(1800, 12)).toBe(60);
  // A telephone has no room beside: it grows down alone.
  expect(rowsOf(60, 2, "down")).toBe(2);
});

for (const direction of ["right", "down"] as const) {
  test(`runs keep their order on the screen where lines lead ${direction}, and more of them follow`, () => {
    const inOrder = (positions: [string, { x: number; y: number }][]) =>
      positions
        .filter(([key]) => key.startsWith("run"))
        .sort(([, a], [, b]) => (Math.abs(a.y - b.y) > 1 ? a.y - b.y : a.x - b.x))
        .map(([key]) => key);
    const most = direction === "right" ? 12 : 2;
    const first = fan(40, most, direction);
    const before = layOut(first);
    const again = layOut({ ...fan(60, most, direction), previous: before.positions, anchor: "model" });
    expect(overlaps(again.positions)).toBe(0);
    const known = new Set(inOrder(before.positions));
    expect(inOrder(again.positions).slice(0, 40)).toEqual(inOrder(before.positions));
    expect(inOrder(again.positions).slice(40).filter((key) => known.has(key))).toEqual([]);
    expect(new Map(again.positions).get("model")).toEqual(new Map(before.positions).get("model"));
    // What was drawn once is drawn again.
    const same = layOut({ ...first, previous: before.positions, anchor: "model" });
    expect(inOrder(same.positions)).toEqual(inOrder(before.positions));
  });
}

test("what is upstream stays beside its node when many are opened downstream of it", () => {
  const first = layOut(request(["train>model", "model>apps"], { most: 12 }));
  const again = layOut({ ...request(["train>model", "model>apps", ...Array.from({ length: 40 }, (_, at) => `model>run${at}`)]), most: 12, previous: first.positions, anchor: "model" });
  const at = new Map(again.positions);
  expect(at.get("model")).toEqual(new Map(first.positions).get("model"));
  expect(at.get("train")?.y).toBeCloseTo(at.get("model")?.y ?? 0);
});

test("a drawing from top to bottom is that from left to right, turned", () => {
  const asked = request(large(60));
  const turned = layOut({
    ...asked,
    boxes: asked.boxes.map(({ key, width, height }) => ({ key, width: height, height: width })),
    direction: "down",
  });
  const wrapped = new Map(layOut({ ...asked, most: 1e9 }).positions);
  for (const [key, { x, y }] of turned.positions) expect([y, x]).toEqual([wrapped.get(key)?.x, wrapped.get(key)?.y]);
});

test("parts that nothing joins stand below each other, whatever the direction", () => {
  for (const direction of ["right", "down"] as const) {
    const { positions } = layOut(request(["a>b", "c>d"], { direction, most: 2 }));
    const at = new Map(positions);
    expect(overlaps(positions)).toBe(0);
    expect(at.get("a")?.x).toBe(at.get("c")?.x);
  }
});
