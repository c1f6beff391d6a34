/** How the view fits: zoom levels at which texts stay readable, and what is outside. */
import type { Point } from "../layout/layout";
import { marginOf, type Form } from "./forms";

export interface Size {
  width: number;
  height: number;
}
export interface Frame extends Point, Size {}
export interface View extends Point {
  zoom: number;
}

/** No text of the graph is smaller than this on the screen. */
export const MIN_TEXT_PX = 11;

/** How much a node shows: all its lines, two, its title in two lines or one, or its shape alone. */
export type Detail = "all" | "lines" | "title" | "short" | "shape";

export function detailAt(zoom: number, { zooms }: Form): Detail {
  const reaches = (least: number) => zoom >= least - 0.001;
  if (reaches(zooms.all)) return "all";
  if (reaches(zooms.lines)) return "lines";
  if (reaches(zooms.title)) return "title";
  return reaches(zooms.short) ? "short" : "shape";
}

/** The smallest size of a text inside the graph that is readable at a zoom. */
export function textSizeAt(zoom: number, { zooms }: Form): number {
  return MIN_TEXT_PX / Math.max(zoom, zooms.short);
}

export function boundsOf(frames: readonly Frame[]): Frame | null {
  if (frames.length === 0) return null;
  const left = Math.min(...frames.map((frame) => frame.x));
  const top = Math.min(...frames.map((frame) => frame.y));
  const right = Math.max(...frames.map((frame) => frame.x + frame.width));
  const bottom = Math.max(...frames.map((frame) => frame.y + frame.height));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The zoom at which a frame fits into an area, never larger than life. */
export function fittingZoom(bounds: Size, area: Size): number {
  return Math.min(1, (area.width - 2 * marginOf(area)) / bounds.width, (area.height - 2 * marginOf(area)) / bounds.height);
}

export function centredOn(frame: Frame, area: Size, zoom: number): View {
  return {
    x: area.width / 2 - (frame.x + frame.width / 2) * zoom,
    y: area.height / 2 - (frame.y + frame.height / 2) * zoom,
    zoom,
  };
}

function isInside(frame: Frame, area: Size, view: View): boolean {
  const left = frame.x * view.zoom + view.x;
  const top = frame.y * view.zoom + view.y;
  return left >= -1 && top >= -1 && left + frame.width * view.zoom <= area.width + 1 && top + frame.height * view.zoom <= area.height + 1;
}

/** How many frames are not wholly in view. */
export function outside(frames: readonly Frame[], area: Size, view: View): number {
  return frames.filter((frame) => !isInside(frame, area, view)).length;
}

/** As much of a frame, from its first corner, as an area has room for at a view's zoom. */
export function beginning(frame: Frame, area: Size, { zoom }: View): Frame {
  const room = (length: number): number => Math.max(0, length - 2 * marginOf(area)) / zoom;
  return { ...frame, width: Math.min(frame.width, room(area.width)), height: Math.min(frame.height, room(area.height)) };
}

/** The smallest shift that brings a frame into view; none where it is already. */
export function revealing(frame: Frame, area: Size, view: View): View | null {
  if (isInside(frame, area, view)) return null;
  const shift = (at: number, length: number, room: number): number => {
    const edge = Math.min(marginOf(area), Math.max(0, (room - length) / 2));
    if (at < edge) return edge - at;
    return at + length > room - edge ? room - edge - length - at : 0;
  };
  const left = frame.x * view.zoom + view.x;
  const top = frame.y * view.zoom + view.y;
  return {
    x: view.x + shift(left, frame.width * view.zoom, area.width),
    y: view.y + shift(top, frame.height * view.zoom, area.height),
    zoom: view.zoom,
  };
}

/** The view nearest to another that leaves no room empty beside a picture, where there is more of it. */
function filled(bounds: Frame, area: Size, view: View): View {
  const shift = (at: number, length: number, room: number): number => {
    const edge = marginOf(area);
    if (length <= room - 2 * edge) return (room - length) / 2;
    return Math.min(edge, Math.max(room - edge - length, at));
  };
  const left = bounds.x * view.zoom;
  const top = bounds.y * view.zoom;
  return {
    x: shift(left + view.x, bounds.width * view.zoom, area.width) - left,
    y: shift(top + view.y, bounds.height * view.zoom, area.height) - top,
    zoom: view.zoom,
  };
}

/** The view that shows everything if it stays readable, else what matters most. */
export function fitted(all: readonly Frame[], first: Frame | undefined, area: Size, form: Form): View | null {
  const bounds = boundsOf(all);
  if (!bounds) return null;
  const zoom = fittingZoom(bounds, area);
  if (zoom >= form.fitZoom) return centredOn(bounds, area, zoom);
  // A person who has to move a picture moves it along its lines, not also across them.
  const margins = 2 * marginOf(area);
  const across = form.direction === "down" ? (area.width - margins) / bounds.width : (area.height - margins) / bounds.height;
  const reading = Math.min(form.readingZoom, Math.max(form.zooms.lines, across));
  return filled(bounds, area, centredOn(first ?? bounds, area, reading));
}
