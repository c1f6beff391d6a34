/** Why a version differs from the one before, asked when a person opens it. */
import { useState } from "react";
import type { WhyAnswer } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Failure, Loading } from "../app/ui";
import { valueWords } from "../model/format";

type Cause = NonNullable<WhyAnswer["causes"]>[number];

/** Files of one folder that are listed, at most. */
const MAX_FILES = 100;

function Files({ files }: { files: NonNullable<Cause["files"]> }) {
  if (files.length === 0) return null;
  return (
    <ul className="plain files">
      {files.slice(0, MAX_FILES).map((file) => (
        <li key={file.name}>
          <span className={`change change-${file.change}`}>{file.change}</span> <span dir="auto">{file.name}</span>
        </li>
      ))}
      {files.length > MAX_FILES && <li>and {files.length - MAX_FILES} more</li>}
    </ul>
  );
}

/** A difference in words; none for inputs, which the sentence names. */
export function causeWords(cause: Cause): string | null {
  if (cause.kind === "input" || cause.kind === "added" || cause.kind === "removed") return null;
  const via = cause.via?.at(-1);
  const where = via ? ` (through ${via})` : "";
  if (cause.kind !== "unknown") return `${cause.name}: ${valueWords(cause.b, cause.a).join(" → ")}${where}`;
  const isArtifact = cause.a !== null && cause.a !== undefined;
  return isArtifact ? `${cause.name} may have changed: no version of it is known${where}` : null;
}

function Words({ cause }: { cause: Cause }) {
  const words = causeWords(cause);
  return words === null ? null : (
    <p className="quiet" dir="auto">
      {words}
    </p>
  );
}

function Answered({ id }: { id: string }) {
  const { data, error } = useAnswer("graph.why", { a: id });
  if (error && !data) return <Failure error={error} what="It could not be found out." />;
  if (!data) return <Loading lines={2} />;
  return (
    <>
      <p dir="auto">{data.sentence}</p>
      {(data.causes ?? []).map((cause, at) => (
        <div key={at} className="cause">
          <Words cause={cause} />
          <Files files={cause.files ?? []} />
        </div>
      ))}
    </>
  );
}

/** The section of the panel; nothing is asked before it is opened. */
export function Why({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="section" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>Why it changed</h3>
      </summary>
      {isOpen && <Answered id={id} />}
    </details>
  );
}
