/** Formats numbers, times, kinds and statuses for people. */

const KIND_WORDS: Record<string, readonly [string, string]> = {
  task: ["task", "tasks"],
  app: ["app session", "app sessions"],
  project: ["project", "projects"],
  dataset: ["dataset", "datasets"],
  file: ["file", "files"],
  table: ["table", "tables"],
  folder: ["folder", "folders"],
  job: ["labeling job", "labeling jobs"],
  model_weight: ["model", "models"],
};

export function kindWord(kind: string, count = 1): string {
  const words = KIND_WORDS[kind] ?? [kind.replaceAll("_", " "), `${kind.replaceAll("_", " ")}s`];
  return count === 1 ? words[0] : words[1];
}

export function countOf(count: number, kind: string): string {
  return `${number(count)} ${kindWord(kind, count)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const GROUPED = new Intl.NumberFormat("en");

export function number(value: number): string {
  return GROUPED.format(value);
}

const BRIEF = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A number in few digits, for where there is little room: 2.2K. */
export function brief(value: number): string {
  return BRIEF.format(value);
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let amount = value;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 100 ? 0 : 1;
  return `${amount.toFixed(digits)} ${units[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 0) return "0 s";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

/** How long ago, coarse enough to stay true for a while. */
export function ago(at: number, now: number = Date.now() / 1000): string {
  const seconds = now - at;
  if (seconds < 0) return "just now";
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 86_400 * 2) return "yesterday";
  if (seconds < 86_400 * 30) return `${Math.round(seconds / 86_400)} days ago`;
  return day(at);
}

export function day(at: number): string {
  return new Date(at * 1000).toLocaleDateString("en", {
    year: "numeric",
    month: "short",
    day: "numeric",
  });
}

export function moment(at: number): string {
  return new Date(at * 1000).toLocaleString("en", {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
  });
}

/** Cut a text for where there is little room. */
export function short(value: string, length: number): string {
  const characters = Array.from(value.slice(0, length * 4));
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : value;
}

/** Cut a text in its middle: both ends of a path or name distinguish it. */
export function cutMiddle(value: string, length: number): string {
  const characters = Array.from(value.slice(0, 4000));
  if (characters.length <= length) return value;
  const end = Math.floor((length - 1) * 0.55);
  return `${characters.slice(0, length - 1 - end).join("")}…${characters.slice(-end).join("")}`;
}

/** An id as people write it: of a local file the path, and the machine that has it. */
export function placeOf(id: string | number): { path: string; machine: string | null } {
  const local = /^file:\/\/([^/]*)(\/.*)$/s.exec(String(id));
  return local ? { path: local[2] as string, machine: local[1] || null } : { path: String(id), machine: null };
}

/** Significant digits of a fraction, where it is shown. */
const DIGITS = 6;

/** A value of a parameter or metric as people read it: fractions are rounded. */
export function valueWord(value: unknown): string {
  const rounded = (_name: string, inner: unknown) =>
    typeof inner === "number" && !Number.isInteger(inner) ? Number(inner.toPrecision(DIGITS)) : inner;
  return typeof value === "string" ? value : (JSON.stringify(value, rounded) ?? "");
}

/** Two values that differ, so that they are seen to differ; a dash where there is none. */
export function valueWords(one: unknown, other: unknown): [string, string] {
  const isAlike = valueWord(one) === valueWord(other);
  const word = (value: unknown) => (value === null || value === undefined ? "—" : isAlike ? exactWord(value) : valueWord(value));
  return [word(one), word(other)];
}

/** A value in full. */
export function exactWord(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** The first parameters of a run: `lr=0.1 epochs=10`. */
export function paramWords(params: Readonly<Record<string, unknown>> | null | undefined): string {
  const first = Object.entries(params ?? {}).slice(0, 4);
  return first.map(([name, value]) => `${name}=${valueWord(value)}`).join(" ");
}

/** The last part of a path, or all of what is no path. */
export function baseName(path: string): string {
  const clean = path.replace(/[/\\]+$/, "");
  return clean.slice(Math.max(clean.lastIndexOf("/"), clean.lastIndexOf("\\")) + 1) || path;
}

const STATUS_WORDS: Record<string, string> = {
  started: "running",
  deployed: "serving",
  queued: "queued",
  consumed: "queued",
  finished: "finished",
  error: "failed",
  failed: "failed",
  stopped: "stopped",
  terminating: "stopping",
};

export function statusWord(status: string): string {
  return STATUS_WORDS[status] ?? status.replaceAll("_", " ");
}

export type Tone = "good" | "bad" | "busy" | "quiet";

export function statusTone(status: string | null | undefined): Tone {
  const word = status ? statusWord(status) : "";
  if (word === "finished") return "good";
  if (word === "failed" || word === "lost") return "bad";
  if (word === "running" || word === "serving") return "busy";
  return "quiet";
}
