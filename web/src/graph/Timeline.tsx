/** A slider through time that replays how the graph grew. */
import { Pause, Play, X } from "lucide-react";
import { useEffect, useState } from "react";
import { go } from "../app/useUrl";
import { moment } from "../model/format";

const TICK_MS = 700;

export function Timeline({ moments, at, onClose }: { moments: readonly number[]; at: number | null; onClose: () => void }) {
  const [isPlaying, setPlaying] = useState(false);
  const last = moments.length - 1;
  const index = at === null ? last : Math.max(0, moments.findLastIndex((one) => one <= at));
  const show = (next: number, replace = true) => {
    const when = moments[next];
    go({ at: next >= last || when === undefined ? null : when }, replace);
  };
  useEffect(() => {
    if (!isPlaying) return;
    if (index >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => show(index + 1), TICK_MS);
    return () => clearTimeout(timer);
  });
  if (moments.length === 0) return null;
  const words = at === null ? "now" : moment(moments[index] ?? at);
  return (
    <div className="timeline" role="group" aria-label="As of">
      <button
        type="button"
        className="icon-button"
        aria-label={isPlaying ? "Pause" : "Replay how it grew"}
        title={isPlaying ? "Pause" : "Replay how it grew"}
        onClick={() => {
          if (!isPlaying && index >= last) show(0, false);
          setPlaying(!isPlaying);
        }}
      >
        {isPlaying ? <Pause size={16} /> : <Play size={16} />}
      </button>
      <input
        type="range"
        min={0}
        max={last}
        value={index}
        aria-label="As of"
        aria-valuetext={words}
        onChange={(event) => {
          setPlaying(false);
          show(Number(event.target.value));
        }}
      />
      <output>{words}</output>
      <button
        type="button"
        className="icon-button"
        aria-label="Back to now"
        onClick={() => {
          setPlaying(false);
          go({ at: null });
          onClose();
        }}
      >
        <X size={16} />
      </button>
    </div>
  );
}
