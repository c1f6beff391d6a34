import { expect, test, vi } from "vitest";
import { availability, isMissingChunk, partOf, reloadOnce } from "../src/app/chunks";

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

test("the part that is missing is asked for itself, not the page around it", async () => {
  expect(partOf(new TypeError("Failed to fetch dynamically imported module: http://x/assets/a.js"))).toBe("http://x/assets/a.js");
  expect(partOf(new Error("Unable to preload CSS for /assets/a.css"))).toBe("/assets/a.css");
  expect(partOf(new TypeError("Importing a module script failed."))).toBe(location.pathname);
  const answers = vi.spyOn(globalThis, "fetch");
  for (const [status, state] of [[200, "here"], [404, "gone"], [503, "away"]] as const) {
    answers.mockResolvedValueOnce(new Response(null, { status }));
    expect(await availability("/assets/a.js")).toBe(state);
  }
  answers.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  expect(await availability("/assets/a.js")).toBe("away");
});

test("an old tab reloads once, not in a loop", () => {
  sessionStorage.clear();
  const reload = vi.spyOn(location, "reload").mockImplementation(() => undefined);
  expect(reloadOnce(100_000)).toBe(true);
  expect(reloadOnce(101_000)).toBe(false);
  expect(reloadOnce(200_000)).toBe(true);
  expect(reload).toHaveBeenCalledTimes(2);
});
