/** Small pieces that many views share. */
import { Check, CircleCheck, CirclePlay, CircleStop, Clock3, Copy, History, OctagonX, TriangleAlert, Unplug, type LucideIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { ApiFailure } from "../api/client";
import type { GraphNode } from "../api/types";
import { shown } from "../model/titles";
import { kindWord, statusTone, statusWord } from "../model/format";
import { StatTile } from "./StatTile";
import { addressOf, focusOn } from "./useUrl";

const STATUS_ICONS: Record<string, LucideIcon> = {
  finished: CircleCheck,
  failed: OctagonX,
  lost: Unplug,
  running: CirclePlay,
  serving: CirclePlay,
  queued: Clock3,
  stale: History,
};

/** A shape for a status, so that it shows without its colour. */
export function StatusIcon({ status }: { status: string }) {
  const Icon = STATUS_ICONS[statusWord(status)] ?? CircleStop;
  return <Icon className="status-icon" size={14} strokeWidth={2.2} aria-hidden="true" />;
}

export function Status({ status }: { status: string | null | undefined }) {
  if (!status) return null;
  return (
    <span className={`status tone-${statusTone(status)}`}>
      <StatusIcon status={status} />
      {statusWord(status)}
    </span>
  );
}

/** A link that stays on this page and still opens in a new tab on wish. */
export function PageLink(props: {
  to: string;
  className?: string;
  onOpen?: () => void;
  children: ReactNode;
}) {
  return (
    <a
      className={props.className}
      href={addressOf({ view: "graph", focus: props.to, sel: props.to })}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        if (props.onOpen) props.onOpen();
        else focusOn(props.to);
      }}
    >
      {props.children}
    </a>
  );
}

/** A node in one line: icon, title, kind. */
export function NodeLine({ node, onOpen }: { node: GraphNode; onOpen?: () => void }) {
  const version = node.version ? ` · ${node.version}` : "";
  return (
    <PageLink to={node.key} className="node-line" {...(onOpen ? { onOpen } : {})}>
      <StatTile node={node} size={24} />
      <span className="node-line-title" dir="auto">
        {shown(node).title}
      </span>
      <span className="node-line-kind">
        {node.type === "task" ? `task ${node.id}` : kindWord(node.kind)}
        {version}
      </span>
    </PageLink>
  );
}

/** Letters of a long text whose end is always shown. */
const TAIL = 24;

/** A text in one line, whose middle is left out where there is too little room. */
export function Middle({ text }: { text: string }) {
  const letters = Array.from(text.slice(0, 4000));
  if (letters.length < TAIL) return <>{text}</>;
  const at = Math.max(Math.ceil(letters.length / 2), letters.length - TAIL);
  return (
    <span className="middle">
      <span className="middle-head">{letters.slice(0, at).join("")}</span>
      <span className="middle-tail">
        <span>{letters.slice(at).join("")}</span>
      </span>
    </span>
  );
}

/** That an artifact is stale, by shape and word. */
export function Stale() {
  return (
    <span className="status tone-busy">
      <StatusIcon status="stale" /> stale
    </span>
  );
}

/** A text with a button that copies it. */
export function Copied({ text, label }: { text: string; label?: string }) {
  const [isDone, setDone] = useState(false);
  return (
    <button
      type="button"
      className="copy"
      title={`Copy ${text.slice(0, 200)}`}
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => {
          setDone(true);
          setTimeout(() => setDone(false), 1500);
        });
      }}
    >
      <code>{label ?? <Middle text={text} />}</code>
      {isDone ? <Check size={13} aria-label="copied" /> : <Copy size={13} aria-hidden="true" />}
    </button>
  );
}

export function Failure({ error, what }: { error: ApiFailure; what: string }) {
  return (
    <div className="notice notice-bad" role="alert">
      <TriangleAlert size={16} aria-hidden="true" />
      <p>
        <strong>{what}</strong> {error.message}
      </p>
    </div>
  );
}

/** A place with nothing in it: why, and what to do next. */
export function Empty(props: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <h2>{props.title}</h2>
      {props.children}
      {props.command && <Copied text={props.command} />}
    </div>
  );
}

export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="bone" />
      ))}
    </div>
  );
}
