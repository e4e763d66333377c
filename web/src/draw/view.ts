// What part of the map is seen: a centre in kilometres and so many pixels to a kilometre. Pure.

import { project, unproject } from "./albers";
import type { Box } from "./network";

export interface View {
  width: number;
  height: number;
  x: number;
  y: number;
  /** Pixels to a kilometre. */
  scale: number;
}

export interface Point {
  x: number;
  y: number;
}

export const CLOSEST = 60;
export const FARTHEST = 0.04;
const STEP = 1.4;
const PAN = 0.2;
const EDGE = 0.94;

export const toScreen = (view: View, x: number, y: number): Point => ({
  x: (x - view.x) * view.scale + view.width / 2, y: (y - view.y) * view.scale + view.height / 2,
});

export const toMap = (view: View, x: number, y: number): Point => ({
  x: (x - view.width / 2) / view.scale + view.x, y: (y - view.height / 2) / view.scale + view.y,
});

const bounded = (scale: number) => Math.max(FARTHEST, Math.min(CLOSEST, scale));

/** The view that shows a whole box. */
export function fit(box: Box, width: number, height: number, closest = CLOSEST): View {
  const wide = Math.max(box.east - box.west, 1e-9);
  const high = Math.max(box.south - box.north, 1e-9);
  const scale = bounded(Math.min(closest, (EDGE * width) / wide, (EDGE * height) / high));
  return { width, height, x: (box.west + box.east) / 2, y: (box.north + box.south) / 2, scale };
}

/** Nearer or farther, with the point under (x, y) staying where it is. */
export function zoomed(view: View, factor: number, x = view.width / 2, y = view.height / 2): View {
  const scale = bounded(view.scale * factor);
  const at = toMap(view, x, y);
  return { ...view, scale, x: at.x - (x - view.width / 2) / scale, y: at.y - (y - view.height / 2) / scale };
}

export const panned = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });

/** Two fingers from one pair of points to another: what was under each stays under it (turning is left out). */
export function pinched(view: View, before: [Point, Point], after: [Point, Point]): View {
  const middle = ([a, b]: [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const apart = ([a, b]: [Point, Point]) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  const [from, to] = [middle(before), middle(after)];
  return zoomed(panned(view, to.x - from.x, to.y - from.y), apart(after) / apart(before), to.x, to.y);
}

/** What a wheel's turn asks for. */
export const wheelFactor = (deltaY: number, deltaMode: number): number => Math.exp(-Math.max(-400, Math.min(400, deltaY * (deltaMode === 1 ? 30 : 1))) / 400);

/** Where a key leads; null for keys that are not ours. */
export function keyed(view: View, key: string, whole: Box | null): View | null {
  const [across, down] = [view.width * PAN, view.height * PAN];
  if (key === "ArrowLeft") return panned(view, across, 0);
  if (key === "ArrowRight") return panned(view, -across, 0);
  if (key === "ArrowUp") return panned(view, 0, down);
  if (key === "ArrowDown") return panned(view, 0, -down);
  if (key === "+" || key === "=") return zoomed(view, STEP);
  if (key === "-" || key === "_") return zoomed(view, 1 / STEP);
  if (key === "0") return whole ? fit(whole, view.width, view.height) : view;
  return null;
}

export const seenBox = (view: View, margin = 0): Box => {
  const [a, b] = [toMap(view, -margin, -margin), toMap(view, view.width + margin, view.height + margin)];
  return { west: a.x, north: a.y, east: b.x, south: b.y };
};

export const inside = (box: Box, x: number, y: number): boolean => x >= box.west && x <= box.east && y >= box.north && y <= box.south;

/** A view as an address holds it, `-93.12,41.50,0.350`: degrees of its centre and pixels to a kilometre. */
export function written(view: View): string {
  const [longitude, latitude] = unproject(view.x, view.y);
  return `${longitude.toFixed(3)},${latitude.toFixed(3)},${view.scale.toFixed(3)}`;
}

export function parsed(text: string, width: number, height: number): View | null {
  const [longitude, latitude, scale] = text.split(",").map(Number);
  if (![longitude, latitude, scale].every((v) => Number.isFinite(v)) || text.split(",").length !== 3) return null;
  const [x, y] = project(Math.max(-180, Math.min(180, longitude!)), Math.max(-80, Math.min(85, latitude!)));
  return { width, height, x, y, scale: bounded(scale!) };
}

/** A round length and its pixels, for a bar of at most `most` pixels. */
export function scaleBar(view: View, most: number): { km: number; px: number } {
  const room = most / view.scale;
  const power = 10 ** Math.floor(Math.log10(room));
  const km = [5, 2, 1].map((n) => n * power).find((n) => n <= room) ?? power;
  return { km, px: km * view.scale };
}
