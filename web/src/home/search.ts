/** What a typed text means. */

const SELECTOR = /^[+\d]*\+?\w+:[^\s]|[+]\s*$|[&|]|^\d*\+/;

/** Whether a text reads as a selector rather than as part of a name. */
export function isSelector(text: string): boolean {
  return SELECTOR.test(text.trim());
}

/** The row that an arrow key leads to; -1 is the box itself. */
export function moved(at: number, count: number, key: string): number {
  if (key === "ArrowDown") return at + 1 >= count ? -1 : at + 1;
  if (key === "ArrowUp") return at < 0 ? count - 1 : at - 1;
  if (key === "Home" && at >= 0) return 0;
  if (key === "End" && at >= 0) return count - 1;
  return at;
}
