import { expect, test } from "vitest";
import { INITIAL, readState, writeState, type PageState } from "../src/app/url";

const FULL: PageState = {
  view: "graph",
  focus: "+model_weight:/a b/ü.pt+2",
  up: null,
  down: 3,
  open: ["data:5.up", "task:7.down"],
  ungroup: ["group:abc"],
  sel: "data:5",
  from: "task:1",
  to: "data:9",
  impact: "data:9",
  a: "task:1",
  b: "task:2",
  all: true,
  indirect: true,
  at: 1_700_000_000,
  kinds: ["file", "project"],
  statuses: ["error"],
  teams: ["5"],
  name: "50% & more",
  since: 10,
  until: 20,
  mode: "hide",
  as: "list",
  by: "run",
  tab: "models",
  q: "user:mara",
  app: "Train unet",
  user: "mara",
  within: "7d",
  status: "error",
  sort: "-name",
};

test("every state survives the way into the address and back", () => {
  expect(readState(writeState(FULL))).toEqual(FULL);
});

test("the initial state leaves the address empty", () => {
  expect(writeState(INITIAL)).toBe("");
  expect(readState("")).toEqual(INITIAL);
});

test("an address that only names a focus shows its graph", () => {
  expect(readState("?focus=task:12")).toMatchObject({ view: "graph", focus: "task:12", up: 1, down: 1 });
});

test("what nobody could have chosen falls back to something that works", () => {
  const state = readState("?view=nonsense&up=-4&down=abc&at=soon&mode=x&as=<script>");
  expect(state).toMatchObject({ view: "home", up: 0, down: 0, at: null, mode: "dim", as: "graph" });
});
