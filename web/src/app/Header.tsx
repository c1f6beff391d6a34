/** The header: home, search, queries, delivery, theme. */
import { CircleAlert, CircleHelp, LogOut, Moon, Sun, SunMoon } from "lucide-react";
import { useState } from "react";
import { isSignedIn, logout } from "../api/client";
import type { DeliveryAnswer } from "../api/types";
import { Search } from "../home/Search";
import { duration, plural } from "../model/format";
import { applyTheme, nextTheme, readTheme } from "./theme";
import type { PageState } from "./url";
import { visit } from "./useUrl";

const THEME_ICONS = { auto: SunMoon, light: Sun, dark: Moon };

function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" fill="none" aria-hidden="true">
      <path
        d="M9 9h5c4 0 4 14 8 14h2M9 23h4c2 0 3-2.500 3.700-5"
        stroke="currentColor"
        strokeWidth="2.400"
        strokeLinecap="round"
      />
      <circle cx="7" cy="9" r="3.200" fill="currentColor" />
      <circle cx="7" cy="23" r="3.200" fill="currentColor" />
      <circle cx="25" cy="23" r="3.200" fill="currentColor" />
    </svg>
  );
}

export function deliveryWords(delivery: DeliveryAnswer): string {
  const parts: string[] = [];
  if (delivery.waiting > 0) {
    const oldest = delivery.oldest_s ? `, oldest ${duration(delivery.oldest_s)}` : "";
    parts.push(`${plural(delivery.waiting, "fact")} waiting${oldest}`);
  }
  if (delivery.refused > 0) parts.push(`${delivery.refused} refused`);
  if (delivery.dropped) parts.push(`${delivery.dropped} dropped`);
  return parts.join(", ");
}

function Delivery({ delivery, isDown }: { delivery: DeliveryAnswer | null; isDown: boolean }) {
  if (isDown) {
    return (
      <p className="delivery tone-bad" role="status">
        <CircleAlert size={15} aria-hidden="true" /> <span>no answer</span>
      </p>
    );
  }
  const words = delivery ? deliveryWords(delivery) : "";
  if (!words) {
    return (
      <p className="delivery tone-good" role="status" title="New facts appear by themselves">
        <i aria-hidden="true" /> <span>live</span>
      </p>
    );
  }
  const isBad = (delivery?.refused ?? 0) + (delivery?.dropped ?? 0) > 0;
  return (
    <p
      className={`delivery ${isBad ? "tone-bad" : "tone-busy"}`}
      role="status"
      title="`lineage status` shows details, `lineage flush` delivers now"
    >
      <CircleAlert size={15} aria-hidden="true" /> <span>{words}</span>
    </p>
  );
}

export function Header(props: {
  state: PageState;
  delivery: DeliveryAnswer | null;
  isDown: boolean;
  onShortcuts: () => void;
}) {
  const [theme, setTheme] = useState(readTheme);
  const ThemeIcon = THEME_ICONS[theme];
  const { view } = props.state;
  const link = (to: "home" | "stale" | "diff", label: string) => (
    <a
      href={to === "home" ? "." : `?view=${to}`}
      aria-current={view === to ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        visit({ view: to });
      }}
    >
      {label}
    </a>
  );
  return (
    <header className="header">
      <a
        className="brand"
        href="."
        aria-label="lineage, home"
        onClick={(event) => {
          event.preventDefault();
          visit({});
        }}
      >
        <Logo />
        <span>lineage</span>
      </a>
      <nav aria-label="Questions">
        {link("home", "Home")}
        {link("stale", "Stale")}
        {link("diff", "Compare")}
      </nav>
      <div className="header-search">{view !== "home" && <Search />}</div>
      <Delivery delivery={props.delivery} isDown={props.isDown} />
      <button
        type="button"
        className="icon-button"
        aria-label={`Colours: ${theme}. Change`}
        title={`Colours: ${theme}`}
        onClick={() => {
          const next = nextTheme(theme);
          applyTheme(next);
          setTheme(next);
        }}
      >
        <ThemeIcon size={17} aria-hidden="true" />
      </button>
      <button type="button" className="icon-button" aria-label="Shortcuts" title="Shortcuts (?)" onClick={props.onShortcuts}>
        <CircleHelp size={17} aria-hidden="true" />
      </button>
      {isSignedIn() && (
        <button
          type="button"
          className="icon-button"
          aria-label="Sign out"
          title="Sign out"
          onClick={() => void logout().finally(() => location.reload())}
        >
          <LogOut size={16} aria-hidden="true" />
        </button>
      )}
    </header>
  );
}
