/** The drawn graph: nodes, lines, minimap, keyboard. */
import { Background, MiniMap, ReactFlow, useReactFlow, type Node } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { Focus, Maximize, Minus, Plus } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, type KeyboardEvent } from "react";
import { go, currentState } from "../app/useUrl";
import type { Layout } from "../layout/useLayout";
import type { NodeItem, Grouped } from "../model/group";
import { NodeBox, type NodeData } from "./NodeBox";
import { NODE_HEIGHT, NODE_WIDTH, heightOf, neighbour, edgeLinesOf, type Scene } from "./scene";
import type { Mark } from "./useGraph";
import { EdgeLines } from "./EdgeLines";

const NODE_TYPES = { node: NodeBox };
const READABLE_ZOOM = 0.45;

export interface CanvasProps {
  grouped: Grouped;
  scene: Scene;
  layout: Layout;
  /** Names the picture; another one is brought into view. */
  name: string;
  focus: readonly string[];
  selected: string;
  open: readonly string[];
  /** What the asked deletion would touch. */
  marks: ReadonlyMap<string, Mark> | null;
  onSelect: (key: string) => void;
}

function toggled(list: readonly string[], entries: readonly string[]): string[] {
  const isOpen = entries.every((entry) => list.includes(entry));
  const others = list.filter((entry) => !entries.includes(entry));
  return isOpen ? others : [...others, ...entries];
}

/** On which sides of each node there are lines already. */
function sidesOf(grouped: Grouped): Map<string, string> {
  const sides = new Map<string, string>();
  const add = (key: string, side: string) => {
    const known = sides.get(key) ?? "";
    if (!known.includes(side)) sides.set(key, known + side);
  };
  for (const { source, target } of grouped.edges.values()) {
    add(source, "down ");
    add(target, "up ");
  }
  return sides;
}

function expand(item: NodeItem, way: "up" | "down"): void {
  // A fold of hundreds is opened in part: each member is a question of its own.
  const hidden = item.members.filter((node) => (way === "up" ? node.hidden_up : node.hidden_down) > 0);
  const members = (hidden.length > 0 ? hidden : item.members).slice(0, 20);
  go({ open: toggled(currentState().open, members.map((node) => `${node.key}.${way}`)) });
}

function ungroup(key: string): void {
  go({ ungroup: [...currentState().ungroup, key] });
}

