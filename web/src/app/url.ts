/** The state of the page as it stands in the address, so that it can be shared. */

export type View = "home" | "graph" | "impact" | "provenance" | "stale" | "diff";
export type Depth = number | null; // null: without limit

export interface PageState {
  view: View;
  /** Selector of what the graph is about. */
  focus: string;
  up: Depth;
  down: Depth;
  /** Nodes opened by their `+`: `<key>.up` and `<key>.down`. */
  open: readonly string[];
  /** Groups whose members are shown. */
  ungroup: readonly string[];
  /** One node for an artifact and an app, or for each version and run. */
  by: "artifact" | "run";
  /** The selected node. */
  sel: string;
  /** Two ends of a highlight path. */
  from: string;
  to: string;
  /** What would be deleted: the nodes that this touches are marked. */
  impact: string;
  /** Two tasks that are compared. */
  a: string;
  b: string;
  /** What is stale: superseded outputs too, and what was made of stale outputs. */
  all: boolean;
  indirect: boolean;
  /** Seconds since 1970: show the graph as of then. */
  at: number | null;
  kinds: readonly string[];
  statuses: readonly string[];
  teams: readonly string[];
  name: string;
  since: number | null;
  until: number | null;
  /** What the first page lists, and by which filters and sort. */
  tab: "runs" | "models" | "data";
  q: string;
  app: string;
  user: string;
  within: string;
  status: string;
  sort: string;
  mode: "dim" | "hide";
  /** Draw as a picture or show as a table. */
  as: "graph" | "list";
}

export const INITIAL: PageState = {
  view: "home",
  focus: "",
  up: 1,
  down: 1,
  open: [],
  ungroup: [],
  by: "artifact",
  sel: "",
  from: "",
  to: "",
  impact: "",
  a: "",
  b: "",
  all: false,
  indirect: false,
  at: null,
  kinds: [],
  statuses: [],
  teams: [],
  name: "",
  since: null,
  until: null,
  tab: "runs",
  q: "",
  app: "",
  user: "",
  within: "",
  status: "",
  sort: "",
  mode: "dim",
  as: "graph",
};

const VIEWS: readonly string[] = ["home", "graph", "impact", "provenance", "stale", "diff"];

type Codec = {
  read: (text: string) => unknown;
  write: (value: never) => string;
};

const text: Codec = { read: (value) => value, write: (value: string) => value };
const list: Codec = {
  read: (value) => value.split(" ").filter(Boolean).map(decodeURIComponent),
  write: (value: readonly string[]) => value.map(encodeURIComponent).join(" "),
};
const depth: Codec = {
  read: (value) =>
    value === "all" ? null : Math.min(99, Math.max(0, Math.trunc(Number(value)) || 0)),
  write: (value: Depth) => (value === null ? "all" : String(value)),
};
const time: Codec = {
  read: (value) => {
    const seconds = Number(value);
    return value !== "" && Number.isFinite(seconds) ? seconds : null;
  },
  write: (value: number | null) => (value === null ? "" : String(value)),
};
const flag: Codec = { read: (value) => value === "1", write: (value: boolean) => (value ? "1" : "") };
const oneOf = (...allowed: readonly string[]): Codec => ({
  read: (value) => (allowed.includes(value) ? value : allowed[0]),
  write: (value: string) => value,
});

const CODECS: { [K in keyof PageState]: Codec } = {
  view: oneOf(...VIEWS),
  focus: text,
  up: depth,
  down: depth,
  open: list,
  ungroup: list,
  by: oneOf("artifact", "run"),
  sel: text,
  from: text,
  to: text,
  impact: text,
  a: text,
  b: text,
  all: flag,
  indirect: flag,
  at: time,
  kinds: list,
  statuses: list,
  teams: list,
  name: text,
  since: time,
  until: time,
  tab: oneOf("runs", "models", "data"),
  q: text,
  app: text,
  user: text,
  within: text,
  status: text,
  sort: text,
  mode: oneOf("dim", "hide"),
  as: oneOf("graph", "list"),
};
const NAMES = Object.keys(CODECS) as (keyof PageState)[];

/** Read the state from the query part of an address. */
export function readState(search: string): PageState {
  const params = new URLSearchParams(search);
  const state: Record<string, unknown> = { ...INITIAL };
  for (const name of NAMES) {
    const value = params.get(name);
    if (value !== null) state[name] = CODECS[name].read(value);
  }
  const result = state as unknown as PageState;
  const hasGraph = result.focus !== "" && !params.has("view");
  return hasGraph ? { ...result, view: "graph" } : result;
}

/** Write the state as a query; what has its initial value is left out. */
export function writeState(state: PageState): string {
  const params = new URLSearchParams();
  for (const name of NAMES) {
    const write = CODECS[name].write as (value: unknown) => string;
    const value = write(state[name]);
    if (value !== write(INITIAL[name])) params.set(name, value);
  }
  if (state.view === "graph" && state.focus !== "") params.delete("view");
  const query = params.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return query ? `?${query}` : "";
}
