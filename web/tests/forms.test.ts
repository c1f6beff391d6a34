import { expect, test } from "vitest";
import { FORMS, formFor, marginOf, type Form } from "../src/graph/forms";
import { fitted, outside } from "../src/graph/viewport";
import { extentOf, layOut, type Line } from "../src/layout/layout";

/** A chain, with some lines that skip a column and some that have words. */
function chain(count: number): { keys: string[]; lines: Line[] } {
  const keys = Array.from({ length: count }, (_, at) => `n${at}`);
  const lines = keys.slice(1).map((target, at): Line => ({ source: `n${at}`, target, label: at % 3 === 0 ? 90 : 0 }));
  for (let at = 2; at < count; at += 3) lines.push({ source: `n${at - 2}`, target: `n${at}` });
  return { keys, lines };
}

function framesOf(keys: string[], lines: Line[], form: Form) {
  const boxes = keys.map((key) => ({ key, width: form.width, height: form.height }));
  const { positions } = layOut({ boxes, lines, previous: [], anchor: null, gap: form.gap, most: form.most });
  return positions.map(([, point]) => ({ ...point, width: form.width, height: form.height }));
}

test.each(FORMS)("the width that is known before the layout is that of the layout", (form) => {
  const fan = { keys: ["a", ...Array.from({ length: 60 }, (_, at) => `b${at}`)], lines: Array.from({ length: 60 }, (_, at) => ({ source: "a", target: `b${at}` })) };
  for (const { keys, lines } of [...[1, 2, 5, 9].map(chain), fan]) {
    const frames = framesOf(keys, lines, form);
    const right = Math.max(...frames.map((frame) => frame.x + frame.width));
    const left = Math.min(...frames.map((frame) => frame.x));
    expect(extentOf(keys, lines, form)).toBeCloseTo(right - left);
  }
});

test("the more columns, the narrower the nodes; what fits in any form is fitted whole", () => {
  const area = { width: 1280, height: 700 };
  const free = area.width - 2 * marginOf(area);
  let before = 0;
  for (let count = 1; count <= 14; count += 1) {
    const { keys, lines } = chain(count);
    const form = formFor(keys, () => lines, area);
    expect(FORMS.indexOf(form)).toBeGreaterThanOrEqual(before);
    before = FORMS.indexOf(form);
    const frames = framesOf(keys, lines, form);
    const view = fitted(frames, frames[0], area, form) as { x: number; y: number; zoom: number };
    const fits = FORMS.some((one) => one.fitZoom * extentOf(keys, lines, one) <= free);
    expect(outside(frames, area, view) === 0).toBe(fits);
    expect(view.zoom).toBeGreaterThanOrEqual(form.zooms.lines);
  }
  expect(before).toBe(FORMS.length - 1);
});

test("no form shows less than the one before at a zoom at which it is fitted", () => {
  for (const form of FORMS) {
    const { all, lines, title, short } = form.zooms;
    expect([all, lines, title, short]).toEqual([all, lines, title, short].sort((a, b) => b - a));
    expect(form.fitZoom).toBeGreaterThanOrEqual(title);
    expect(form.readingZoom).toBeGreaterThan(lines);
  }
});

test("on a telephone lines lead down, and two nodes beside each other fit", () => {
  const area = { width: 390, height: 560 };
  const lines = Array.from({ length: 60 }, (_, at): Line => ({ source: "a", target: `b${at}` }));
  const keys = ["a", ...lines.map(({ target }) => target)];
  const form = formFor(keys, () => lines, area);
  expect(form.direction).toBe("down");
  const boxes = keys.map((key) => ({ key, width: form.width, height: form.height }));
  const { gap, gapY, most, direction } = form;
  const { positions } = layOut({ boxes, lines, previous: [], anchor: null, gap, gapY, most, direction });
  const frames = positions.map(([, point]) => ({ ...point, width: form.width, height: form.height }));
  const view = fitted(frames, frames[0], area, form) as { x: number; y: number; zoom: number };
  expect(view.zoom).toBeGreaterThanOrEqual(form.zooms.all);
  for (const { x, width } of frames) {
    expect(x * view.zoom + view.x).toBeGreaterThanOrEqual(0);
    expect((x + width) * view.zoom + view.x).toBeLessThanOrEqual(area.width);
  }
  // The picture begins where the area does.
  const top = Math.min(...frames.map(({ y }) => y));
  expect(top * view.zoom + view.y).toBeCloseTo(marginOf(area));
});
