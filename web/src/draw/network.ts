// The network as it comes over the wire, and as the map holds it: columns of numbers, and cells to find things by place.

import { project } from "./albers";

export interface Column {
  type: "u8" | "u16" | "u32" | "i8" | "i16" | "i32";
  delta: boolean;
  data: string;
}

export interface MapDocument {
  format: number;
  coarse: boolean;
  bounds: [number, number, number, number] | null;
  kv: number[];
  zones: string[];
  places: { name: string[]; longitude: Column; latitude: Column; kv: Column; zone: Column; own: Column };
  lines: { from: Column; to: Column; kv: Column; own: Column; count: Column; branches: Column };
  inside: { row: Column; place: Column };
  units: { row: Column; place: Column };
}

export const FORMAT = 1;
const PER_DEGREE = 10_000;
const READ: Record<Column["type"], [number, (view: DataView, at: number) => number]> = {
  u8: [1, (v, at) => v.getUint8(at)], u16: [2, (v, at) => v.getUint16(at, true)], u32: [4, (v, at) => v.getUint32(at, true)],
  i8: [1, (v, at) => v.getInt8(at)], i16: [2, (v, at) => v.getInt16(at, true)], i32: [4, (v, at) => v.getInt32(at, true)],
};

/** Read a column of whole numbers (docs/api.md). */
export function unpack(column: Column): Int32Array {
  const text = atob(column.data);
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const [width, read] = READ[column.type];
  const view = new DataView(bytes.buffer);
  const found = new Int32Array(bytes.length / width);
  for (let k = 0, last = 0; k < found.length; k++) {
    const value = read(view, k * width);
    found[k] = last = column.delta ? last + value : value;
  }
  return found;
}

export interface Cells {
  size: number;
  west: number;
  north: number;
  columns: number;
  rows: number;
  start: Int32Array;
  items: Int32Array;
}

export interface Box {
  west: number;
  north: number;
  east: number;
  south: number;
}

export interface Network {
  coarse: boolean;
  zones: string[];
  /** Kilometres (`albers.ts`) of each place. */
  x: Float64Array;
  y: Float64Array;
  name: string[];
  placeKv: Float32Array;
  placeZone: Int32Array;
  placeOwn: Int32Array;
  from: Int32Array;
  to: Int32Array;
  lineKv: Float32Array;
  lineOwn: Int32Array;
  /** The branches of line k are `branches[first[k]]` up to `first[k + 1]`, as rows from 0. */
  first: Int32Array;
  branches: Int32Array;
  lineOf: Map<number, number>;
  placeOf: Map<string, number>;
  box: Box | null;
  lineCells: Cells;
  placeCells: Cells;
}

const CELL_KM = 40;

export function networkOf(document: MapDocument): Network {
  if (document.format !== FORMAT) throw new Error(`the map came in format ${document.format}, this page reads ${FORMAT}: load the page again`);
  const [longitude, latitude] = [unpack(document.places.longitude), unpack(document.places.latitude)];
  const x = new Float64Array(longitude.length);
  const y = new Float64Array(longitude.length);
  for (let k = 0; k < x.length; k++) [x[k], y[k]] = project(longitude[k]! / PER_DEGREE, latitude[k]! / PER_DEGREE);
  const from = unpack(document.lines.from);
  const to = unpack(document.lines.to).map((step, k) => from[k]! + step);
  const count = unpack(document.lines.count);
  const first = new Int32Array(count.length + 1);
  count.forEach((n, k) => (first[k + 1] = first[k]! + n));
  const branches = unpack(document.lines.branches);
  const level = (column: Column) => Float32Array.from(unpack(column), (k) => document.kv[k]!);
  const box = boxOf(x, y);
  return {
    coarse: document.coarse, zones: document.zones, x, y, name: document.places.name, placeKv: level(document.places.kv),
    placeZone: unpack(document.places.zone), placeOwn: unpack(document.places.own), from, to, lineKv: level(document.lines.kv),
    lineOwn: unpack(document.lines.own), first, branches, lineOf: lineOf(first, branches), placeOf: placeOf(document), box,
    lineCells: cells(from.length, box, (k) => ({
      west: Math.min(x[from[k]!]!, x[to[k]!]!), east: Math.max(x[from[k]!]!, x[to[k]!]!),
      north: Math.min(y[from[k]!]!, y[to[k]!]!), south: Math.max(y[from[k]!]!, y[to[k]!]!),
    })),
    placeCells: cells(x.length, box, (k) => ({ west: x[k]!, east: x[k]!, north: y[k]!, south: y[k]! })),
  };
}

