/** Answers as React state, kept while they are fetched again. */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { ApiFailure, query } from "./client";
import type { AnswerOf, Endpoint, Fields } from "./types";

export interface Answer<T> {
  data: T | null;
  error: ApiFailure | null;
  isLoading: boolean;
}

/** Counts up whenever the server has something new. */
class Pulse {
  private count = 0;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly read = (): number => this.count;

  beat(): void {
    this.count += 1;
    for (const listener of this.listeners) listener();
  }
}

export const pulse = new Pulse();

export function usePulse(): number {
  return useSyncExternalStore(pulse.subscribe, pulse.read);
}

const asFailure = (error: unknown): ApiFailure =>
  error instanceof ApiFailure ? error : new ApiFailure(0, String(error));

/**
 * Run a query and keep its answer.
 *
 * A new `key` forgets the old answer unless `keep` is set; a beat of the pulse asks
 * again and keeps showing the old one until the new one is there.
 */
export function useQuery<T>(
  key: string | null,
  run: (signal: AbortSignal) => Promise<T>,
  keep = false,
): Answer<T> {
  const beat = usePulse();
  const [state, setState] = useState<Answer<T> & { key: string | null }>({
    key: null,
    data: null,
    error: null,
    isLoading: key !== null,
  });
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (key === null) return;
    const controller = new AbortController();
    const set = (data: T | null, error: ApiFailure | null) => {
      if (controller.signal.aborted) return;
      setState((old) => ({
        key,
        data: error && old.key === key ? old.data : data,
        error,
        isLoading: false,
      }));
    };
    setState((old) => (old.key === key || keep ? { ...old, isLoading: true } : { ...old }));
    latest.current(controller.signal).then(
      (data) => set(data, null),
      (error: unknown) => set(null, asFailure(error)),
    );
    return () => controller.abort();
  }, [key, beat, keep]);
  if (key === null) return { data: null, error: null, isLoading: false };
  if (state.key === key) return state;
  return keep ? { ...state, isLoading: true } : { data: null, error: null, isLoading: true };
}

export function useAnswer<E extends Endpoint>(
  endpoint: E,
  fields: Fields<E> | null,
  keep = false,
): Answer<AnswerOf<E>> {
  const key = fields === null ? null : endpoint + JSON.stringify(fields);
  return useQuery(key, (signal) => query(endpoint, fields as Fields<E>, signal), keep);
}
