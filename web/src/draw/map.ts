// The map on a canvas: land, lines by voltage, what is out, what binds. Pure: model and view in, picture out.

import { LABEL_PX, put, type Wanted } from "./labels";
import { near, type Box, type Network } from "./network";
import { inside, scaleBar, seenBox, toMap, toScreen, type Point, type View } from "./view";

export type Kind = "out" | "asked" | "risk" | "late";

export interface Mark {
  id: string;
  kind: Kind;
  unit: boolean;
  text: string;
  lines: number[];
  places: number[];
  binding: { text: string; lines: number[]; places: number[] } | null;
}

export interface Land {
  ground: Path2D;
  states: Path2D;
  counties: Path2D | null;
}

export interface Margin {
  text: string;
  zone: number;
  low: boolean;
}

export interface Model {
  network: Network;
  land: Land | null;
  marks: Mark[];
  /** Indices of marks. */
  chosen: number | null;
  /** What is chosen beside a mark: equipment that was looked for. */
  lines: number[];
  places: number[];
  binding: boolean;
  names: boolean;
  margins: Margin[];
  /** Lines that a storm threatens, likeliest last: drawn so wide beneath the lines themselves. */
  threatened: { width: number; lines: number[] }[];
  area: Box | null;
}

export interface Palette {
  ink: string;
  quiet: string;
  ground: string;
  land: string;
  line: string;
  edge: string;
  focus: string;
  red: string;
  amber: string;
  onAmber: string;
}

export type Hit = { what: "mark" | "place" | "line"; index: number };

/** Lines by voltage: from how many kV, how wide, drawn from how near (pixels to a kilometre). */
export const CLASSES = [
  { from: 0, width: 0.6, tone: "line", near: 0.7, word: "below 100 kV" },
  { from: 100, width: 0.8, tone: "edge", near: 0.25, word: "100 to 199 kV" },
  { from: 200, width: 1.1, tone: "edge", near: 0, word: "200 to 299 kV" },
  { from: 300, width: 1.7, tone: "quiet", near: 0, word: "300 to 449 kV" },
  { from: 450, width: 2.6, tone: "quiet", near: 0, word: "450 kV and up" },
] as const;
export const SIGN: Record<Kind, [string, string]> = { out: ["●", "■"], asked: ["○", "□"], risk: ["◆", "◆"], late: ["▲", "▲"] };
const DOTS_FROM = 2;
const NAMES_FROM = 6;
const COUNTIES_FROM = 1.6;
const REACH = { mark: 14, place: 9, line: 7 };
const MARK_PX = 6;
const FONT = "12px system-ui, sans-serif";
const RANK: Kind[] = ["asked", "out", "risk", "late"];

export function classOf(kv: number): number {
  let found = 0;
  CLASSES.forEach((one, k) => (found = kv >= one.from ? k : found));
  return found;
}

/** The voltage from which lines are drawn at this scale. */
export const leastKv = (scale: number): number => CLASSES.find((one) => scale >= one.near)!.from;

/** Where a mark stands: at its first place, else in the middle of its first line; null where it is nowhere. */
export function anchor(network: Network, mark: Pick<Mark, "lines" | "places">): Point | null {
  const [place, line] = [mark.places[0], mark.lines[0]];
  if (place !== undefined) return { x: network.x[place]!, y: network.y[place]! };
  if (line === undefined) return null;
  const [a, b] = [network.from[line]!, network.to[line]!];
  return { x: (network.x[a]! + network.x[b]!) / 2, y: (network.y[a]! + network.y[b]!) / 2 };
}

/** The box around lines and places; null around nothing. */
export function around(network: Network, lines: number[], places: number[]): Box | null {
  const all = [...places, ...lines.flatMap((k) => [network.from[k]!, network.to[k]!])];
  if (!all.length) return null;
  const [xs, ys] = [all.map((k) => network.x[k]!), all.map((k) => network.y[k]!)];
  return { west: Math.min(...xs), east: Math.max(...xs), north: Math.min(...ys), south: Math.max(...ys) };
}

/** The marks that stand in a box, in their order. */
export function marksIn(model: Pick<Model, "network" | "marks">, box: Box): number[] {
  return model.marks.flatMap((mark, k) => {
    const at = anchor(model.network, mark);
    return at && inside(box, at.x, at.y) ? [k] : [];
  });
}

