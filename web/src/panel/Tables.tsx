/** Small tables of the panel: columns of an artifact, names and values of a task. */
import type { DataDetail } from "../api/types";
import { exactWord, valueWord } from "../model/format";
import { safeAddress } from "../model/titles";
import { Section } from "./parts";

/** Rows that are shown, at most. */
const MAX_ROWS = 200;

/** The columns of a table, and those that each is made from. */
export function Columns({ columns }: { columns: NonNullable<DataDetail["columns"]> }) {
  if (columns.length === 0) return null;
  const hasSources = columns.some(({ sources }) => (sources ?? []).length > 0);
  return (
    <Section title="Columns" count={columns.length}>
      <div className="table-box rows" tabIndex={0} role="region" aria-label="Columns">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Type</th>
              {hasSources && <th scope="col">Made from</th>}
            </tr>
          </thead>
          <tbody>
            {columns.slice(0, MAX_ROWS).map(({ name, type, description, sources }) => (
              <tr key={name}>
                <th scope="row" dir="auto" title={description ?? undefined}>
                  {name}
                </th>
                <td dir="auto">{type}</td>
                {hasSources && (
                  <td className="wraps" dir="auto">
                    {(sources ?? []).map((source) => (
                      <div key={source}>{source}</div>
                    ))}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {columns.length > MAX_ROWS && <p className="quiet">These are the first {MAX_ROWS}.</p>}
    </Section>
  );
}

/** Names and values, such as parameters; nothing where there are none. */
export function Values(props: { title: string; values: Record<string, unknown> | undefined; isFolded?: boolean }) {
  const rows = Object.entries(props.values ?? {});
  if (rows.length === 0) return null;
  return (
    <Section title={props.title} count={rows.length} {...(props.isFolded ? { isFolded: true } : {})}>
      <dl className="facts values">
        {rows.slice(0, MAX_ROWS).map(([name, value]) => (
          <div key={name}>
            <dt dir="auto">{name}</dt>
            <dd dir="auto" title={exactWord(value) === valueWord(value) ? undefined : exactWord(value)}>
              {valueWord(value)}
            </dd>
          </div>
        ))}
      </dl>
      {rows.length > MAX_ROWS && <p className="quiet">These are the first {MAX_ROWS}.</p>}
    </Section>
  );
}

/** The same run in other tools. */
export function Links({ links }: { links: Record<string, string> | undefined }) {
  const known = Object.entries(links ?? {});
  if (known.length === 0) return null;
  return (
    <Section title="Also in" count={known.length}>
      <ul className="plain">
        {known.map(([name, url]) => {
          const address = safeAddress(url);
          return (
            <li key={name}>
              {address ? (
                <a href={address} target="_blank" rel="noopener noreferrer nofollow">
                  {name} ↗
                </a>
              ) : (
                <span dir="auto">
                  {name}: {url}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
