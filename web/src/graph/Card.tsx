/** One card of the graph: a task, a thing, or many like ones. */
import { ChevronsUpDown, Minus, Plus } from "lucide-react";
import { memo } from "react";
import type { GraphNode } from "../api/types";
import { Status } from "../app/parts";
import { Tile } from "../app/Tile";
import type { CardItem } from "../model/fold";
import { number } from "../model/words";
import type { Mark } from "./useGraph";
import { faceOf, hiddenWords, sayCard, type Look } from "./scene";

export interface CardData extends Record<string, unknown> {
  item: CardItem;
  look: Look;
  isFocus: boolean;
  isSelected: boolean;
  /** Reached by Tab: one card of the whole graph. */
  isTabStop: boolean;
  /** Sides that have lines: `up`, `down` or both. */
  sides: string;
  /** What the asked deletion would do to it. */
  mark: Mark | null;
  isOpenUp: boolean;
  isOpenDown: boolean;
  onSelect: (key: string) => void;
  onExpand: (item: CardItem, way: "up" | "down") => void;
  onUnfold: (key: string) => void;
}

function Side({ data, way }: { data: CardData; way: "up" | "down" }) {
  const face = faceOf(data.item);
  const count = way === "up" ? face.hiddenUp : face.hiddenDown;
  const isOpen = way === "up" ? data.isOpenUp : data.isOpenDown;
  if (count === 0 && !isOpen) return null;
  const label = isOpen && count === 0
    ? `Hide what was opened ${way === "up" ? "upstream" : "downstream"} of ${face.title}`
    : hiddenWords(count, way, face.title);
  return (
    <button
      type="button"
      className={`expand expand-${way} ${data.sides.includes(way) ? "is-corner" : ""} nopan`}
      aria-label={label}
      title={label}
      tabIndex={data.isTabStop ? 0 : -1}
      onClick={() => data.onExpand(data.item, way)}
    >
      {count > 0 ? <Plus size={11} strokeWidth={2.6} /> : <Minus size={11} strokeWidth={2.6} />}
      {count > 0 && <span>{number(count)}</span>}
    </button>
  );
}

export const Card = memo(function Card({ data }: { data: CardData }) {
  const { item, look } = data;
  const [node] = item.members as [GraphNode, ...GraphNode[]];
  const face = faceOf(item);
  const names = [
    "card",
    `card-${item.type}`,
    node.type === "task" ? "is-task" : "is-data",
    look.isDim ? "is-dim" : "",
    look.isLit ? "is-lit" : "",
    data.isFocus ? "is-focus" : "",
    data.isSelected ? "is-selected" : "",
    node.is_deleted ? "is-deleted" : "",
    data.mark ? `is-${data.mark}` : "",
  ];
  return (
    <div className={names.filter(Boolean).join(" ")} data-card={item.key}>
      <button
        type="button"
        className="card-main nopan"
        aria-label={sayCard(item)}
        aria-pressed={data.isSelected}
        tabIndex={data.isTabStop ? 0 : -1}
        data-key={item.key}
        onClick={() => data.onSelect(item.key)}
      >
        <Tile node={node} />
        <span className="card-text">
          <span className="card-title" dir="auto" title={face.title}>
            {face.title}
          </span>
          <span className="card-sort">
            <span dir="auto">{face.sort}</span>
            {item.type === "task" && <Status status={node.status} />}
            {data.mark && (
              <span className={`badge ${data.mark === "lost" ? "badge-bad" : ""}`}>
                {data.mark === "lost" ? "lost" : "loses a source"}
              </span>
            )}
            {node.is_stale && !data.mark && item.type !== "fold" && <span className="badge">stale</span>}
          </span>
          {face.description && (
            <span className="card-description" dir="auto" title={face.description}>
              {face.description}
            </span>
          )}
        </span>
      </button>
      {item.type === "fold" && (
        <button
          type="button"
          className="unfold"
          aria-label={`Unfold ${face.title}`}
          title="Show each"
          tabIndex={data.isTabStop ? 0 : -1}
          onClick={() => data.onUnfold(item.key)}
        >
          <ChevronsUpDown size={13} />
        </button>
      )}
      <Side data={data} way="up" />
      <Side data={data} way="down" />
    </div>
  );
});