export default function Canvas(props: CanvasProps) {
  const { grouped, scene, layout, name, focus, selected, open, marks, onSelect } = props;
  const flow = useReactFlow();
  const box = useRef<HTMLDivElement>(null);
  const shownName = useRef("");

  const tabStop = layout.positions.has(selected)
    ? selected
    : (focus.find((key) => layout.positions.has(key)) ?? [...layout.positions.keys()][0] ?? "");
  const nodes = useMemo(() => {
    const opened = new Set(open);
    const joined = sidesOf(grouped);
    const result: Node<NodeData>[] = [];
    for (const item of grouped.items.values()) {
      const position = layout.positions.get(item.key);
      const look = scene.looks.get(item.key);
      if (!position || !look || look.isHidden) continue;
      const height = heightOf(item);
      result.push({
        id: item.key,
        type: "node",
        position,
        width: NODE_WIDTH,
        height,
        measured: { width: NODE_WIDTH, height },
        className: item.members[0]?.type === "task" ? "map-task" : "map-data",
        data: {
          item,
          look,
          isFocus: focus.includes(item.key),
          isSelected: item.key === selected,
          isTabStop: item.key === tabStop,
          sides: joined.get(item.key) ?? "",
          mark: item.members.map((node) => marks?.get(node.key)).find(Boolean) ?? null,
          isOpenUp: item.members.some((node) => opened.has(`${node.key}.up`)),
          isOpenDown: item.members.some((node) => opened.has(`${node.key}.down`)),
          onSelect,
          onExpand: expand,
          onUngroup: ungroup,
        },
      });
    }
    return result;
  }, [grouped, layout, scene, focus, selected, open, marks, onSelect, tabStop]);
  const edgeLines = useMemo(
    () => edgeLinesOf(grouped, layout.positions, layout.bends, scene.at),
    [grouped, layout, scene.at],
  );

  const centre = useCallback(
    (key: string, zoom: number, duration = 300) => {
      const at = layout.positions.get(key);
      if (!at) return;
      const middle = { x: at.x + NODE_WIDTH / 2, y: at.y + NODE_HEIGHT / 2 };
      void flow.setCenter(middle.x, middle.y, { zoom, duration });
    },
    [flow, layout],
  );

  const bring = useCallback(
    (duration: number) => {
      const area = box.current?.getBoundingClientRect();
      const points = [...layout.positions.values()];
      if (!area || points.length === 0) return;
      const xs = points.map((point) => point.x);
      const ys = points.map((point) => point.y);
      const bounds = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs) + NODE_WIDTH, bottom: Math.max(...ys) + NODE_HEIGHT };
      const zoom = Math.min(1, (area.width - 96) / (bounds.right - bounds.left), (area.height - 96) / (bounds.bottom - bounds.top));
      const first = focus.find((key) => layout.positions.has(key));
      if (duration === 0 && zoom < READABLE_ZOOM && first) centre(first, 0.8, 0);
      else void flow.setCenter((bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2, { zoom: Math.max(0.02, zoom), duration });
    },
    [layout, focus, flow, centre],
  );

  // A new picture is brought into view once; what is added later moves nothing.
  useEffect(() => {
    if (shownName.current === name || layout.positions.size === 0) return;
    shownName.current = name;
    bring(0);
  }, [name, layout, bring]);

  const selectNear = (key: string) => {
    const next = neighbour(grouped, layout.positions, selected || tabStop, key);
    if (!next) return;
    onSelect(next);
    requestAnimationFrame(() => {
      reveal(next);
      requestAnimationFrame(() => {
        // Whoever went elsewhere meanwhile, to the search box say, is not called back.
        const at = document.activeElement;
        if (at !== document.body && !box.current?.contains(at)) return;
        box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
      });
    });
  };
  /** Keyboard moves may lead out of sight: then, and only then, the view follows. */
  const reveal = (key: string) => {
    const at = layout.positions.get(key);
    const area = box.current?.getBoundingClientRect();
    if (!at || !area) return;
    const corner = flow.flowToScreenPosition(at);
    const end = flow.flowToScreenPosition({ x: at.x + NODE_WIDTH, y: at.y + NODE_HEIGHT });
    const isSeen = corner.x >= area.left && corner.y >= area.top && end.x <= area.right && end.y <= area.bottom;
    if (!isSeen) centre(key, flow.getZoom(), 0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) selectNear(event.key);
    else if (event.key === "f") bring(300);
    else if (event.key === "c") centre(selected || tabStop, Math.max(0.8, flow.getZoom()));
    else if (event.key === "+" || event.key === "=") void flow.zoomIn({ duration: 150 });
    else if (event.key === "-") void flow.zoomOut({ duration: 150 });
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={box}
      className="canvas"
      role="group"
      aria-label="Graph, left to right. Arrow keys move along the edges."
      onKeyDown={onKeyDown}
    >
      <ReactFlow
        nodes={nodes}
        edges={[]}
        nodeTypes={NODE_TYPES}
        onlyRenderVisibleElements={nodes.length > 60}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        minZoom={0.02}
        maxZoom={2}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={26} size={1.2} className="dots" />
        <EdgeLines edgeLines={edgeLines} looks={scene.looks} highlight={scene.highlight} />
        {nodes.length > 3 && (
          <MiniMap
            pannable
            zoomable
            ariaLabel="Map of the whole graph"
            position="bottom-right"
            nodeBorderRadius={14}
            nodeClassName={(node) => node.className ?? ""}
          />
        )}
      </ReactFlow>
      <div className="zooms" role="group" aria-label="View">
        <button type="button" onClick={() => void flow.zoomIn({ duration: 150 })} aria-label="Zoom in" title="Zoom in (+)">
          <Plus size={16} />
        </button>
        <button type="button" onClick={() => void flow.zoomOut({ duration: 150 })} aria-label="Zoom out" title="Zoom out (−)">
          <Minus size={16} />
        </button>
        <button type="button" onClick={() => bring(300)} aria-label="Fit the graph" title="Fit (f)">
          <Maximize size={15} />
        </button>
        <button
          type="button"
          onClick={() => centre(selected || tabStop, Math.max(0.8, flow.getZoom()))}
          aria-label="Centre the selected node"
          title="Centre the selected node (c)"
        >
          <Focus size={16} />
        </button>
      </div>
    </div>
  );
}
