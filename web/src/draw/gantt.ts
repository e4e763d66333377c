// A timeline drawn on a canvas: outages as bars in lanes, by group. Pure: model and view in, picture out. Only what is
// in view is looked at, so that a season of tens of thousands is drawn as quickly as a week.

import { DAY_MS, HOUR_MS, market, OFFSET_MS } from "../lib/time";

/** How a bar looks: pale for what is over, hollow for what is asked, darker the nearer it is to being out. */
export type Look = "over" | "asked" | "granted" | "out" | "amber" | "red";

export interface Bar {
  id: string;
  start: number;
  end: number;
  look: Look;
  mark: string;
  text: string;
}

export interface Named {
  name: string;
  bars: Bar[];
}

export interface Group {
  name: string;
  count: number;
  folded: boolean;
  /** Bars that do not overlap, by start. */
  lanes: Bar[][];
}

/** A head names its group, a strip counts what is out of a folded one, a lane has bars. */
export interface Row {
  kind: "head" | "strip" | "lane";
  group: number;
  lane: number;
  y: number;
  h: number;
}

export interface Place {
  group: number;
  lane: number;
  index: number;
  row: number;
}

export interface Model {
  groups: Group[];
  rows: Row[];
  height: number;
  where: Map<string, Place>;
  /** One line a group, its name beside it instead of above. */
  single: boolean;
}

export interface View {
  width: number;
  height: number;
  top: number;
  from: number;
  to: number;
}

export interface Palette {
  ink: string;
  quiet: string;
  ground: string;
  band: string;
  line: string;
  edge: string;
  over: string;
  granted: string;
  out: string;
  onOut: string;
  amber: string;
  onAmber: string;
  red: string;
  onRed: string;
  focus: string;
}

export interface Tick {
  at: number;
  label: string;
}

export const AXIS = 42;
export const LANE = 22;
const HEADROW = 26;
const STRIP = 30;
const FONT = "12px system-ui, sans-serif";
/** Least and most that one picture spans. */
export const SHORTEST = DAY_MS / 2;
export const LONGEST = 800 * DAY_MS;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Put bars into as few lanes as they need, each into the first that is free when it starts. */
export function packed(bars: Bar[]): Bar[][] {
  const lanes: Bar[][] = [];
  const ends: number[] = [];
  for (const bar of [...bars].sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1))) {
    let lane = ends.findIndex((end) => end <= bar.start);
    if (lane < 0) lane = lanes.push([]) - 1;
    lanes[lane]!.push(bar);
    ends[lane] = bar.end;
  }
  return lanes;
}

const known = new WeakMap<Bar[], Bar[][]>();

/** As `packed`, done once for each list: which groups are shown changes with every view, their lanes do not. */
function lanesOf(bars: Bar[]): Bar[][] {
  const there = known.get(bars) ?? packed(bars);
  known.set(bars, there);
  return there;
}

export function arrange(named: Named[], folded: (name: string) => boolean, single = false): Model {
  const model: Model = { groups: [], rows: [], height: AXIS, where: new Map(), single };
  for (const { name, bars } of named) {
    const group: Group = { name, count: bars.length, folded: !single && folded(name), lanes: lanesOf(bars) };
    const number = model.groups.push(group) - 1;
    const head = single ? -1 : add(model, "head", number, 0, HEADROW);
    if (group.folded) add(model, "strip", number, 0, STRIP);
    group.lanes.forEach((lane, k) => {
      const row = group.folded ? head : add(model, "lane", number, k, LANE);
      lane.forEach((bar, index) => model.where.set(bar.id, { group: number, lane: k, index, row }));
    });
  }
  return model;
}

function add(model: Model, kind: Row["kind"], group: number, lane: number, h: number): number {
  const row = model.rows.push({ kind, group, lane, y: model.height, h }) - 1;
  model.height += h;
  return row;
}

export function gutter(model: Model, view: View): number {
  return model.single ? (view.width < 600 ? 96 : 230) : 0;
}

