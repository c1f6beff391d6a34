/** The drawn graph: nodes, edges, minimap, legend, keyboard, context menu. */
import { Background, MiniMap, ReactFlow, useOnViewportChange, useReactFlow, type Node } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { Focus, Maximize, Minus, Plus } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import { motion } from "../app/theme";
import { currentState, focusOn, go } from "../app/useUrl";
import type { Point } from "../layout/layout";
import type { Layout } from "../layout/useLayout";
import type { Grouped, NodeItem } from "../model/overview";
import { number, plural } from "../model/format";
import { ContextMenu, type MenuAt } from "./ContextMenu";
import { EdgeLines } from "./EdgeLines";
import { Legend } from "./Legend";
import { NodeBox, type NodeData } from "./NodeBox";
import type { Form } from "./forms";
import { edgeLinesOf, heightOf, neighbour, type Differences, type Scene } from "./scene";
import { beginning, boundsOf, detailAt, fitted, outside, revealing, centredOn, textSizeAt, type Frame, type Size, type View } from "./viewport";

const NODE_TYPES = { node: NodeBox };

export interface CanvasProps {
  grouped: Grouped;
  scene: Scene;
  layout: Layout<Form>;
  /** Chooses the form of the nodes for an area; true: they will be placed again. */
  onFit: (area: Size) => boolean;
  differing: Differences;
  /** Names the picture; another one is brought into view. */
  name: string;
  focus: readonly string[];
  selected: string;
  open: readonly string[];
  /** Groups and tasks that are opened into what they are made of. */
  ungrouped: readonly string[];
  onSelect: (key: string) => void;
}

function toggled(list: readonly string[], entry: string): string[] {
  const others = list.filter((other) => other !== entry);
  return others.length < list.length ? others : [...others, entry];
}

/** On which sides of each node there are edges already. */
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
  go({ open: toggled(currentState().open, `${item.key}.${way}`) });
}

/** Open a group, or a task into its steps; a step folds its task again. */
function ungroup(item: NodeItem): void {
  const known = currentState().ungroup;
  if (item.type !== "step") go({ ungroup: [...known, item.key] });
  else go({ ungroup: known.filter((key) => key !== item.node.key), sel: item.node.key });
}

/** Positions of the layout, with what a person dragged elsewhere. */
function usePositions(layout: Layout<Form>, picture: string) {
  const name = `${picture} ${layout.form?.name} ${layout.form?.direction}`;
  const [moved, setMoved] = useState<{ name: string; to: ReadonlyMap<string, Point> }>({ name, to: new Map() });
  const positions = useMemo(() => {
    if (moved.name !== name || moved.to.size === 0) return layout.positions;
    return new Map([...layout.positions].map(([key, point]): [string, Point] => [key, moved.to.get(key) ?? point]));
  }, [layout.positions, moved, name]);
  const move = useCallback(
    (key: string, to: Point) =>
      setMoved((old) => ({ name, to: new Map(old.name === name ? old.to : []).set(key, to) })),
    [name],
  );
  return { positions, move };
}

/** Moves the view, keeps texts readable, and counts what is outside. */
function useView(frames: ReadonlyMap<string, Frame>, form: Form | null, box: React.RefObject<HTMLDivElement | null>) {
  const flow = useReactFlow();
  const [outsideCount, setOutside] = useState(0);
  const latest = useRef({ frames, form });
  latest.current = { frames, form };
  const area = useCallback(() => {
    const { width = 0, height = 0 } = box.current?.getBoundingClientRect() ?? {};
    return { width, height };
  }, [box]);
  const apply = useCallback(
    (view: View) => {
      const { frames: all, form: now } = latest.current;
      if (!box.current || !now) return;
      box.current.dataset["form"] = now.name;
      box.current.dataset["direction"] = now.direction;
      box.current.dataset["detail"] = detailAt(view.zoom, now);
      box.current.style.setProperty("--least", `${textSizeAt(view.zoom, now)}px`);
      setOutside(outside([...all.values()], area(), view));
    },
    [box, area],
  );
  useOnViewportChange({ onChange: apply });
  const show = useCallback(
    (view: View | null, milliseconds: number) => {
      if (!view) return;
      const duration = motion(milliseconds);
      if (duration === 0) apply(view);
      void flow.setViewport(view, { duration });
    },
    [flow, apply],
  );
  useEffect(() => apply(flow.getViewport()), [frames, flow, apply]);
  return { flow, area, show, apply, outsideCount };
}

