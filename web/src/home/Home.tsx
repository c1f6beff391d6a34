/** The first page: a search box, and the tables of runs, models and data. */
import { X } from "lucide-react";
import { useEffect, useState } from "react";
import type { DeliveryAnswer, HealthAnswer } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Copied, Failure, Loading } from "../app/ui";
import type { PageState } from "../app/url";
import { go, visit } from "../app/useUrl";
import { number, plural } from "../model/format";
import { Artifacts } from "./Artifacts";
import { Runs } from "./Runs";
import { Search } from "./Search";
import { ARTIFACT_SORTS, sortOf, TASK_SORTS, useArtifacts, useTasks } from "./useListing";

const TABS = [
  ["runs", "Runs"],
  ["models", "Models"],
  ["data", "Data"],
] as const;
const STATUSES = [
  ["", "All"],
  ["started", "Running"],
  ["finished", "Finished"],
  ["error", "Failed"],
] as const;
const TIMES = [
  ["", "any time"],
  ["1d", "the last day"],
  ["7d", "the last 7 days"],
  ["30d", "the last 30 days"],
] as const;
const TYPING_MS = 150;

function Health({ health }: { health: HealthAnswer }) {
  const withoutData = health.tasks - Math.max(health.tasks_with_inputs, health.tasks_with_outputs);
  return (
    <p className="health">
      {plural(health.tasks, "task")} · {plural(health.edges, "edge")}
      {health.tasks_failed > 0 && ` · ${number(health.tasks_failed)} failed`}
      {health.unpinned_inputs > 0 && (
        <span title="Inputs that were recorded without a version or a digest">
          {` · ${plural(health.unpinned_inputs, "input")} without a version`}
        </span>
      )}
      {withoutData > 0 && ` · ${plural(withoutData, "task")} without data`}
      {" · "}
      <a
        href="?view=stale"
        onClick={(event) => {
          event.preventDefault();
          visit({ view: "stale" });
        }}
      >
        what is stale?
      </a>
    </p>
  );
}

function NothingYet({ delivery }: { delivery: DeliveryAnswer | null }) {
  if (delivery && delivery.waiting + delivery.refused > 0) {
    return (
      <div className="empty">
        <h2>Recorded, but not here yet</h2>
        <p>
          {plural(delivery.waiting, "fact")} waiting to be delivered
          {delivery.refused > 0 && `, ${number(delivery.refused)} refused`}. They are kept in the
          journal; this command shows why they have not arrived:
        </p>
        <Copied text="lineage status" />
      </div>
    );
  }
  return (
    <div className="empty">
      <h2>Nothing was recorded yet</h2>
      <p>One line above a function is enough. Save this as a file and run it:</p>
      <pre tabIndex={0}>
        <code>{`from lineage import uses_file, produces_file

@uses_file("source")
@produces_file("result")
def copy(source: str) -> str:
    with open(source) as old, open("copy.txt", "w") as new:
        new.write(old.read())
    return "copy.txt"

copy(__file__)`}</code>
      </pre>
      <p>This page shows it as soon as it ran. If it does not, this command shows why:</p>
      <Copied text="lineage doctor" />
    </div>
  );
}


/** A text field that writes to the address once the typing rests. */
function FilterBox({ state }: { state: PageState }) {
  const [text, setText] = useState(state.q);
  useEffect(() => setText(state.q), [state.q]);
  useEffect(() => {
    if (text === state.q) return;
    const timer = setTimeout(() => go({ q: text }, state.q !== ""), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, state.q]);
  const isRuns = state.tab === "runs";
  return (
    <input
      type="search"
      className="filter-box"
      aria-label={isRuns ? "Filter the runs" : "Filter the artifacts"}
      placeholder={isRuns ? "Name, number, user:mara…" : "Part of a name or path"}
      value={text}
      spellCheck={false}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

function Chip({ label, onClear }: { label: string; onClear: () => void }) {
  return (
    <button type="button" className="chip" aria-label={`Remove the filter ${label}`} onClick={onClear}>
      {label} <X size={13} aria-hidden="true" />
    </button>
  );
}

function Controls({ state }: { state: PageState }) {
  return (
    <div className="controls">
      <FilterBox state={state} />
      {state.tab === "runs" && (
        <>
          <div className="segments" role="group" aria-label="Status">
            {STATUSES.map(([value, label]) => (
              <button key={value} type="button" aria-pressed={state.status === value} onClick={() => go({ status: value })}>
                {label}
              </button>
            ))}
          </div>
          <label className="within">
            <span>Started in</span>
            <select value={state.within} onChange={(event) => go({ within: event.target.value })}>
              {TIMES.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          {state.app && <Chip label={`app ${state.app}`} onClear={() => go({ app: "" })} />}
          {state.user && <Chip label={`user ${state.user}`} onClear={() => go({ user: "" })} />}
        </>
      )}
    </div>
  );
}

function NoRows({ state }: { state: PageState }) {
  return (
    <div className="empty">
      <h2>Nothing fits these filters</h2>
      <button type="button" className="button" onClick={() => go({ q: "", app: "", user: "", within: "", status: "" })}>
        Clear the filters
      </button>
      {state.tab !== "runs" && state.q === "" && <p>No {state.tab === "models" ? "model" : "artifact"} was recorded yet.</p>}
    </div>
  );
}

export function Home({ state, delivery }: { state: PageState; delivery: DeliveryAnswer | null }) {
  const [pages, setPages] = useState(1);
  const isRuns = state.tab === "runs";
  const wish = [state.tab, state.q, state.app, state.user, state.within, state.status, state.sort].join("|");
  useEffect(() => setPages(1), [wish]);
  const tasks = useTasks(state, pages);
  const artifacts = useArtifacts(state, pages);
  const health = useAnswer("health", {});
  const answer = isRuns ? tasks : artifacts;
  const count = isRuns ? tasks.data?.tasks.length : artifacts.data?.artifacts.length;
  const isFiltered = Boolean(state.q || state.app || state.user || state.within || state.status);
  const isNew = isRuns && count === 0 && !isFiltered;
  return (
    <main className="home" id="main">
      <section className="home-hero">
        <h1>Where did it come from, and what was made from it?</h1>
        <Search isLarge autoFocus />
      </section>
      <section aria-label="Recorded">
        <div className="home-head">
          <div className="tabs" role="group" aria-label="What to list">
            {TABS.map(([tab, label]) => (
              <button key={tab} type="button" aria-pressed={state.tab === tab} onClick={() => go({ tab, sort: "", q: "" })}>
                {label}
              </button>
            ))}
          </div>
          <Controls state={state} />
        </div>
        {answer.error && <Failure error={answer.error} what="The list could not be read." />}
        {!answer.data && !answer.error && <Loading lines={6} />}
        {isNew && <NothingYet delivery={delivery} />}
        {!isNew && count === 0 && <NoRows state={state} />}
        {isRuns && tasks.data && tasks.data.tasks.length > 0 && (
          <Runs tasks={tasks.data.tasks} sort={sortOf(state.sort, TASK_SORTS, "created")} />
        )}
        {!isRuns && artifacts.data && artifacts.data.artifacts.length > 0 && (
          <Artifacts rows={artifacts.data.artifacts} sort={sortOf(state.sort, ARTIFACT_SORTS, "changed")} />
        )}
        {answer.data?.next && (
          <button type="button" className="button" onClick={() => setPages(pages + 1)}>
            Show more of {number(answer.data.total ?? 0)}
          </button>
        )}
        {health.data && health.data.tasks > 0 && <Health health={health.data} />}
      </section>
    </main>
  );
}
