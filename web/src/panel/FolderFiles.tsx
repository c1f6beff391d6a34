/** The files of a version of a folder, page after page, and how they changed. */
import { useState } from "react";
import type { FolderFile, FolderFilesAnswer } from "../api/types";
import { query } from "../api/client";
import { useQuery } from "../api/useAnswer";
import { Failure, Loading } from "../app/ui";
import { bytes, number, plural } from "../model/format";
import { Section } from "./parts";

/** Files of one answer. */
const PAGE = 100;

interface Listed extends FolderFilesAnswer {
  files: FolderFile[];
}

/** The first pages of a folder's list as one. */
async function pagesOf(key: string, isChanged: boolean, pages: number, signal: AbortSignal): Promise<Listed> {
  const ask = (first: number) =>
    query("data.files", { key, first, most: PAGE, changed_only: isChanged }, signal);
  const answers = await Promise.all(Array.from({ length: pages }, (_, page) => ask(page * PAGE)));
  const last = answers[answers.length - 1] as FolderFilesAnswer;
  return { ...last, files: answers.flatMap(({ files }) => files) };
}

function Row({ file }: { file: FolderFile }) {
  return (
    <tr className={file.change === "removed" ? "is-removed" : ""}>
      <th scope="row" dir="auto" title={file.name}>
        {file.name}
      </th>
      <td className="is-number">{bytes(file.size)}</td>
      <td>{file.change && <span className={`change change-${file.change}`}>{file.change}</span>}</td>
    </tr>
  );
}

export function FolderFiles({ id, count }: { id: string; count: number }) {
  const [pages, setPages] = useState(1);
  const [isChanged, setChanged] = useState(false);
  const { data, error } = useQuery<Listed>(
    `files ${id} ${String(isChanged)} ${pages}`,
    (signal) => pagesOf(id, isChanged, pages, signal),
    true,
  );
  const left = (data?.total ?? 0) - (data?.files.length ?? 0);
  return (
    <Section title="Files" count={count}>
      {error && !data && <Failure error={error} what="The files could not be read." />}
      {!data && !error && <Loading lines={3} />}
      {data && (
        <>
          {data.before && (
            <label className="check">
              <input
                type="checkbox"
                checked={isChanged}
                onChange={(event) => {
                  setChanged(event.target.checked);
                  setPages(1);
                }}
              />{" "}
              Only what changed since the version before
            </label>
          )}
          {data.files.length === 0 && <p className="quiet">{isChanged ? "No file changed." : "It has no files."}</p>}
          {data.files.length > 0 && (
            <div className="table-box rows" tabIndex={0} role="region" aria-label="Files">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">File</th>
                    <th scope="col" className="is-number">
                      Size
                    </th>
                    <th scope="col">Change</th>
                  </tr>
                </thead>
                <tbody>
                  {data.files.map((file) => (
                    <Row key={file.name} file={file} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {left > 0 && (
            <button type="button" className="button" onClick={() => setPages(pages + 1)}>
              Show {number(Math.min(left, PAGE))} more of {number(data.total)}
            </button>
          )}
          {!data.is_complete && (
            <p className="quiet">
              The list is cut: the folder has {plural(data.file_count, "file")}, {bytes(data.bytes)}.
            </p>
          )}
        </>
      )}
    </Section>
  );
}
