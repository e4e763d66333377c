// Loadings or margins by hour, of one study or of two, as the paths of a picture. Pure: studies in, geometry out.

import type { Study, StudyHour } from "../lib/study";
import { HOUR_MS } from "../lib/time";

export type Quantity = "after" | "before" | "margin";
export const QUANTITIES: [Quantity, string][] = [
  ["after", "after a contingency"],
  ["before", "before any contingency"],
  ["margin", "margin"],
];

export const WIDTH = 720;
export const HEIGHT = 220;
const LEFT = 58, RIGHT = 12, TOP = 14, BOTTOM = 30;

/** The value of an hour; null where it is below what is shown, or not known. */
export function valueOf(hour: StudyHour, quantity: Quantity): number | null {
  if (quantity === "margin") return hour.margin?.with_mw ?? null;
  if (quantity === "before") return hour.before?.percent ?? null;
  return hour.after?.percent ?? null;
}

export interface Line {
  name: "A" | "B" | "without";
  path: string;
  /** Points over the limit (or below zero of a margin): drawn with a mark of their own. */
  over: { x: number; y: number }[];
  /** Points that stand alone, since their neighbours have no value. */
  alone: { x: number; y: number }[];
}

export interface Tick {
  at: number;
  label: string;
}

export interface Picture {
  lines: Line[];
  /** Where the limit is: 100 %, or a margin of nothing. */
  limit: number;
  ys: Tick[];
  xs: Tick[];
  empty: boolean;
}

interface Point {
  t: number;
  value: number | null;
}

/** The points of a study that are hours of the calendar, in order. */
export function series(hours: StudyHour[], of: (hour: StudyHour) => number | null): Point[] {
  return hours
    .map((hour) => ({ t: Date.parse(hour.hour), value: of(hour) }))
    .filter((point) => !Number.isNaN(point.t))
    .sort((a, b) => a.t - b.t);
}

/** Points that are no hours: the extremes of the weeks ahead. Only the table has them. */
export const extremes = (hours: StudyHour[]): StudyHour[] => hours.filter((hour) => Number.isNaN(Date.parse(hour.hour)));

export function picture(a: Study, b: Study | null, quantity: Quantity, label: (t: number) => string): Picture {
  const all: [Line["name"], Point[]][] = [["A", series(a.hours, (h) => valueOf(h, quantity))]];
  if (b) all.push(["B", series(b.hours, (h) => valueOf(h, quantity))]);
  else if (quantity !== "after") all.unshift(["without", series(a.hours, (h) => (quantity === "margin" ? (h.margin?.without_mw ?? null) : (h.before_without?.percent ?? null)))]);
  const known = all.flatMap(([, points]) => points.filter((p) => p.value !== null));
  const limitValue = quantity === "margin" ? 0 : 100;
  const times = known.map((p) => p.t);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const [low, high] = range(known.map((p) => p.value!), limitValue);
  const x = (t: number) => (first === last ? (LEFT + WIDTH - RIGHT) / 2 : LEFT + ((t - first) / (last - first)) * (WIDTH - LEFT - RIGHT));
  const y = (value: number) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const isOver = (value: number) => (quantity === "margin" ? value < limitValue : value > limitValue);
  return {
    lines: known.length ? all.map(([name, points]) => draw(name, points, x, y, isOver)) : [],
    limit: round(y(limitValue)),
    ys: ticks(low, high).map((value) => ({ at: round(y(value)), label: quantity === "margin" ? grouped(value) : `${value} %` })),
    xs: known.length ? spread(first, last).map((t) => ({ at: round(x(t)), label: label(t) })) : [],
    empty: known.length === 0,
  };
}

function draw(name: Line["name"], points: Point[], x: (t: number) => number, y: (v: number) => number, isOver: (v: number) => boolean): Line {
  let path = "";
  let run = 0;
  const over: Line["over"] = [], alone: Line["alone"] = [];
  points.forEach((point, k) => {
    if (point.value === null) return void (run = 0);
    const at = { x: round(x(point.t)), y: round(y(point.value)) };
    path += `${run ? "L" : "M"}${at.x} ${at.y}`;
    if (!run && (points[k + 1]?.value ?? null) === null) alone.push(at);
    if (isOver(point.value)) over.push(at);
    run += 1;
  });
  return { name, path, over, alone };
}

/** From below the least to above the most, with the limit in it and never of no height. */
export function range(values: number[], limit: number): [number, number] {
  const low = Math.min(limit, ...values), high = Math.max(limit, ...values);
  const room = Math.max((high - low) * 0.08, Math.abs(limit) * 0.02, 1);
  return [low - room, high + room];
}

/** Up to six round numbers inside a range. */
export function ticks(low: number, high: number): number[] {
  const raw = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? raw;
  const found: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high; k += 1) found.push(+(k * step).toPrecision(12));
  return found;
}

function spread(first: number, last: number): number[] {
  return first === last ? [first] : [...new Set([0, 1, 2, 3].map((k) => first + Math.round(((last - first) * k) / 3 / HOUR_MS) * HOUR_MS))];
}

const round = (value: number): number => Math.round(value * 10) / 10;
const grouped = (value: number): string => `${value.toLocaleString("en-US")} MW`;
