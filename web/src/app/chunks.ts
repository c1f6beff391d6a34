/** The parts of the page that are loaded later: fetched when idle, replaced after an upgrade. */

const RELOADED_AT = "lineage-reloaded-at";
/** A second reload within this time would be a loop. */
const QUIET_MS = 15_000;

/** Whether an error means that a part of the page could not be fetched. */
export function isMissingChunk(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return /dynamically imported module|importing a module script|preload CSS|module script failed/i.test(message);
}

/** The address of the part that an error is about; the page's own where it names none. */
export function partOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /(?:https?:\/\/|\/)\S+?\.(?:js|css)\b/.exec(message)?.[0] ?? location.pathname;
}

/** Whether a part can be fetched, is no longer served, or the server does not answer. */
export async function availability(address: string): Promise<"here" | "gone" | "away"> {
  try {
    const { ok, status } = await fetch(address, { method: "HEAD", cache: "no-store" });
    return ok ? "here" : status === 404 ? "gone" : "away";
  } catch {
    return "away";
  }
}

function readMark(): number {
  try {
    return Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
  } catch {
    return Number.MAX_SAFE_INTEGER; // without storage no reload is remembered, so none is made
  }
}

/** Reload the page, unless it was just reloaded for the same reason. */
export function reloadOnce(now: number = Date.now()): boolean {
  if (now - readMark() < QUIET_MS) return false;
  try {
    sessionStorage.setItem(RELOADED_AT, String(now));
  } catch {
    return false; // it could not be remembered
  }
  location.reload();
  return true;
}

/** An old tab after an upgrade asks for files that are gone while the server answers. */
export function reloadWhenUpgraded(): void {
  addEventListener("vite:preloadError", (event) => {
    // Where the server does not answer, the error boundary waits for it.
    void availability(partOf((event as Event & { payload?: unknown }).payload)).then((state) => {
      if (state === "gone") reloadOnce();
    });
  });
}

/** Fetch every later part once the first view stands. */
export function fetchWhenIdle(loads: readonly (() => Promise<unknown>)[]): void {
  const run = () => {
    for (const load of loads) load().catch(() => undefined); // it is fetched again when needed
  };
  if ("requestIdleCallback" in globalThis) requestIdleCallback(run, { timeout: 3000 });
  else setTimeout(run, 1000);
}
