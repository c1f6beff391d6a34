/** Light, dark, moving or still: as the machine says, or as chosen here. */

export type Theme = "auto" | "light" | "dark";

const NAME = "lineage-theme";
const ORDER: readonly Theme[] = ["auto", "light", "dark"];

export function readTheme(): Theme {
  try {
    const value = localStorage.getItem(NAME) as Theme | null;
    return value && ORDER.includes(value) ? value : "auto";
  } catch {
    return "auto"; // storage may be switched off
  }
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(NAME, theme);
  } catch {
    return; // it then lasts as long as the page does
  }
}

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "auto";
}

/** How long a movement may take: no time where people want nothing to move. */
export function motion(milliseconds: number): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : milliseconds;
}