function away(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const long = dx * dx + dy * dy;
  const t = long ? Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / long)) : 0;
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/** What lies under a point of the screen: a mark before a place before a line, the nearest of its kind. */
export function hit(model: Model, view: View, x: number, y: number): Hit | null {
  const { network } = model;
  const best = (what: Hit["what"], each: (offer: (k: number, far: number) => void) => void): Hit | null => {
    let [index, least] = [-1, REACH[what]];
    each((k, far) => {
      if (far < least) [index, least] = [k, far];
    });
    return index < 0 ? null : { what, index };
  };
  const far = (at: Point) => {
    const s = toScreen(view, at.x, at.y);
    return Math.hypot(s.x - x, s.y - y);
  };
  const at = (k: number): Point => ({ x: network.x[k]!, y: network.y[k]! });
  const box = (reach: number): Box => {
    const [a, b] = [toMap(view, x - reach, y - reach), toMap(view, x + reach, y + reach)];
    return { west: a.x, north: a.y, east: b.x, south: b.y };
  };
  const point = toMap(view, x, y);
  return (
    best("mark", (offer) => drawn(model).forEach((k) => offer(k, far(anchor(network, model.marks[k]!)!)))) ??
    (view.scale >= DOTS_FROM ? best("place", (offer) => near(network.placeCells, box(REACH.place), scratch(network.x.length), (k) => offer(k, far(at(k))))) : null) ??
    best("line", (offer) =>
      near(network.lineCells, box(REACH.line), scratch(network.from.length), (k) => {
        if (network.lineKv[k]! >= leastKv(view.scale)) offer(k, away(point, at(network.from[k]!), at(network.to[k]!)) * view.scale);
      }),
    )
  );
}

/** Marks that are somewhere, what matters most last, so that it lies on top. */
function drawn(model: Model): number[] {
  const found = model.marks.flatMap((mark, k) => (mark.places.length || mark.lines.length ? [k] : []));
  return found.sort((a, b) => RANK.indexOf(model.marks[a]!.kind) - RANK.indexOf(model.marks[b]!.kind) || a - b);
}

let kept = new Uint8Array(0);
/** Room to note what has been visited; one for all, since drawing is never interrupted. */
function scratch(size: number): Uint8Array {
  if (kept.length < size) kept = new Uint8Array(size);
  return kept;
}

export function draw(ctx: CanvasRenderingContext2D, model: Model, view: View, colour: Palette): void {
  ctx.fillStyle = colour.ground;
  ctx.fillRect(0, 0, view.width, view.height);
  ctx.font = FONT;
  ctx.textBaseline = "middle";
  ctx.lineCap = "butt";
  if (model.land) land(ctx, model.land, view, colour);
  storm(ctx, model, view, colour);
  lines(ctx, model.network, view, colour);
  if (view.scale >= DOTS_FROM) dots(ctx, model.network, view, colour);
  chosen(ctx, model, view, colour);
  if (model.binding) bindings(ctx, model, view, colour);
  drawn(model).forEach((k) => traced(ctx, model.network, model.marks[k]!, view, colour));
  drawn(model).forEach((k) => sign(ctx, model, k, view, colour));
  texts(ctx, model, view, colour);
  if (model.area) area(ctx, model.area, view, colour);
  bar(ctx, view, colour);
}

/** Bands under the lines, with an edge that also shows where nobody tells colours apart. */
function storm(ctx: CanvasRenderingContext2D, model: Model, view: View, colour: Palette): void {
  for (const one of model.threatened) {
    for (const [more, tone] of [[2, colour.edge], [0, colour.amber]] as const) {
      ctx.strokeStyle = tone;
      ctx.lineWidth = one.width + more;
      path(ctx, model.network, one.lines, view);
    }
  }
}

function land(ctx: CanvasRenderingContext2D, given: Land, view: View, colour: Palette): void {
  ctx.save();
  ctx.translate(view.width / 2, view.height / 2);
  ctx.scale(view.scale, view.scale);
  ctx.translate(-view.x, -view.y);
  ctx.fillStyle = colour.land;
  ctx.fill(given.ground);
  ctx.strokeStyle = colour.line;
  if (given.counties && view.scale >= COUNTIES_FROM) {
    ctx.lineWidth = 0.5 / view.scale;
    ctx.setLineDash([2 / view.scale, 3 / view.scale]);
    ctx.stroke(given.counties);
    ctx.setLineDash([]);
  }
  ctx.lineWidth = 1 / view.scale;
  ctx.stroke(given.states);
  ctx.restore();
}

function lines(ctx: CanvasRenderingContext2D, network: Network, view: View, colour: Palette): void {
  const least = leastKv(view.scale);
  const found: number[][][] = CLASSES.map(() => [[], []]);
  near(network.lineCells, seenBox(view, 4), scratch(network.from.length), (k) => {
    const kv = network.lineKv[k]!;
    if (kv >= least || network.lineOwn[k]) found[classOf(kv)]![network.coarse && !network.lineOwn[k] ? 1 : 0]!.push(k);
  });
  CLASSES.forEach((one, c) => {
    for (const other of [1, 0]) {
      ctx.strokeStyle = other ? colour.line : network.coarse ? colour.ink : colour[one.tone];
      ctx.lineWidth = one.width * Math.min(1.6, Math.max(0.8, Math.sqrt(view.scale)));
      path(ctx, network, found[c]![other]!, view);
    }
  });
}

