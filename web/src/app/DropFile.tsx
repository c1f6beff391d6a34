/** A file dropped on the page is found by its bytes; they do not leave the browser. */
import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { ApiFailure, query } from "../api/client";
import type { GraphNode } from "../api/types";
import { bytes, plural } from "../model/format";
import { NodeLine } from "./ui";
import { focusOn } from "./useUrl";

interface Dropped {
  name: string;
  size: number;
  digest: string | null;
  nodes: GraphNode[] | null;
  error: string;
}

function digestOf(file: File): Promise<string> {
  const worker = new Worker(new URL("./digest.worker.ts", import.meta.url), { type: "module" });
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<{ digest?: string; error?: string }>) => {
      if (event.data.digest) resolve(event.data.digest);
      else reject(new Error(event.data.error));
    };
    worker.onerror = () => reject(new Error("The file could not be read."));
    worker.postMessage(file);
  }).finally(() => worker.terminate());
}

/** The recorded versions whose content has a digest. */
async function versionsWith(digest: string): Promise<GraphNode[]> {
  const asked = { select: `sha256:${digest}`, up: 0, down: 0, limit: 20 };
  try {
    return (await query("graph.get", asked)).nodes;
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return [];
    throw error;
  }
}

export function DropFile() {
  const [isOver, setOver] = useState(false);
  const [dropped, setDropped] = useState<Dropped | null>(null);
  const turn = useRef(0);
  useEffect(() => {
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onOver = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      setOver(false);
      const own = (turn.current += 1);
      const base = { name: file.name, size: file.size, digest: null, nodes: null, error: "" };
      setDropped(base);
      const set = (more: Partial<Dropped>) => {
        if (turn.current === own) setDropped({ ...base, ...more });
      };
      digestOf(file)
        .then(async (digest) => {
          set({ digest });
          set({ digest, nodes: await versionsWith(digest) });
        })
        .catch((error: Error) => set({ error: error.message }));
    };
    addEventListener("dragover", onOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", onOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
    };
  }, []);
  const close = () => {
    turn.current += 1;
    setDropped(null);
  };
  return (
    <>
      {isOver && <div className="drop-target">Drop the file to find it by its bytes. It is not uploaded.</div>}
      {dropped && (
        <section className="dropped" aria-label="The dropped file" role="status">
          <button type="button" className="icon-button" aria-label="Close" onClick={close}>
            <X size={16} />
          </button>
          <h2 dir="auto">{dropped.name}</h2>
          <p className="quiet">
            {bytes(dropped.size)}
            {dropped.digest && ` · sha256 ${dropped.digest.slice(0, 12)}…`}
          </p>
          {dropped.error && <p className="login-problem">{dropped.error}</p>}
          {!dropped.nodes && !dropped.error && <p>{dropped.digest ? "Searching…" : "Reading…"}</p>}
          {dropped.nodes?.length === 0 && <p>No recorded version has these bytes.</p>}
          {dropped.nodes && dropped.nodes.length > 0 && (
            <>
              <p>{plural(dropped.nodes.length, "version")} with these bytes:</p>
              <ul className="plain lines">
                {dropped.nodes.map((node) => (
                  <li key={node.key}>
                    <NodeLine
                      node={node}
                      onOpen={() => {
                        close();
                        focusOn(node.key);
                      }}
                    />
                    {node.is_current === false && <small className="edge-note">not the current version</small>}
                    {node.is_stale && <small className="edge-note">stale</small>}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      )}
    </>
  );
}
