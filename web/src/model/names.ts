/** Names in two lines: each line keeps an end of the name. */
import { cutMiddle } from "./format";

/** Longer names than this are cut in their middle before. */
const MOST = 90;
/** So many letters, without the last, have room in a line of the narrowest node. */
const SHORT = 10;
/** After these a name is broken; before those as well. */
const BREAK_AFTER = /[/\\\s_:,;|-]/;
const BREAK_BEFORE = /[.([{]/;

/**
 * The two parts of a name, which are a whole beside each other.
 *
 * It is broken where that reads well and is nearest to its middle, else in its middle.
 */
export function halves(name: string): [string, string] {
  const letters = Array.from(cutMiddle(name, MOST));
  const middle = letters.length / 2;
  let best = Math.ceil(middle);
  // A part of a short name has room in one line, wherever the name is broken.
  let least = letters.length <= SHORT ? middle : letters.length * 0.3;
  for (let at = 1; at < letters.length; at += 1) {
    const fits = BREAK_AFTER.test(letters[at - 1] as string) || BREAK_BEFORE.test(letters[at] as string);
    if (fits && Math.abs(at - middle) < least) {
      least = Math.abs(at - middle);
      best = at;
    }
  }
  return [letters.slice(0, best).join(""), letters.slice(best).join("")];
}

/** A name in one line, or in two of at most so many letters; what is left out is its middle. */
export function inLines(name: string, length: number): string[] {
  if (Array.from(name.slice(0, 4 * length + 4)).length <= length) return [name];
  const [head, tail] = halves(name).map((part) => Array.from(part)) as [string[], string[]];
  return [
    head.length > length ? `${head.slice(0, length - 1).join("")}…` : head.join("").trimEnd(),
    tail.length > length ? `…${tail.slice(1 - length).join("")}` : tail.join("").trimStart(),
  ];
}

/** Letters that are written from right to left, and marks that change a direction. */
const HAS_DIRECTION = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

/** A name among other words, whose order on the screen it does not change. */
export function isolated(name: string): string {
  return HAS_DIRECTION.test(name) ? `\u2068${name.replace(/[\u2066-\u2069]/g, "")}\u2069` : name;
}
