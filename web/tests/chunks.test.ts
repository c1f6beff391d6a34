import { expect, test, vi } from "vitest";
import { isMissingChunk, reloadOnce } from "../src/app/chunks";

test("a part that could not be fetched is recognised in every browser's words", () => {
  for (const text of [
    "Failed to fetch dynamically imported module: http://x/assets/a.js",
    "error loading dynamically imported module: http://x/assets/a.js",
    "Importing a module script failed.",
    "Unable to preload CSS for /assets/a.css",
  ]) {
    expect(isMissingChunk(new TypeError(text))).toBe(true);
  }
  expect(isMissingChunk(new TypeError("x is not a function"))).toBe(false);
});

test("an old tab reloads once, not in a loop", () => {
  sessionStorage.clear();
  const reload = vi.spyOn(location, "reload").mockImplementation(() => undefined);
  expect(reloadOnce(100_000)).toBe(true);
  expect(reloadOnce(101_000)).toBe(false);
  expect(reloadOnce(200_000)).toBe(true);
  expect(reload).toHaveBeenCalledTimes(2);
});
