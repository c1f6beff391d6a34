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

function Answered({ id }: { id: string }) {
  const { data, error } = useAnswer("graph.why", { a: id });
  if (error && !data) return <Failure error={error} what="It could not be found out." />;
  if (!data) return <Loading lines={2} />;
  return (
    <>
      <p dir="auto">{data.sentence}</p>
      {(data.causes ?? []).map((cause) => (
        <div key={`${cause.kind} ${cause.name}`} className="cause">
          {cause.kind !== "input" && cause.kind !== "added" && cause.kind !== "removed" && (
            <p className="quiet" dir="auto">
              {cause.name}: {valueWords(cause.b, cause.a).join(" → ")}
            </p>
          )}
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
