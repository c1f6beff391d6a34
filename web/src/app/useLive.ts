/** Polls the server for changes and refreshes every open query. */
import { useEffect, useState } from "react";
import { ApiFailure, query } from "../api/client";
import { pulse } from "../api/useAnswer";
import type { DeliveryAnswer } from "../api/types";

const EVERY_MS = 2000;
const HIDDEN_MS = 15_000;
const DOWN_MS = 3000;

export interface Live {
  delivery: DeliveryAnswer | null;
  isDown: boolean;
  needsLogin: boolean;
  /** Why this person may not use the instance; empty where they may. */
  refusal: string;
}

const NEW: Live = { delivery: null, isDown: false, needsLogin: false, refusal: "" };

export function useLive(isPaused: boolean): Live {
  const [live, setLive] = useState<Live>(NEW);
  useEffect(() => {
    if (isPaused) return;
    const controller = new AbortController();
    const { signal } = controller;
    let cursor: string | undefined;
    let timer = 0;
    let wasDown = false;
    const look = async (): Promise<void> => {
      const changes = await query("changes", { cursor }, signal);
      const isNew = cursor !== undefined && changes.changed;
      cursor = changes.cursor;
      const delivery = await query("delivery.status", {}, signal).catch(() => null);
      if (signal.aborted) return;
      setLive((old) =>
        !old.isDown && !old.needsLogin && !old.refusal && JSON.stringify(old.delivery) === JSON.stringify(delivery)
          ? old
          : { ...NEW, delivery },
      );
      if (isNew || wasDown) pulse.beat();
      wasDown = false;
    };
    const tick = () => {
      look()
        .then(() => EVERY_MS)
        .catch((error: unknown) => {
          if (signal.aborted) return 0;
          const needsLogin = error instanceof ApiFailure && error.needsLogin;
          wasDown = true;
          const refusal = error instanceof ApiFailure && error.status === 403 ? error.message : "";
          setLive((old) => ({ ...old, isDown: !needsLogin && !refusal, needsLogin, refusal }));
          return DOWN_MS;
        })
        .then((wait) => {
          if (signal.aborted) return;
          timer = window.setTimeout(tick, document.hidden ? HIDDEN_MS : wait);
        });
    };
    tick();
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [isPaused]);
  return live;
}
