/** The search box: type, edges, Enter. */
import { Search as Glass } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { useAnswer } from "../api/useAnswer";
import type { SearchHit } from "../api/types";
import { StatTile } from "../app/StatTile";
import { focusOn } from "../app/useUrl";
import { shown } from "../model/titles";
import { ago, kindWord, paramWords, placeOf, short, statusWord } from "../model/format";
import { isSelector, moved } from "./search";

function useSettled(text: string, wait_ms: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), wait_ms);
    return () => clearTimeout(timer);
  }, [text, wait_ms]);
  return settled;
}

function Hit({ hit }: { hit: SearchHit }) {
  const { node } = hit;
  const { title } = shown(node);
  const isTask = node.type === "task";
  const kind = isTask ? `task ${node.id}` : kindWord(node.kind);
  const parts = [kind, node.version, node.status && statusWord(node.status), short(paramWords(node.params), 48)];
  return (
    <>
      <StatTile node={node} size={24} />
      <span className="hit-title" dir="auto">
        {title}
      </span>
      <span className="hit-kind">{parts.filter(Boolean).join(" · ")}</span>
      <span className="hit-id">{node.started_at != null ? ago(node.started_at) : short(placeOf(node.id).path, 40)}</span>
    </>
  );
}

export interface SearchProps {
  isLarge?: boolean;
  label?: string;
  kinds?: string[];
  autoFocus?: boolean;
  /** What happens with the choice; it becomes the focus of the graph if left out. */
  onChoose?: (key: string) => void;
}

export function Search(props: SearchProps) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [isEntered, setEntered] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const wanted = useSettled(text.trim(), 40);
  const fields = wanted ? { text: wanted, kinds: props.kinds, limit: 12 } : null;
  const answer = useAnswer("search", fields, true);
  const hits = wanted && text.trim() ? (answer.data?.hits ?? []) : [];
  // A row stays chosen while the answer to the whole text moves it.
  const at = chosen === null ? -1 : hits.findIndex(({ node }) => node.key === chosen);
  const isCurrent = wanted === text.trim() && !answer.isLoading;
  const isShown = isOpen && text.trim() !== "";

  useEffect(() => {
    if (props.autoFocus) input.current?.focus({ preventScroll: true });
  }, [props.autoFocus]);

  const choose = (key: string) => {
    setOpen(false);
    setText("");
    setChosen(null);
    input.current?.blur();
    (props.onChoose ?? focusOn)(key);
  };
  const enter = () => {
    const hit = hits[at];
    if (hit) choose(hit.node.key);
    else if (!isSelector(text)) setEntered(text.trim() !== "");
    else if (!props.onChoose) choose(text.trim());
  };
  // The first hit is meant of the whole text, and the answer to that may be on its way.
  useEffect(() => {
    if (!isEntered || !isCurrent) return;
    setEntered(false);
    if (hits[0]) choose(hits[0].node.key);
  });
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Enter") enter();
    else if (event.key === "Escape") {
      if (isShown) setOpen(false);
      else input.current?.blur();
    } else {
      const next = moved(at, hits.length, event.key);
      if (next === at) return;
      setChosen(hits[next]?.node.key ?? null);
      setOpen(true);
    }
    event.preventDefault();
  };

  return (
    <div className={`search ${props.isLarge ? "search-large" : ""}`}>
      <Glass className="search-glass" size={props.isLarge ? 20 : 16} aria-hidden="true" />
      <input
        ref={input}
        type="text"
        role="combobox"
        className="search-box"
        placeholder={props.label ?? "Search a name, path, digest or model:12"}
        aria-label={props.label ?? "Search tasks and data"}
        aria-expanded={isShown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(null);
          setEntered(false);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
        data-search
      />
      {!props.onChoose && (
        <kbd className="search-key" aria-hidden="true">
          /
        </kbd>
      )}
      <div className="hits" hidden={!isShown} onMouseDown={(event) => event.preventDefault()}>
        <ul id={`${id}-list`} role="listbox" aria-label="Found">
          {hits.map((hit, index) => (
            <li
              key={hit.node.key}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              className="hit"
              onMouseEnter={() => setChosen(hit.node.key)}
              onClick={() => choose(hit.node.key)}
            >
              <Hit hit={hit} />
            </li>
          ))}
        </ul>
        <p className="hits-note" role="status">
          {note(hits.length, !isCurrent, text, answer.error?.message)}
        </p>
      </div>
    </div>
  );
}

function note(count: number, isLoading: boolean, text: string, error?: string): string {
  if (error && !isLoading) return error;
  if (isSelector(text)) return "Enter opens this selector as a graph";
  if (count > 0) return "↑ ↓ choose · Enter opens";
  return isLoading ? "Searching…" : "Nothing has that name, path, digest or id";
}
