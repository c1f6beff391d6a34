/** Calls of the server: same origin, the session's cookie, JSON both ways. */
import type { AnswerOf, Endpoint, ExportFields, Fields } from "./types";

export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  /** The server requires a login. */
  get needsLogin(): boolean {
    return this.status === 401;
  }
}

const HEADERS = { "content-type": "application/json", "x-lineage-page": "1" };

async function failure(response: Response): Promise<ApiFailure> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as {
      error?: string;
      details?: { message?: string };
    };
    return new ApiFailure(
      response.status,
      body.details?.message ?? body.error ?? response.statusText,
    );
  } catch {
    return new ApiFailure(response.status, text.slice(0, 200) || response.statusText);
  }
}

async function post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: HEADERS,
      body: JSON.stringify(body),
      credentials: "same-origin",
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure(0, "The server does not answer. Is `lineage ui` still running?");
  }
  if (!response.ok) throw await failure(response);
  return response;
}

/** Calls made before the part of the page was there that shows their answers. */
const early = new Map<string, Promise<Response>>();

const called = (endpoint: Endpoint, fields: object, signal?: AbortSignal): Promise<Response> =>
  post(`public/api/v3/lineage.${endpoint}`, fields, signal);

/** Make a call whose answer the first `query` with the same fields gets. */
export function callEarly<E extends Endpoint>(endpoint: E, fields: Fields<E>): void {
  const call = called(endpoint, fields);
  call.catch(() => undefined); // the query that takes the answer gets its error
  early.set(endpoint + JSON.stringify(fields), call);
}

/** Call one endpoint; fields that are undefined are left out. */
export async function query<E extends Endpoint>(
  endpoint: E,
  fields: Fields<E>,
  signal?: AbortSignal,
): Promise<AnswerOf<E>> {
  const key = endpoint + JSON.stringify(fields);
  const known = early.get(key);
  early.delete(key);
  const response = await (known ?? called(endpoint, fields, signal));
  return (await response.json()) as AnswerOf<E>;
}

/** Fetch the bytes of an artifact that can be previewed. */
export async function preview(key: string, signal?: AbortSignal): Promise<Blob> {
  return (await post("public/api/v3/lineage.data.preview", { key }, signal)).blob();
}

/** Fetch a part of the graph as a document. */
export async function exported(fields: ExportFields): Promise<Blob> {
  return (await post("public/api/v3/lineage.graph.export", fields)).blob();
}

const SIGNED_IN = "lineage-signed-in";

/** Whether there is a session to end; the cookie itself is hidden from scripts. */
export function isSignedIn(): boolean {
  try {
    return localStorage.getItem(SIGNED_IN) === "1";
  } catch {
    return false; // storage may be switched off
  }
}

function remember(isIn: boolean): void {
  try {
    localStorage.setItem(SIGNED_IN, isIn ? "1" : "");
  } catch {
    return; // the button to sign out is then not shown
  }
}

export async function login(token: string): Promise<void> {
  await post("login", { token });
  remember(true);
}

/** What the button says that leads to the identity provider; undefined without one. */
export async function singleSignOn(): Promise<string | undefined> {
  try {
    const response = await fetch("sso", { credentials: "same-origin" });
    if (!response.ok) return undefined;
    return ((await response.json()) as { label: string }).label;
  } catch {
    return undefined; // the form for a token says what is wrong
  }
}

/** Note that the identity provider led back here: there is a session to end. */
export function noteSignIn(): void {
  const address = new URL(location.href);
  if (!address.searchParams.has("signed-in")) return;
  address.searchParams.delete("signed-in");
  history.replaceState(null, "", address);
  remember(true);
}

export async function logout(): Promise<void> {
  remember(false);
  await post("logout", {});
}