export function xOf(at: number, model: Model, view: View): number {
  const left = gutter(model, view);
  return left + ((at - view.from) / (view.to - view.from)) * (view.width - left);
}

export function timeAt(x: number, model: Model, view: View): number {
  const left = gutter(model, view);
  return view.from + ((x - left) / (view.width - left)) * (view.to - view.from);
}

/** The first of a sorted list for which `holds`; its length where none does. */
function first<T>(list: T[], holds: (one: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The rows in view, from and before. */
export function rowsIn(model: Model, view: View): [number, number] {
  const [upper, lower] = [view.top + AXIS, view.top + view.height];
  return [first(model.rows, (row) => row.y + row.h > upper), first(model.rows, (row) => row.y >= lower)];
}

/** The bars of a lane in view, from and before. */
export function barsIn(lane: Bar[], view: View): [number, number] {
  return [first(lane, (bar) => bar.end > view.from), first(lane, (bar) => bar.start >= view.to)];
}

export type Hit = { bar: Bar } | { group: number } | null;

/** What is under a point: a bar, or the head of a group. */
export function hit(model: Model, x: number, y: number, view: View): Hit {
  if (y < AXIS || x < 0 || x > view.width) return null;
  const row = model.rows[first(model.rows, (one) => one.y + one.h > y + view.top)];
  if (!row || row.y > y + view.top) return null;
  if (row.kind !== "lane") return { group: row.group };
  if (x < gutter(model, view)) return null;
  // A bar thinner than a finger is hit from both sides of it.
  const [at, near] = [timeAt(x, model, view), timeAt(x + 4, model, view) - timeAt(x, model, view)];
  const lane = model.groups[row.group]!.lanes[row.lane]!;
  const inside = lane.find((bar) => bar.start <= at && at < bar.end) ?? lane.find((bar) => bar.start - near <= at && at < bar.end + near);
  return inside ? { bar: inside } : null;
}

export function barOf(model: Model, id: string): Bar | null {
  const place = model.where.get(id);
  return place ? (model.groups[place.group]!.lanes[place.lane]![place.index] ?? null) : null;
}

/** Where a key leads from a bar; the first in view where none is chosen, null for keys that are not ours. */
export function moved(model: Model, id: string | null, key: string, view: View): string | null {
  if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(key)) return null;
  const place = id === null ? undefined : model.where.get(id);
  if (!place || model.groups[place.group]!.folded) return firstIn(model, view);
  const lane = model.groups[place.group]!.lanes[place.lane]!;
  if (key === "ArrowLeft") return (lane[place.index - 1] ?? lane[place.index]!).id;
  if (key === "ArrowRight") return (lane[place.index + 1] ?? lane[place.index]!).id;
  const step = key === "ArrowDown" ? 1 : -1;
  for (let k = place.row + step; k >= 0 && k < model.rows.length; k += step) {
    const row = model.rows[k]!;
    if (row.kind === "lane") return nearest(model.groups[row.group]!.lanes[row.lane]!, lane[place.index]!).id;
  }
  return id;
}

function firstIn(model: Model, view: View): string | null {
  const [from, before] = rowsIn(model, view);
  for (let k = from; k < before; k += 1) {
    const row = model.rows[k]!;
    if (row.kind !== "lane") continue;
    const lane = model.groups[row.group]!.lanes[row.lane]!;
    const [one, end] = barsIn(lane, view);
    if (one < end) return lane[one]!.id;
  }
  return null;
}

function nearest(lane: Bar[], to: Bar): Bar {
  const middle = (to.start + to.end) / 2;
  const k = first(lane, (bar) => bar.end > middle);
  const [before, after] = [lane[k - 1], lane[k]];
  if (!before || !after) return (before ?? after)!;
  return after.start <= middle || after.start - middle <= middle - before.end ? after : before;
}

/** The view moved as little as shows a bar whole, or its start where it is longer than the view. */
export function showing(model: Model, id: string, view: View): View {
  const [bar, place] = [barOf(model, id), model.where.get(id)];
  if (!bar || !place) return view;
  const row = model.rows[place.row]!;
  const low = Math.max(view.top, row.y + row.h - view.height);
  const top = Math.min(low, row.y - AXIS);
  const span = view.to - view.from;
  const edge = span * 0.04;
  let from = view.from;
  if (bar.end > view.to) from = bar.end + edge - span;
  if (bar.start < from) from = bar.start - edge;
  return { ...view, top: Math.max(0, top), from, to: from + span };
}

/** The view with `factor` times the span, the instant `at` where it was. */
export function zoomed(view: View, factor: number, at: number): View {
  const span = Math.min(LONGEST, Math.max(SHORTEST, (view.to - view.from) * factor));
  const share = (at - view.from) / (view.to - view.from);
  const from = at - share * span;
  return { ...view, from, to: from + span };
}

const midnight = (at: number) => Math.floor((at + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS;
const part = (at: number) => new Date(at + OFFSET_MS);

/** The marks of the axis: what the upper line names, and the lower. */
export function ticks(model: Model, view: View): { major: Tick[]; minor: Tick[] } {
  const wide = ((view.width - gutter(model, view)) * DAY_MS) / (view.to - view.from);
  if (wide >= 110) return { major: days(view, (d) => `${WEEKDAYS[d.getUTCDay()]} ${d.getUTCDate()} ${month(d)}`), minor: hours(view, wide >= 400 ? 2 : 6) };
  const months = starts(view, 1, (d) => `${month(d)} ${d.getUTCFullYear()}`);
  if (wide >= 22) return { major: months, minor: days(view, (d) => `${wide >= 52 ? `${WEEKDAYS[d.getUTCDay()]} ` : ""}${d.getUTCDate()}`) };
  if (wide >= 3.6) return { major: months, minor: days(view, (d) => `${d.getUTCDate()}`).filter((t) => part(t.at).getUTCDay() === 1) };
  return { major: starts(view, 12, (d) => `${d.getUTCFullYear()}`), minor: starts(view, wide >= 1.1 ? 1 : 3, month) };
}

const month = (d: Date) => MONTHS[d.getUTCMonth()]!;

function hours(view: View, step: number): Tick[] {
  const found: Tick[] = [];
  for (let at = midnight(view.from); at < view.to; at += step * HOUR_MS)
    if (at >= view.from) found.push({ at, label: market(at).slice(11) });
  return found;
}

function days(view: View, label: (d: Date) => string): Tick[] {
  const found: Tick[] = [];
  for (let at = midnight(view.from); at < view.to; at += DAY_MS) found.push({ at, label: label(part(at)) });
  return found;
}

/** The first days of every `step` months, the one before the view first. */
function starts(view: View, step: number, label: (d: Date) => string): Tick[] {
  const found: Tick[] = [];
  const begin = part(view.from);
  let number = begin.getUTCFullYear() * 12 + Math.floor(begin.getUTCMonth() / step) * step;
  for (; found.length < 400; number += step) {
    const at = Date.UTC(Math.floor(number / 12), number % 12, 1) - OFFSET_MS;
    if (at >= view.to) return found;
    found.push({ at, label: label(part(at)) });
  }
  return found;
}

/** Draw what is in view; gives how many bars that were. */
export function draw(ctx: CanvasRenderingContext2D, model: Model, view: View, now: number, chosen: string | null, colour: Palette): number {
  ctx.fillStyle = colour.ground;
  ctx.fillRect(0, 0, view.width, view.height);
  ctx.font = FONT;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const axis = ticks(model, view);
  const left = gutter(model, view);
  lines(ctx, axis, left, model, view, colour);
  const [from, before] = rowsIn(model, view);
  let drawn = 0;
  for (let k = from; k < before; k += 1) {
    const row = model.rows[k]!;
    if (row.kind === "head") head(ctx, model.groups[row.group]!, row, view, colour);
    else if (row.kind === "strip") strip(ctx, model.groups[row.group]!, row, view, colour);
    else drawn += lane(ctx, row, model, view, chosen, colour);
  }
  instant(ctx, xOf(now, model, view), left, view, colour);
  names(ctx, axis, left, model, view, colour);
  return drawn;
}

function lines(ctx: CanvasRenderingContext2D, axis: { major: Tick[]; minor: Tick[] }, left: number, model: Model, view: View, colour: Palette): void {
  ctx.fillStyle = colour.line;
  for (const tick of [...axis.minor, ...axis.major]) {
    const x = Math.round(xOf(tick.at, model, view));
    if (x >= left) ctx.fillRect(x, AXIS, 1, view.height);
  }
}

function names(ctx: CanvasRenderingContext2D, axis: { major: Tick[]; minor: Tick[] }, left: number, model: Model, view: View, colour: Palette): void {
  ctx.fillStyle = colour.band;
  ctx.fillRect(0, 0, view.width, AXIS);
  for (const [level, ticks] of [axis.major, axis.minor].entries()) {
    ctx.fillStyle = level ? colour.quiet : colour.ink;
    let free = left;
    ticks.forEach((tick, k) => {
      // The upper name stays in sight while any of its time is.
      const next = level || k + 1 === ticks.length ? view.width : xOf(ticks[k + 1]!.at, model, view);
      const x = Math.max(level ? xOf(tick.at, model, view) : Math.max(left, xOf(tick.at, model, view)), -999);
      const wide = ctx.measureText(tick.label).width;
      if (x < free || x + 4 + wide > Math.max(next, level ? view.width : 0)) return;
      ctx.fillText(tick.label, x + 4, level ? 31 : 12);
      free = x + 4 + wide + 6;
    });
  }
}

function instant(ctx: CanvasRenderingContext2D, x: number, left: number, view: View, colour: Palette): void {
  if (x < left || x > view.width) return;
  ctx.fillStyle = colour.focus;
  ctx.fillRect(x - 1, AXIS - 8, 2, view.height);
}

function head(ctx: CanvasRenderingContext2D, group: Group, row: Row, view: View, colour: Palette): void {
  const y = row.y - view.top;
  ctx.fillStyle = colour.band;
  ctx.fillRect(0, y, view.width, row.h);
  ctx.fillStyle = colour.ink;
  ctx.fillText(`${group.folded ? "▸" : "▾"} ${group.name}  ${group.count}`, 8, y + row.h / 2);
}

/** How many bars of a group lie in each of `count` equal parts of the view. */
export function counts(group: Group, view: View, count: number): number[] {
  const change = new Array<number>(count + 1).fill(0);
  const at = (time: number) => Math.floor(((time - view.from) / (view.to - view.from)) * count);
  for (const bars of group.lanes) {
    const [from, before] = barsIn(bars, view);
    for (let k = from; k < before; k += 1) {
      change[Math.max(0, at(bars[k]!.start))]! += 1;
      change[Math.min(count - 1, at(bars[k]!.end - 1)) + 1]! -= 1;
    }
  }
  let sum = 0;
  return change.slice(0, count).map((one) => (sum += one));
}

const STEP = 4;
function strip(ctx: CanvasRenderingContext2D, group: Group, row: Row, view: View, colour: Palette): void {
  const found = counts(group, view, Math.max(1, Math.floor(view.width / STEP)));
  const most = Math.max(1, ...found);
  const y = row.y - view.top;
  ctx.fillStyle = colour.granted;
  found.forEach((count, k) => {
    const h = (count / most) * (row.h - 6);
    if (count) ctx.fillRect(k * STEP, y + row.h - h, STEP, h);
  });
  ctx.fillStyle = colour.ink;
  ctx.fillText(`at most ${most === 1 && !found.includes(1) ? 0 : most} at once`, 8, y + 9);
}

function lane(ctx: CanvasRenderingContext2D, row: Row, model: Model, view: View, chosen: string | null, colour: Palette): number {
  const group = model.groups[row.group]!;
  const bars = group.lanes[row.lane]!;
  const y = row.y - view.top;
  const [from, before] = barsIn(bars, view);
  for (let k = from; k < before; k += 1) one(ctx, bars[k]!, y, bars[k + 1], model, view, bars[k]!.id === chosen, colour);
  if (model.single) {
    const left = gutter(model, view);
    ctx.fillStyle = colour.ground;
    ctx.fillRect(0, y, left - 4, row.h);
    ctx.fillStyle = colour.ink;
    if (row.lane === 0) ctx.fillText(fitted(ctx, group.name, left - 16), 8, y + row.h / 2);
    ctx.fillStyle = colour.line;
    ctx.fillRect(0, y + row.h - 1, view.width, 1);
  }
  return before - from;
}

function one(ctx: CanvasRenderingContext2D, bar: Bar, y: number, next: Bar | undefined, model: Model, view: View, chosen: boolean, colour: Palette): void {
  const left = gutter(model, view);
  const x = Math.max(left, xOf(bar.start, model, view));
  const w = Math.max(2, Math.min(view.width, xOf(bar.end, model, view)) - x - 1);
  const h = LANE - 5;
  const [fill, ink] = inks(bar.look, colour);
  ctx.fillStyle = bar.look === "asked" && w <= 3 ? colour.edge : fill;
  ctx.fillRect(x, y + 2, w, h);
  if ((bar.look === "asked" || bar.look === "granted") && w > 3) {
    ctx.strokeStyle = colour.edge;
    ctx.lineWidth = 1;
    ctx.setLineDash(bar.look === "asked" ? [4, 3] : []);
    ctx.strokeRect(x + 0.5, y + 2.5, w - 1, h - 1);
    ctx.setLineDash([]);
  }
  label(ctx, bar, x, y + 2 + h / 2, w, next ? xOf(next.start, model, view) : view.width, ink, colour);
  if (!chosen) return;
  ctx.strokeStyle = colour.focus;
  ctx.lineWidth = 3;
  ctx.strokeRect(x - 1.5, y + 0.5, w + 3, h + 3);
}

/** Mark and text in the bar, or beside it where it is too short and nothing follows soon. */
function label(ctx: CanvasRenderingContext2D, bar: Bar, x: number, y: number, w: number, free: number, ink: string, colour: Palette): void {
  const text = bar.mark ? `${bar.mark} ${bar.text}` : bar.text;
  const beside = Math.min(150, free - x - w - 8);
  if (w >= 60 || (w >= 30 && beside < w)) {
    ctx.fillStyle = ink;
    ctx.fillText(fitted(ctx, text, w - 8), x + 4, y);
  } else if (beside >= (isAlarm(bar) ? 12 : 40)) {
    ctx.fillStyle = isAlarm(bar) ? colour.ink : colour.quiet;
    ctx.fillText(fitted(ctx, text, beside), x + w + 4, y);
  }
}

const isAlarm = (bar: Bar) => bar.look === "amber" || bar.look === "red";

function inks(look: Look, colour: Palette): [string, string] {
  if (look === "over") return [colour.over, colour.ink];
  if (look === "asked") return [colour.ground, colour.ink];
  if (look === "granted") return [colour.granted, colour.ink];
  if (look === "out") return [colour.out, colour.onOut];
  if (look === "amber") return [colour.amber, colour.onAmber];
  return [colour.red, colour.onRed];
}

/** The text cut to a width. */
function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  const whole = ctx.measureText(text).width;
  if (whole <= width) return text;
  let cut = Math.ceil((text.length * width) / whole);
  while (cut > 1 && ctx.measureText(`${text.slice(0, cut)}…`).width > width) cut -= 1;
  return cut > 1 ? `${text.slice(0, cut)}…` : text.slice(0, 1);
}
