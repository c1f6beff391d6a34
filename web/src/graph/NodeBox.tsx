/** Draws one node of the graph: a task, an artifact, or a group of like ones. */
import { ChevronsDownUp, ChevronsUpDown, Minus, Plus } from "lucide-react";
import { memo } from "react";
import { Status, StatusIcon } from "../app/ui";
import { StatTile } from "../app/StatTile";
import { OPEN_STEP, type Mark, type NodeItem } from "../model/overview";
import { brief, number, statusTone, statusWord } from "../model/format";
import { halves } from "../model/names";
import { openingWords } from "./ContextMenu";
import { displayOf, hiddenWords, nodeLabel, type Differences, type Look } from "./scene";

export interface NodeData extends Record<string, unknown> {
  item: NodeItem;
  look: Look;
  differing: Differences;
  isFocus: boolean;
  isSelected: boolean;
  /** Reached by Tab: one node of the whole graph. */
  isTabStop: boolean;
  /** Sides that have lines: `up`, `down` or both. */
  sides: string;
  isOpenUp: boolean;
  isOpenDown: boolean;
  onSelect: (key: string) => void;
  onExpand: (item: NodeItem, way: "up" | "down") => void;
  onUngroup: (item: NodeItem) => void;
}

const MARK_WORDS: Record<Mark, string> = {
  remake: "must be rebuilt",
  "loses source": "loses a source",
  possibly: "possibly",
};

/** The class of a mark. */
const MARK_CLASSES: Record<Mark, string> = {
  remake: "is-lost",
  "loses source": "is-touched",
  possibly: "is-possible",
};

function Side({ data, way }: { data: NodeData; way: "up" | "down" }) {
  const display = displayOf(data.item);
  const count = way === "up" ? display.hiddenUp : display.hiddenDown;
  const isOpen = way === "up" ? data.isOpenUp : data.isOpenDown;
  if (count === 0 && !isOpen) return null;
  const label = isOpen && count === 0
    ? `Hide what was opened ${way === "up" ? "upstream" : "downstream"} of ${display.title}`
    : hiddenWords(count, way, display.title);
  return (
    <button
      type="button"
      className={`expand expand-${way} ${data.sides.includes(way) ? "is-corner" : ""} nopan nodrag`}
      aria-label={label}
      title={label}
      tabIndex={data.isTabStop ? 0 : -1}
      onClick={() => data.onExpand(data.item, way)}
    >
      {count > 0 ? <Plus size={11} strokeWidth={2.6} /> : <Minus size={11} strokeWidth={2.6} />}
      {count > 0 && <span>{brief(count)}</span>}
    </button>
  );
}

/** A name, in two lines where it is too long for one; both keep an end of it. */
function Title({ title, number: before }: { title: string; number: string | undefined }) {
  const [head, tail] = halves(title);
  return (
    <span className="node-title" dir="auto" title={title}>
      <span className="node-head" data-number={before}>{head}</span>
      <span className="node-tail">
        <bdi dir="auto">{tail}</bdi>
      </span>
    </span>
  );
}

export const NodeBox = memo(function NodeBox({ data }: { data: NodeData }) {
  const { item, look } = data;
  const { node, mark } = item;
  const display = displayOf(item, data.differing);
  const isGroup = item.type === "group";
  const opening = openingWords(item);
  const names = [
    "node",
    `node-${item.type}`,
    node.type === "task" ? "is-task" : "is-data",
    look.isDim ? "is-dim" : "",
    look.isHighlighted ? "is-highlighted" : "",
    data.isFocus ? "is-focus" : "",
    data.isSelected ? "is-selected" : "",
    node.is_deleted && !isGroup ? "is-deleted" : "",
    display.failed > 0 && (!isGroup || display.failed === item.count) ? "is-failed" : "",
    display.stale > 0 && (!isGroup || display.stale === item.count) ? "is-stale" : "",
    mark ? MARK_CLASSES[mark] : "",
  ];
  return (
    <div className={names.filter(Boolean).join(" ")} data-node={item.key}>
      <button
        type="button"
        className="node-main"
        aria-label={nodeLabel(item, data.differing)}
        aria-pressed={data.isSelected}
        tabIndex={data.isTabStop ? 0 : -1}
        data-key={item.key}
        onClick={() => data.onSelect(item.key)}
      >
        <StatTile node={node} isStep={item.type === "step"} />
        <span className="node-text">
          <Title title={display.title} number={item.type === "task" ? `#${node.id}` : undefined} />
          <span className="node-sort" title={display.sort}>
            <span className="node-parts">
              {display.sort.split(" · ").map((part, at) => (
                <span key={at} className="part" dir="auto">
                  {at > 0 && <span className="part-dot"> · </span>}
                  {part}
                </span>
              ))}
              {item.type === "task" &&
                (statusTone(node.status) === "good" ? (
                  <span className="status tone-good" title={statusWord(node.status ?? "")}>
                    <StatusIcon status={node.status ?? ""} />
                  </span>
                ) : (
                  <Status status={node.status} />
                ))}
              {item.type !== "task" && display.failed > 0 && (
                <span className="status tone-bad">
                  <StatusIcon status="failed" />
                  {isGroup ? `${number(display.failed)} failed` : "failed"}
                </span>
              )}
              {mark && (
                <span className={`badge ${mark === "remake" ? "badge-bad" : ""}`}>{MARK_WORDS[mark]}</span>
              )}
              {display.stale > 0 && !mark && (
                <span className="status tone-busy">
                  <StatusIcon status="stale" />
                  {isGroup ? `${number(display.stale)} stale` : "stale"}
                </span>
              )}
            </span>
          </span>
          {display.description && (
            <span className="node-description" dir="auto" title={display.description}>
              {display.description}
            </span>
          )}
        </span>
      </button>
      {opening && (
        <button
          type="button"
          className="ungroup"
          aria-label={`${opening} of ${item.type === "step" ? `task ${node.id}` : display.title}`}
          title={isGroup && item.count > OPEN_STEP ? `Show the next ${OPEN_STEP}` : opening}
          tabIndex={data.isTabStop ? 0 : -1}
          onClick={() => data.onUngroup(item)}
        >
          {item.type === "step" ? <ChevronsDownUp size={13} /> : <ChevronsUpDown size={13} />}
        </button>
      )}
      <Side data={data} way="up" />
      <Side data={data} way="down" />
    </div>
  );
});
