/** Choosing what is hidden or dimmed. */
import type { OverviewAnswer } from "../api/types";
import type { PageState } from "../app/url";
import { go } from "../app/useUrl";
import { isFiltering, NO_FILTERS } from "../model/filter";
import { kindWord, number, statusWord } from "../model/format";

function counted(counts: Record<string, number> | undefined): [string, number][] {
  return Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

function Choices(props: {
  legend: string;
  name: "kinds" | "statuses" | "teams";
  choices: [string, number][];
  chosen: readonly string[];
  label: (value: string) => string;
}) {
  if (props.choices.length < 1) return null;
  const flip = (value: string) => {
    const others = props.chosen.filter((other) => other !== value);
    go({ [props.name]: others.length < props.chosen.length ? others : [...others, value] });
  };
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {props.choices.map(([value, count]) => (
        <label key={value} className="choice">
          <input type="checkbox" checked={props.chosen.includes(value)} onChange={() => flip(value)} />
          <span>{props.label(value)}</span>
          <small>{number(count)}</small>
        </label>
      ))}
    </fieldset>
  );
}

function toLocal(at: number | null): string {
  if (at === null) return "";
  const date = new Date(at * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function fromLocal(text: string): number | null {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.floor(at / 1000);
}

export function Filters(props: { state: PageState; found: OverviewAnswer | null }) {
  const { state } = props;
  const found = {
    kinds: counted(props.found?.kinds),
    statuses: counted(props.found?.statuses),
    teams: counted(props.found?.teams),
  };
  return (
    <form className="filters" onSubmit={(event) => event.preventDefault()}>
      <label className="field">
        Name
        <input
          type="text"
          value={state.name}
          placeholder="part of a name or id"
          onChange={(event) => go({ name: event.target.value }, state.name !== "")}
        />
      </label>
      <Choices legend="Kind" name="kinds" choices={found.kinds} chosen={state.kinds} label={(kind) => kindWord(kind, 2)} />
      <Choices legend="Status of tasks" name="statuses" choices={found.statuses} chosen={state.statuses} label={statusWord} />
      {(found.teams.length > 1 || state.teams.length > 0) && (
        <Choices legend="Team" name="teams" choices={found.teams} chosen={state.teams} label={(team) => `team ${team}`} />
      )}
      <div className="field-pair">
        <label className="field">
          From
          <input type="datetime-local" value={toLocal(state.since)} onChange={(event) => go({ since: fromLocal(event.target.value) })} />
        </label>
        <label className="field">
          To
          <input type="datetime-local" value={toLocal(state.until)} onChange={(event) => go({ until: fromLocal(event.target.value) })} />
        </label>
      </div>
      <div className="filters-foot">
        <div className="segments" role="group" aria-label="What is filtered out">
          <button type="button" aria-pressed={state.mode === "dim"} onClick={() => go({ mode: "dim" })}>
            Dim
          </button>
          <button type="button" aria-pressed={state.mode === "hide"} onClick={() => go({ mode: "hide" })}>
            Hide
          </button>
        </div>
        <button type="button" className="button" disabled={!isFiltering(state)} onClick={() => go({ ...NO_FILTERS })}>
          Clear
        </button>
      </div>
    </form>
  );
}