export default function Canvas(props: CanvasProps) {
  const { grouped, scene, layout, differing, name, focus, selected, open, ungrouped, onSelect, onFit } = props;
  const { form } = layout;
  const isDown = form?.direction === "down";
  const box = useRef<HTMLDivElement>(null);
  const shownName = useRef("");
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const { positions, move } = usePositions(layout, name);
  const frames = useMemo(() => {
    const found = new Map<string, Frame>();
    for (const [key, point] of positions) {
      const item = grouped.items.get(key);
      if (!item || !form || scene.looks.get(key)?.isHidden) continue;
      found.set(key, { ...point, width: form.width, height: heightOf(item, form, differing) });
    }
    return found;
  }, [positions, form, grouped, scene, differing]);
  const { flow, area, show, apply, outsideCount } = useView(frames, form, box);

  const tabStop = positions.has(selected)
    ? selected
    : (focus.find((key) => positions.has(key)) ?? [...positions.keys()][0] ?? "");
  const nodes = useMemo(() => {
    const opened = new Set(open);
    const joined = sidesOf(grouped);
    const result: Node<NodeData>[] = [];
    for (const [key, frame] of frames) {
      const item = grouped.items.get(key);
      const look = scene.looks.get(key);
      if (!item || !look) continue;
      result.push({
        id: key,
        type: "node",
        position: { x: frame.x, y: frame.y },
        width: frame.width,
        height: frame.height,
        measured: { width: frame.width, height: frame.height },
        className: item.node.type === "task" ? "map-task" : "map-data",
        data: {
          item,
          look,
          differing,
          isFocus: focus.includes(key),
          isSelected: key === selected,
          isTabStop: key === tabStop,
          sides: joined.get(key) ?? "",
          isOpenUp: opened.has(`${key}.up`),
          isOpenDown: opened.has(`${key}.down`),
          onSelect,
          onExpand: expand,
          onUngroup: ungroup,
        },
      });
    }
    return result;
  }, [grouped, frames, scene, differing, focus, selected, open, onSelect, tabStop]);
  const edgeLines = useMemo(
    () => (form ? edgeLinesOf(grouped, form, positions, positions === layout.positions ? layout.bends : new Map(), scene.at, differing) : []),
    [grouped, form, positions, layout, scene.at, differing],
  );

  const centre = useCallback(
    (key: string, zoom: number, duration = 300) => {
      const frame = frames.get(key);
      if (frame) show(centredOn(frame, area(), zoom), duration);
    },
    [frames, area, show],
  );
  const fit = useCallback(
    (duration: number, keys: Iterable<string> = frames.keys()) => {
      const wanted = [...keys].flatMap((key) => frames.get(key) ?? []);
      const first = focus.find((key) => frames.has(key));
      if (form) show(fitted(wanted, first ? frames.get(first) : undefined, area(), form), duration);
    },
    [frames, form, focus, area, show],
  );
  const fitAll = () => {
    // Nodes of another form are placed first; then the new picture is brought into view.
    if (onFit(area())) shownName.current = "";
    else fit(300);
  };
  const reveal = useCallback(
    (key: string) => {
      const frame = frames.get(key);
      if (frame) show(revealing(frame, area(), flow.getViewport()), 0);
    },
    [frames, area, flow, show],
  );

  // A new picture is brought into view once; what is added later moves nothing.
  useEffect(() => {
    if (shownName.current === name || frames.size === 0) return;
    shownName.current = name;
    fit(0);
    if (selected) reveal(selected);
  }, [name, frames, fit, reveal, selected]);

  // What a group or a task is opened into is brought into view; what comes beside a node moves nothing.
  const opened = ungrouped.length;
  const shownOpened = useRef({ name, opened, keys: new Set(frames.keys()) });
  useEffect(() => {
    const before = shownOpened.current;
    const isOpening = before.name === name && opened > before.opened;
    const added = [...frames].flatMap(([key, frame]) => (before.keys.has(key) ? [] : [frame]));
    if (isOpening && added.length === 0) return; // They are on their way.
    shownOpened.current = { name, opened, keys: new Set(frames.keys()) };
    const bounds = isOpening ? boundsOf(added) : null;
    const view = flow.getViewport();
    if (bounds) show(revealing(beginning(bounds, area(), view), area(), view), 300);
  }, [name, opened, frames, show, area, flow]);

  // A path is brought into view as a whole.
  const path = scene.path;
  const shownPath = useRef("");
  useEffect(() => {
    const wanted = path ? [...path.items].sort().join(" ") : "";
    if (wanted === shownPath.current) return;
    if (path && ![...path.items].every((key) => frames.has(key))) return;
    shownPath.current = wanted;
    if (path) fit(300, path.items);
  }, [path, frames, fit]);

  // The panel takes room: the chosen node stays in view.
  const latest = useRef({ reveal, selected, apply, flow });
  latest.current = { reveal, selected, apply, flow };
  useEffect(() => {
    const now = box.current;
    if (!now) return;
    const watch = new ResizeObserver(() => {
      const { reveal: show_, selected: key, apply: count, flow: view } = latest.current;
      if (key) show_(key);
      count(view.getViewport());
    });
    watch.observe(now);
    return () => watch.disconnect();
  }, []);

  const selectNear = (key: string) => {
    const next = neighbour(grouped, positions, selected || tabStop, key, (isDown ? form?.height : form?.width) ?? 0, form?.direction);
    if (!next) return;
    onSelect(next);
    requestAnimationFrame(() => {
      reveal(next);
      requestAnimationFrame(() => {
        // The focus does not return from elsewhere, from the search box for example.
        const at = document.activeElement;
        if (at !== document.body && !box.current?.contains(at)) return;
        box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
      });
    });
  };
  const readable = () => Math.max(0.95, flow.getZoom());
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || menu) return;
    if (event.key.startsWith("Arrow")) selectNear(event.key);
    else if (event.key === "f") fitAll();
    else if (event.key === "c") centre(selected || tabStop, readable());
    else if (event.key === "+" || event.key === "=") void flow.zoomIn({ duration: motion(150) });
    else if (event.key === "-") void flow.zoomOut({ duration: motion(150) });
    else return;
    event.preventDefault();
  };
  const itemUnder = (event: MouseEvent) => {
    const key = (event.target as Element).closest<HTMLElement>("[data-node]")?.dataset["node"];
    return key === undefined ? undefined : grouped.items.get(key);
  };
  const onContextMenu = (event: MouseEvent) => {
    const item = itemUnder(event);
    if (!item) return;
    event.preventDefault();
    const node = (event.target as Element).closest("[data-node]")?.getBoundingClientRect();
    // The context menu key has no place of its own.
    const at = event.clientX || event.clientY ? { x: event.clientX, y: event.clientY } : { x: node?.left ?? 0, y: node?.bottom ?? 0 };
    setMenu({ item, ...at });
  };
  const onDoubleClick = (event: MouseEvent) => {
    const first = itemUnder(event)?.node;
    if (first && !(event.target as Element).closest(".expand, .ungroup")) focusOn(first.key);
  };
  const closeMenu = () => {
    const key = menu?.item.key ?? "";
    setMenu(null);
    box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  };

  return (
    <div className="canvas-side">
      <div
        ref={box}
        className="canvas"
        role="group"
        aria-label={`Graph, ${isDown ? "top to bottom" : "left to right"}. Arrow keys move along the edges.`}
        onKeyDown={onKeyDown}
        onContextMenu={onContextMenu}
        onDoubleClick={onDoubleClick}
      >
        <ReactFlow
          nodes={nodes}
          edges={[]}
          nodeTypes={NODE_TYPES}
          onlyRenderVisibleElements={nodes.length > 150}
          nodesDraggable
          nodeDragThreshold={4}
          onNodeDrag={(_, node) => move(node.id, node.position)}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          zoomOnDoubleClick={false}
          minZoom={0.1}
          maxZoom={2}
          proOptions={{ hideAttribution: true }}
        >
          <Background gap={26} size={1.2} className="dots" />
          <EdgeLines edgeLines={edgeLines} looks={scene.looks} selected={selected} highlight={scene.highlight} />
        </ReactFlow>
        {menu && <ContextMenu at={menu} onClose={closeMenu} onUngroup={ungroup} />}
      </div>
      <div className="canvas-foot">
        <div className="zooms" role="group" aria-label="View">
          <button type="button" onClick={() => void flow.zoomIn({ duration: motion(150) })} aria-label="Zoom in" title="Zoom in (+)">
            <Plus size={16} />
          </button>
          <button type="button" onClick={() => void flow.zoomOut({ duration: motion(150) })} aria-label="Zoom out" title="Zoom out (−)">
            <Minus size={16} />
          </button>
          <button type="button" onClick={fitAll} aria-label="Fit the graph" title="Fit (f)">
            <Maximize size={15} />
          </button>
          <button
            type="button"
            onClick={() => centre(selected || tabStop, readable())}
            aria-label="Centre the selected node"
            title="Centre the selected node (c)"
          >
            <Focus size={16} />
          </button>
        </div>
        <p className="outside" role="status">
          {outsideCount > 0
            ? `${number(outsideCount)} of ${plural(frames.size, "node")} outside the view`
            : `${plural(frames.size, "node")} in view`}
        </p>
        <Legend />
        {nodes.length > 3 && (
          <MiniMap
            pannable
            zoomable
            ariaLabel="Map of the whole graph"
            nodeBorderRadius={14}
            nodeClassName={(node) => node.className ?? ""}
          />
        )}
      </div>
    </div>
  );
}
