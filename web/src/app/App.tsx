/** The page as a whole: chooses the view, asks for a login, polls for changes. */
import { useEffect } from "react";
import { Home } from "../home/Home";
import { DropFile } from "./DropFile";
import { ErrorBoundary } from "./ErrorBoundary";
import { fetchWhenIdle } from "./chunks";
import { Refused } from "./Refused";
import { Shortcuts, useShortcuts } from "./Shortcuts";
import { Header } from "./Header";
import { Login } from "./Login";
import { later } from "./later";
import { useLive } from "./useLive";
import { useUrl } from "./useUrl";

const GraphView = later(() => import("../graph/GraphView"));
const Stale = later(() => import("../questions/Stale"));
const Compare = later(() => import("../questions/Compare"));
const Impact = later(() => import("../questions/Impact"));
const Provenance = later(() => import("../questions/Provenance"));
const PARTS = [GraphView, Stale, Compare, Impact, Provenance];

export function App() {
  const state = useUrl();
  const live = useLive(false);
  const shortcuts = useShortcuts();
  useEffect(() => fetchWhenIdle(PARTS.map(({ load }) => load)), []);
  useEffect(() => {
    document.title = state.view === "graph" ? `${state.focus} · lineage` : "lineage";
  }, [state.view, state.focus]);
  if (live.refusal) return <Refused reason={live.refusal} />;
  if (live.needsLogin) return <Login onDone={() => location.reload()} />;
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header state={state} delivery={live.delivery} isDown={live.isDown} onShortcuts={shortcuts.open} />
      {shortcuts.isOpen && <Shortcuts onClose={shortcuts.close} />}
      <DropFile />
      <ErrorBoundary name={state.view}>
        {state.view === "home" && <Home state={state} delivery={live.delivery} />}
        {state.view === "graph" && <GraphView state={state} />}
        {state.view === "stale" && <Stale state={state} />}
        {state.view === "diff" && <Compare state={state} />}
        {state.view === "impact" && <Impact state={state} />}
        {state.view === "provenance" && <Provenance state={state} />}
      </ErrorBoundary>
    </>
  );
}
