/** The address as React state: changes push history, the back button returns. */
import { useSyncExternalStore } from "react";
import { INITIAL, readState, writeState, type PageState } from "./url";

let state = readState(globalThis.location?.search ?? "");
const listeners = new Set<() => void>();

function publish(): void {
  for (const listener of listeners) listener();
}

globalThis.addEventListener?.("popstate", () => {
  state = readState(location.search);
  publish();
});

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function currentState(): PageState {
  return state;
}

/** Change parts of the state; `replace` leaves no step for the back button. */
export function go(change: Partial<PageState>, replace = false): void {
  const next = { ...state, ...change };
  const query = writeState(next);
  if (query === writeState(state)) return;
  state = next;
  const address = location.pathname + query;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  publish();
}

/** Open a view with the initial state, apart from what is given. */
export function visit(change: Partial<PageState>): void {
  go({ ...INITIAL, ...change });
}

/** Open the graph around something, keeping the filters. */
export function focusOn(selector: string, change: Partial<PageState> = {}): void {
  const { kinds, statuses, teams, name, since, until, mode, as, by } = state;
  const filters = { kinds, statuses, teams, name, since, until, mode, as, by };
  const sel = /^(task|data):\d+$/.test(selector) ? selector : "";
  visit({ ...filters, view: "graph", focus: selector, sel, ...change });
}

export function useUrl(): PageState {
  return useSyncExternalStore(subscribe, () => state);
}

export function addressOf(change: Partial<PageState>): string {
  return location.pathname + writeState({ ...INITIAL, ...change });
}