function path(ctx: CanvasRenderingContext2D, network: Network, some: number[], view: View): void {
  if (!some.length) return;
  const [dx, dy] = [view.width / 2 - view.x * view.scale, view.height / 2 - view.y * view.scale];
  ctx.beginPath();
  for (const k of some) {
    const [a, b] = [network.from[k]!, network.to[k]!];
    ctx.moveTo(network.x[a]! * view.scale + dx, network.y[a]! * view.scale + dy);
    ctx.lineTo(network.x[b]! * view.scale + dx, network.y[b]! * view.scale + dy);
  }
  ctx.stroke();
}

function dots(ctx: CanvasRenderingContext2D, network: Network, view: View, colour: Palette): void {
  const [small, high]: [number[], number[]] = [[], []];
  near(network.placeCells, seenBox(view), scratch(network.x.length), (k) => (network.placeKv[k]! >= 200 ? high : small).push(k));
  ctx.fillStyle = colour.quiet;
  for (const [some, half] of [[small, 1.5], [high, 2.5]] as const)
    for (const k of some) {
      const at = toScreen(view, network.x[k]!, network.y[k]!);
      ctx.fillRect(at.x - half, at.y - half, 2 * half, 2 * half);
    }
}

function chosen(ctx: CanvasRenderingContext2D, model: Model, view: View, colour: Palette): void {
  const mark = model.chosen === null ? undefined : model.marks[model.chosen];
  const [some, at] = [[...model.lines, ...(mark?.lines ?? [])], [...model.places, ...(mark?.places ?? [])]];
  ctx.strokeStyle = colour.focus;
  ctx.lineWidth = 8;
  path(ctx, model.network, some, view);
  ctx.lineWidth = 3;
  for (const k of at) ring(ctx, toScreen(view, model.network.x[k]!, model.network.y[k]!), 11);
}

function ring(ctx: CanvasRenderingContext2D, at: Point, radius: number): void {
  ctx.beginPath();
  ctx.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  ctx.stroke();
}

function bindings(ctx: CanvasRenderingContext2D, model: Model, view: View, colour: Palette): void {
  for (const mark of model.marks) {
    if (!mark.binding) continue;
    for (const [width, tone] of [[6, colour.ink], [3, colour.amber]] as const) {
      ctx.lineWidth = width;
      ctx.strokeStyle = tone;
      path(ctx, model.network, mark.binding.lines, view);
      for (const k of mark.binding.places) ring(ctx, toScreen(view, model.network.x[k]!, model.network.y[k]!), 9);
    }
  }
}

const DASH: Record<Kind, number[]> = { out: [8, 5], asked: [2, 4], risk: [10, 3, 2, 3], late: [8, 5] };

function traced(ctx: CanvasRenderingContext2D, network: Network, mark: Mark, view: View, colour: Palette): void {
  if (!mark.lines.length) return;
  ctx.strokeStyle = colour.ground;
  ctx.lineWidth = 5;
  path(ctx, network, mark.lines, view);
  ctx.strokeStyle = mark.kind === "late" ? colour.red : colour.ink;
  ctx.lineWidth = mark.kind === "asked" ? 1.5 : 3;
  ctx.setLineDash(DASH[mark.kind]);
  path(ctx, network, mark.lines, view);
  ctx.setLineDash([]);
}

function sign(ctx: CanvasRenderingContext2D, model: Model, index: number, view: View, colour: Palette): void {
  const mark = model.marks[index]!;
  const place = anchor(model.network, mark)!;
  const at = toScreen(view, place.x, place.y);
  if (at.x < -20 || at.y < -20 || at.x > view.width + 20 || at.y > view.height + 20) return;
  ctx.beginPath();
  shape(ctx, mark, at, index === model.chosen ? MARK_PX + 2 : MARK_PX);
  ctx.lineWidth = 4;
  ctx.strokeStyle = index === model.chosen ? colour.focus : colour.ground;
  ctx.stroke();
  ctx.fillStyle = { out: colour.ink, asked: colour.ground, risk: colour.amber, late: colour.red }[mark.kind];
  ctx.fill();
  ctx.lineWidth = 1.6;
  ctx.strokeStyle = colour.ink;
  ctx.stroke();
}

