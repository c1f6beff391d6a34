/** The versions of an artifact over time, as a strip of marks to choose from. */
import type { GraphNode } from "../api/types";
import { go } from "../app/useUrl";
import { day, moment, number } from "../model/format";

const MAX_MARKS = 400;

/** Where each version stands between the first and the last, from 0 to 1. */
export function places(versions: readonly GraphNode[]): [GraphNode, number][] {
  const dated = versions.filter((node) => node.created_at != null).slice(0, MAX_MARKS);
  const times = dated.map((node) => node.created_at as number);
  const first = Math.min(...times);
  const length = Math.max(...times) - first;
  return dated.map((node) => [node, length === 0 ? 1 : ((node.created_at as number) - first) / length]);
}

export function VersionStrip(props: { versions: readonly GraphNode[]; total: number; current: string }) {
  const { versions, total, current } = props;
  const marks = places(versions);
  if (marks.length < 2) return null;
  const newest = marks[0]?.[0].created_at ?? 0;
  const oldest = marks[marks.length - 1]?.[0].created_at ?? 0;
  return (
    <figure className="strip" aria-label="Versions over time">
      <svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
        <line x1="1" x2="99" y1="7" y2="7" className="strip-line" />
        {marks.map(([node, at]) => (
          <line
            key={node.key}
            x1={1 + at * 98}
            x2={1 + at * 98}
            y1={node.key === current ? 0 : 3}
            y2={node.key === current ? 14 : 11}
            className={`strip-mark ${node.key === current ? "is-current" : ""} ${node.is_stale ? "is-stale" : ""}`}
            onClick={() => go({ sel: node.key })}
          >
            <title>{`${node.version ?? node.key}, ${moment(node.created_at as number)}`}</title>
          </line>
        ))}
      </svg>
      <figcaption>
        <span>{day(oldest)}</span>
        <span>{marks.length < total ? `the newest ${marks.length} of ${number(total)} versions` : `${marks.length} versions`}</span>
        <span>{day(newest)}</span>
      </figcaption>
    </figure>
  );
}
