import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { ErrorBoundary } from "../src/app/ErrorBoundary";
import { later } from "../src/app/later";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const Part = ({ name }: { name: string }) => <p>{`part of ${name}`}</p>;

function mount() {
  const element = document.createElement("div");
  return { element, root: createRoot(element) };
}

test("a part is shown as soon as it is loaded, and at once when it was loaded before", async () => {
  const load = vi.fn(() => Promise.resolve({ default: Part }));
  const Shown = later(load);
  const first = mount();
  await act(async () => first.root.render(<Shown name="one" />));
  expect(first.element.textContent).toBe("part of one");
  const second = mount();
  // Without await: no placeholder stands between.
  act(() => second.root.render(<Shown name="two" />));
  expect(second.element.textContent).toBe("part of two");
  expect(load).toHaveBeenCalledTimes(1);
});

test("a part that was loaded before it is needed needs no placeholder", async () => {
  const Shown = later(() => Promise.resolve({ default: Part }));
  await Shown.load();
  const { element, root } = mount();
  act(() => root.render(<Shown name="one" />));
  expect(element.textContent).toBe("part of one");
});

test("a part that could not be loaded is an error of its view, and is loaded again", async () => {
  const gone = new TypeError("Failed to fetch dynamically imported module");
  const load = vi.fn<() => Promise<{ default: typeof Part }>>().mockRejectedValueOnce(gone).mockResolvedValue({ default: Part });
  const Shown = later(load);
  const broken = mount();
  await act(async () =>
    broken.root.render(
      <ErrorBoundary name="graph">
        <Shown name="one" />
      </ErrorBoundary>,
    ),
  );
  expect(broken.element.textContent).toContain("The server does not answer");
  act(() => broken.root.unmount());
  const again = mount();
  await act(async () => again.root.render(<Shown name="one" />));
  expect(again.element.textContent).toBe("part of one");
});