/** Circles for lines, squares for units, a diamond at risk, a triangle late. */
function shape(ctx: CanvasRenderingContext2D, mark: Mark, { x, y }: Point, r: number): void {
  const corners: Record<"risk" | "late" | "unit", [number, number][]> = {
    risk: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]], late: [[0, -1.2], [1.2, 1], [-1.2, 1]], unit: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  };
  const key = mark.kind === "risk" || mark.kind === "late" ? mark.kind : mark.unit ? "unit" : null;
  if (!key) return ctx.arc(x, y, r, 0, 2 * Math.PI);
  corners[key].forEach(([dx, dy], k) => (k ? ctx.lineTo(x + dx * r, y + dy * r) : ctx.moveTo(x + dx * r, y + dy * r)));
  ctx.closePath();
}

/** All names in the order in which they matter: the chosen one, what binds, margins, what is out, places. */
export function wanted(model: Model, view: View): Wanted[] {
  const { network } = model;
  const found: Wanted[] = [];
  const add = (text: string, at: Point | null, gap: number) => {
    if (at && text) found.push({ text, ...toScreen(view, at.x, at.y), gap });
  };
  const order = drawn(model).reverse();
  if (model.chosen !== null && model.marks[model.chosen]) order.unshift(model.chosen);
  if (model.chosen !== null && model.marks[model.chosen]) add(model.marks[model.chosen]!.text, anchor(network, model.marks[model.chosen]!), 12);
  for (const one of model.margins) add(`${one.low ? "▲ " : ""}${one.text}`, zoneMiddle(network, one.zone), 0);
  if (model.binding) for (const mark of model.marks) if (mark.binding) add(mark.binding.text, anchor(network, mark.binding), 10);
  if (model.names) {
    for (const k of order) if (k !== model.chosen) add(model.marks[k]!.text, anchor(network, model.marks[k]!), 10);
    if (view.scale >= NAMES_FROM) {
      const some: number[] = [];
      near(network.placeCells, seenBox(view), scratch(network.x.length), (k) => some.push(k));
      some.sort((a, b) => network.placeKv[b]! - network.placeKv[a]! || a - b);
      for (const k of some.slice(0, 400)) add(network.name[k]!, { x: network.x[k]!, y: network.y[k]! }, 6);
    }
  }
  return found;
}

/** The middle of a zone's places; null where none is seen. */
export function zoneMiddle(network: Network, zone: number): Point | null {
  let [x, y, count] = [0, 0, 0];
  network.placeZone.forEach((z, k) => {
    if (z !== zone) return;
    x += network.x[k]!;
    y += network.y[k]!;
    count += 1;
  });
  return count ? { x: x / count, y: y / count } : null;
}

function texts(ctx: CanvasRenderingContext2D, model: Model, view: View, colour: Palette): void {
  const signs = drawn(model).map((k) => {
    const place = anchor(model.network, model.marks[k]!)!;
    const at = toScreen(view, place.x, place.y);
    return { x: at.x - MARK_PX, y: at.y - MARK_PX, w: 2 * MARK_PX, h: 2 * MARK_PX };
  });
  const corner = { x: 0, y: view.height - 30, w: 190, h: 30 };
  ctx.textAlign = "left";
  ctx.lineJoin = "round";
  for (const one of put(wanted(model, view), view.width, view.height, (text) => ctx.measureText(text).width + 4, [corner, ...signs])) {
    ctx.strokeStyle = colour.land;
    ctx.lineWidth = 3.5;
    ctx.strokeText(one.text, one.x + 2, one.y);
    ctx.fillStyle = colour.ink;
    ctx.fillText(one.text, one.x + 2, one.y);
  }
}

function area(ctx: CanvasRenderingContext2D, box: Box, view: View, colour: Palette): void {
  const [a, b] = [toScreen(view, box.west, box.north), toScreen(view, box.east, box.south)];
  ctx.strokeStyle = colour.focus;
  ctx.lineWidth = 2;
  ctx.setLineDash([6, 4]);
  ctx.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
  ctx.setLineDash([]);
}

function bar(ctx: CanvasRenderingContext2D, view: View, colour: Palette): void {
  const { km, px } = scaleBar(view, Math.min(140, view.width / 3));
  const [x, y] = [10, view.height - 10];
  ctx.strokeStyle = colour.ink;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(x, y - 5);
  ctx.lineTo(x, y);
  ctx.lineTo(x + px, y);
  ctx.lineTo(x + px, y - 5);
  ctx.stroke();
  ctx.fillStyle = colour.ink;
  ctx.textAlign = "left";
  ctx.fillText(`${km} km · ${+(km * 0.621371).toPrecision(2)} mi`, x + 4, y - LABEL_PX);
}
