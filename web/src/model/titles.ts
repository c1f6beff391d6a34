/** What apps send to be shown, made harmless. */
import DOMPurify from "dompurify";
import type { GraphNode } from "../api/types";
import { baseName } from "./format";

const ALLOWED_TAGS = ["b", "strong", "i", "em", "u", "s", "code", "small", "sub", "sup", "br", "span"];
const MAX_LENGTH = 2000;

/**
 * Tags without their attributes, of which none is kept anyway.
 *
 * The sanitiser parses what it is given, and a parser that meets a handler or a style
 * under the page's policy complains in the console although nothing runs.
 */
function bare(value: string): string {
  return value.slice(0, MAX_LENGTH).replace(/<(\/?[a-z][\w-]*)[^<>]*>/gi, "<$1>");
}

/** Caches the results of a function of one text; nodes need theirs at every drawing. */
function kept<Result>(make: (value: string) => Result): (value: string) => Result {
  const known = new Map<string, Result>();
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    if (known.size > 10_000) known.clear();
    const made = make(value);
    known.set(value, made);
    return made;
  };
}

/** Markup without anything but plain emphasis: no attributes, no links, no style. */
export function cleanMarkup(value: string): string {
  return DOMPurify.sanitize(bare(value), {
    ALLOWED_TAGS,
    ALLOWED_ATTR: [],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  }).trim();
}

/** The text that a piece of markup shows. */
export const plainText = kept((value: string): string => {
  const bounded = bare(value);
  if (!/[<&]/.test(bounded)) return bounded.trim();
  const spaced = bounded.replace(/<\/?(h\d|p|div|br|li)\b/gi, " $&");
  const clean = DOMPurify.sanitize(spaced, { ALLOWED_TAGS: [], ALLOWED_ATTR: [] });
  const box = new DOMParser().parseFromString(clean, "text/html");
  return (box.body.textContent ?? "").replace(/\s+/g, " ").trim();
});

export interface Shown {
  title: string;
  /** A second line; may be empty. */
  description: string;
}

/** Titles of the platform's form: `<h4>Title</h4><small>description</small>`. */
function split(value: string): Shown {
  const match = /^\s*<h\d[^>]*>([\s\S]*?)<\/h\d>([\s\S]*)$/i.exec(value.slice(0, MAX_LENGTH));
  if (!match) return { title: plainText(value), description: "" };
  return { title: plainText(match[1] ?? ""), description: plainText(match[2] ?? "") };
}

/** The lines that a node shows for a node. */
export function shown(node: GraphNode): Shown {
  const custom = node.title ? split(node.title) : { title: "", description: "" };
  const fallback = node.type === "task" ? node.name : (node.label ?? baseName(node.name));
  const description = node.description ? plainText(node.description) : custom.description;
  return { title: custom.title || fallback.trim() || node.key, description };
}

const SAFE_SCHEMES = new Set(["http:", "https:", "mailto:"]);

/**
 * The address of a link if it is harmless and whole, else none.
 *
 * A relative one belongs to the platform, whose address this page does not know.
 */
export function safeAddress(url: string): string | null {
  try {
    const parsed = new URL(url);
    return SAFE_SCHEMES.has(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/** A colour as apps send it, if it is one. */
export function safeColour(value: string | undefined): string | undefined {
  if (!value) return undefined;
  const isColour =
    /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(value) ||
    /^rgba?\([\d\s.,%/]+\)$/i.test(value) ||
    /^[a-z]{3,20}$/i.test(value);
  return isColour ? value : undefined;
}
