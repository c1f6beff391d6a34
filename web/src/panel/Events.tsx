/** What OpenLineage events held of a run or an artifact, facets whole; fetched when it is opened. */
import { useState } from "react";
import type { ApiFailure } from "../api/client";
import { useAnswer } from "../api/useAnswer";
import { Failure, Loading } from "../app/ui";

/** Characters that are shown, at most: a plan of Spark may have millions. */
const MAX_CHARACTERS = 100_000;

/** The facets of a run and of its datasets. */
export function RunEvents({ run }: { run: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error, isLoading } = useAnswer("openlineage.run", isOpen ? { run } : null);
  return <Facets value={data && (data as { state?: unknown }).state} {...{ error, isLoading, setOpen }} />;
}

/** What each run said of a version of an artifact. */
export function DataEvents({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error, isLoading } = useAnswer("openlineage.dataset", isOpen ? { key: id } : null);
  return <Facets value={data && (data as { named?: unknown }).named} {...{ error, isLoading, setOpen }} />;
}

interface FacetsProps {
  value: unknown;
  error: ApiFailure | null;
  isLoading: boolean;
  setOpen: (isOpen: boolean) => void;
}

function Facets({ value, error, isLoading, setOpen }: FacetsProps) {
  const text = value ? JSON.stringify(value, null, 2) : "";
  return (
    <details className="section" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>OpenLineage</h3>
      </summary>
      {isLoading && <Loading />}
      {error && <Failure error={error} what="The events cannot be shown." />}
      {text && (
        <pre className="raw" tabIndex={0}>
          {text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}\n…` : text}
        </pre>
      )}
    </details>
  );
}
