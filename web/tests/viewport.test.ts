import { expect, test } from "vitest";
import { FORMS, type Form } from "../src/graph/forms";
import { detailAt, fitted, MIN_TEXT_PX, outside, revealing, textSizeAt } from "../src/graph/viewport";

const area = { width: 1000, height: 700 };
const WIDE = FORMS[0] as Form;
const frame = (x: number, y: number) => ({ x, y, width: 236, height: 60 });

test.each(FORMS)("no text is smaller than the least size at any zoom that shows it", (form) => {
  for (let zoom = 0.1; zoom <= 2; zoom += 0.01) {
    if (detailAt(zoom, form) !== "shape") expect(textSizeAt(zoom, form) * zoom).toBeGreaterThanOrEqual(MIN_TEXT_PX - 0.05);
  }
});

test("what fits readably is fitted whole", () => {
  const frames = [frame(0, 0), frame(1500, 900)];
  const view = fitted(frames, undefined, area, WIDE);
  expect(view?.zoom).toBeLessThan(1);
  expect(outside(frames, area, view as never)).toBe(0);
});

test("what does not fit begins at its focus, and the rest is counted", () => {
  const frames = Array.from({ length: 50 }, (_, at) => frame(at * 400, 0));
  const view = fitted(frames, frames[20], area, WIDE) as { x: number; y: number; zoom: number };
  expect(view.zoom).toBeGreaterThan(WIDE.fitZoom);
  expect(outside([frames[20] as never], area, view)).toBe(0);
  expect(outside(frames, area, view)).toBeGreaterThan(40);
});

test("revealing shifts no more than it has to, and nothing that is in view", () => {
  const view = { x: 0, y: 0, zoom: 1 };
  expect(revealing(frame(100, 100), area, view)).toBeNull();
  const next = revealing(frame(900, 100), area, view);
  expect(next).toMatchObject({ y: 0, zoom: 1 });
  expect(outside([frame(900, 100)], area, next as never)).toBe(0);
});
