// A calendar of start days drawn on a canvas: a row a week, a column a weekday. Pure: model and view in, picture out.

import { addDays } from "../lib/time";

export type Mark = "free" | "needs a study" | "not available" | "waiting" | "none";

export interface Cell {
  day: string;
  mark: Mark;
}

export interface Model {
  cells: Cell[];
  at: number;
}

export interface View {
  width: number;
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Palette {
  ink: string;
  quiet: string;
  ground: string;
  line: string;
  free: string;
  study: string;
  studyInk: string;
  not: string;
  notInk: string;
  focus: string;
}

export const HEAD = 22;
export const ROW = 40;
const GAP = 3;
/** Cells narrower than this have the mark under the day. */
const NARROW = 68;
export const SIGN: Record<Mark, string> = { free: "○", "needs a study": "◆", "not available": "✕", waiting: "·", none: "" };
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** 0 for Monday to 6 for Sunday. */
export function column(day: string): number {
  return (new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7;
}

export function rows(cells: Cell[]): number {
  const first = cells[0];
  return first ? Math.ceil((column(first.day) + cells.length) / 7) : 0;
}

export function height(cells: Cell[]): number {
  return HEAD + rows(cells) * ROW;
}

export function box(cells: Cell[], index: number, view: View): Box {
  const place = column(cells[0]?.day ?? "1970-01-05") + index;
  const w = view.width / 7;
  return { x: (place % 7) * w, y: HEAD + Math.floor(place / 7) * ROW, w: w - GAP, h: ROW - GAP };
}

/** The cell under a point; null beside all of them. */
export function hit(cells: Cell[], x: number, y: number, view: View): number | null {
  const first = cells[0];
  if (!first || y < HEAD || x < 0 || x >= view.width) return null;
  const index = Math.floor((y - HEAD) / ROW) * 7 + Math.floor((x / view.width) * 7) - column(first.day);
  return index >= 0 && index < cells.length ? index : null;
}

/** Where a key leads from a cell; null for keys that are not ours. */
export function moved(cells: Cell[], at: number, key: string): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, PageUp: -28, PageDown: 28, Home: -cells.length, End: cells.length,
  };
  const step = steps[key];
  return step === undefined ? null : Math.max(0, Math.min(cells.length - 1, at + step));
}

/** The days of a span, each with what is known of it. */
export function cellsOf(first: string, last: string, known: Map<string, Mark>, waiting: boolean): Cell[] {
  const found: Cell[] = [];
  for (let day = first; day <= last && found.length < 400; day = addDays(day, 1))
    found.push({ day, mark: known.get(day) ?? (waiting ? "waiting" : "none") });
  return found;
}

export function draw(ctx: CanvasRenderingContext2D, model: Model, view: View, colour: Palette): void {
  ctx.clearRect(0, 0, view.width, height(model.cells));
  ctx.textBaseline = "middle";
  heads(ctx, view, colour);
  model.cells.forEach((cell, index) => one(ctx, cell, box(model.cells, index, view), index === model.at, index === 0, colour));
}

function heads(ctx: CanvasRenderingContext2D, view: View, colour: Palette): void {
  ctx.font = "12px system-ui, sans-serif";
  ctx.fillStyle = colour.quiet;
  ctx.textAlign = "left";
  DAYS.forEach((name, k) => ctx.fillText(name, (k * view.width) / 7 + 6, HEAD / 2));
}

function one(ctx: CanvasRenderingContext2D, cell: Cell, at: Box, chosen: boolean, first: boolean, colour: Palette): void {
  const [fill, ink] = colours(cell.mark, colour);
  ctx.fillStyle = fill;
  ctx.fillRect(at.x, at.y, at.w, at.h);
  ctx.strokeStyle = colour.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(at.x + 0.5, at.y + 0.5, at.w - 1, at.h - 1);
  ctx.fillStyle = ink;
  ctx.textAlign = "left";
  ctx.font = "12px system-ui, sans-serif";
  const split = at.w < NARROW ? at.h / 4 : 0;
  ctx.fillText(label(cell.day, first), at.x + 5, at.y + at.h / 2 - split);
  ctx.textAlign = "right";
  ctx.font = "15px system-ui, sans-serif";
  ctx.fillText(SIGN[cell.mark], at.x + at.w - 5, at.y + at.h / 2 + split);
  if (!chosen) return;
  ctx.strokeStyle = colour.focus;
  ctx.lineWidth = 3;
  ctx.strokeRect(at.x + 1.5, at.y + 1.5, at.w - 3, at.h - 3);
}

/** The number of the day; the first of a month, and of the picture, says its month. */
export function label(day: string, first = false): string {
  const number = Number(day.slice(8));
  return number === 1 || first ? `${number} ${MONTHS[Number(day.slice(5, 7)) - 1]}` : String(number);
}

function colours(mark: Mark, colour: Palette): [string, string] {
  if (mark === "free") return [colour.free, colour.ink];
  if (mark === "needs a study") return [colour.study, colour.studyInk];
  if (mark === "not available") return [colour.not, colour.notInk];
  return [colour.ground, colour.quiet];
}
