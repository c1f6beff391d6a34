/** Puts the page into its document. */
import { createRoot } from "react-dom/client";
import { callEarly, noteSignIn } from "./api/client";
import { App } from "./app/App";
import { applyTheme, readTheme } from "./app/theme";
import { reloadWhenUpgraded } from "./app/chunks";
import { currentState } from "./app/useUrl";
import { keysToFind, pictureOf } from "./graph/picture";
import "./styles/base.css";
import "./styles/home.css";

noteSignIn();
reloadWhenUpgraded();
applyTheme(readTheme());
const state = currentState();
// A graph that has to be found first, on a path, is asked for by its view.
if (state.view === "graph" && state.focus && !(state.from && state.to)) {
  callEarly("graph.overview", pictureOf(state, keysToFind(state), []));
}
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
