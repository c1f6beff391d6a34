/** The page as a whole: chooses the view, asks for a login, polls for changes. */
import { lazy, Suspense, useEffect } from "react";
import { Home } from "../home/Home";
import { Header } from "./Header";
import { Login } from "./Login";
import { Loading } from "./ui";
import { useLive } from "./useLive";
import { useUrl } from "./useUrl";

const GraphView = lazy(() => import("../graph/GraphView"));
const Stale = lazy(() => import("../questions/Stale"));
const Compare = lazy(() => import("../questions/Compare"));
const Impact = lazy(() => import("../questions/Impact"));
const Provenance = lazy(() => import("../questions/Provenance"));

function useShortcut(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (event.key !== "/" || isTyping || event.metaKey || event.ctrlKey) return;
      const box = document.querySelector<HTMLInputElement>("[data-search]");
      if (!box) return;
      event.preventDefault();
      box.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

export function App() {
  const state = useUrl();
  const live = useLive(false);
  useShortcut();
  useEffect(() => {
    document.title = state.view === "graph" ? `${state.focus} · lineage` : "lineage";
  }, [state.view, state.focus]);
  if (live.needsLogin) return <Login onDone={() => location.reload()} />;
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header state={state} delivery={live.delivery} isDown={live.isDown} />
      <Suspense fallback={<Loading />}>
        {state.view === "home" && <Home delivery={live.delivery} />}
        {state.view === "graph" && <GraphView state={state} />}
        {state.view === "stale" && <Stale state={state} />}
        {state.view === "diff" && <Compare state={state} />}
        {state.view === "impact" && <Impact state={state} />}
        {state.view === "provenance" && <Provenance state={state} />}
      </Suspense>
    </>
  );
}
