/** What the OpenLineage events of a run held, facets whole; fetched when it is opened. */
import { useState } from "react";
import { useAnswer } from "../api/useAnswer";
import { Failure, Loading } from "../app/ui";

/** Characters that are shown, at most: a plan of Spark may have millions. */
const MAX_CHARACTERS = 100_000;

export function Events({ run }: { run: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error, isLoading } = useAnswer("openlineage.run", isOpen ? { run } : null);
  const text = data ? JSON.stringify((data as { state?: unknown }).state, null, 2) : "";
  return (
    <details className="section" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>OpenLineage</h3>
      </summary>
      {isLoading && <Loading />}
      {error && <Failure error={error} what="The events cannot be shown." />}
      {data && (
        <pre className="raw" tabIndex={0}>
          {text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}\n…` : text}
        </pre>
      )}
    </details>
  );
}