function lineOf(first: Int32Array, branches: Int32Array): Map<number, number> {
  const found = new Map<number, number>();
  for (let k = 0; k + 1 < first.length; k++) for (let i = first[k]!; i < first[k + 1]!; i++) found.set(branches[i]!, k);
  return found;
}

/** Where branches that lie at one place, and units, are: by id. */
function placeOf(document: MapDocument): Map<string, number> {
  const found = new Map<string, number>();
  for (const [kind, part] of [["branch", document.inside], ["gen", document.units]] as const) {
    const place = unpack(part.place);
    unpack(part.row).forEach((row, k) => found.set(`${kind}:${row + 1}`, place[k]!));
  }
  return found;
}

function boxOf(x: Float64Array, y: Float64Array): Box | null {
  if (!x.length) return null;
  const box = { west: Infinity, north: Infinity, east: -Infinity, south: -Infinity };
  for (let k = 0; k < x.length; k++) {
    box.west = Math.min(box.west, x[k]!);
    box.east = Math.max(box.east, x[k]!);
    box.north = Math.min(box.north, y[k]!);
    box.south = Math.max(box.south, y[k]!);
  }
  return box;
}

/** Sort things into square cells, each into all cells that its box touches. */
export function cells(count: number, whole: Box | null, boxOfItem: (k: number) => Box): Cells {
  const box = whole ?? { west: 0, north: 0, east: 0, south: 0 };
  const columns = Math.floor((box.east - box.west) / CELL_KM) + 1;
  const rows = Math.floor((box.south - box.north) / CELL_KM) + 1;
  const found: Cells = { size: CELL_KM, west: box.west, north: box.north, columns, rows, start: new Int32Array(columns * rows + 1), items: new Int32Array(0) };
  const each = (visit: (cell: number, k: number) => void) => {
    for (let k = 0; k < count; k++) inBox(found, boxOfItem(k), (cell) => visit(cell, k));
  };
  each((cell) => (found.start[cell + 1]! += 1));
  for (let c = 0; c < columns * rows; c++) found.start[c + 1]! += found.start[c]!;
  const next = found.start.slice();
  found.items = new Int32Array(found.start[columns * rows]!);
  each((cell, k) => (found.items[next[cell]!++] = k));
  return found;
}

function inBox(c: Cells, box: Box, visit: (cell: number) => void): void {
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value));
  const [left, right] = [box.west, box.east].map((v) => Math.floor((v - c.west) / c.size));
  const [top, bottom] = [box.north, box.south].map((v) => Math.floor((v - c.north) / c.size));
  if (right! < 0 || bottom! < 0 || left! >= c.columns || top! >= c.rows) return;
  for (let row = clamp(top!, c.rows - 1); row <= clamp(bottom!, c.rows - 1); row++)
    for (let column = clamp(left!, c.columns - 1); column <= clamp(right!, c.columns - 1); column++) visit(row * c.columns + column);
}

/** Visit each thing in the cells that a box touches: all that is in the box, and some beside it; each once. */
export function near(c: Cells, box: Box, seen: Uint8Array, visit: (k: number) => void): void {
  seen.fill(0);
  inBox(c, box, (cell) => {
    for (let i = c.start[cell]!; i < c.start[cell + 1]!; i++) {
      const k = c.items[i]!;
      if (seen[k]) continue;
      seen[k] = 1;
      visit(k);
    }
  });
}

/** The lines and places of an element of the caller's map; both empty where it is not on it. */
export function placed(network: Network, asset: string): { lines: number[]; places: number[] } {
  const [kind, number] = asset.split(":");
  const line = kind === "branch" ? network.lineOf.get(Number(number) - 1) : undefined;
  const place = network.placeOf.get(asset);
  return { lines: line === undefined ? [] : [line], places: place === undefined ? [] : [place] };
}

/** The ids of a line's branches. */
export function branchesOf(network: Network, line: number): string[] {
  return [...network.branches.slice(network.first[line], network.first[line + 1])].map((row) => `branch:${row + 1}`);
}

/** Places whose name has all the words, shortest first. */
export function placesNamed(network: Network, text: string, most = 8): number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found: number[] = [];
  network.name.forEach((name, k) => {
    const low = name.toLowerCase();
    if (low && words.every((word) => low.includes(word))) found.push(k);
  });
  return found.sort((a, b) => network.name[a]!.length - network.name[b]!.length || a - b).slice(0, most);
}
