// Where the parts of a one-line picture stand: a bar for each bus, a line for each element, a hop where they only pass.

import type { OneLine, OneLineRow } from "./types";

/** Buses stand on the left, up to `WORDS`; what each line is stands on the right, where nothing crosses it. */
export const [ROW, TOP, LEFT, WORDS, WIDE, HALF] = [44, 16, 60, 440, 720, 12];

export interface Bar {
  name: string;
  x: number;
  from: number;
  to: number;
}
export interface Run {
  row: OneLineRow;
  y: number;
  x1: number;
  x2: number;
  /** Bars that it passes without touching them. */
  hops: number[];
}

export const xOf = (column: number, count: number): number => LEFT + ((WORDS - 2 * LEFT) * column) / Math.max(1, count - 1);
/** A bus's name, cut to what stands beside those of the next. */
export const nameOf = (name: string, count: number): string => {
  const most = Math.max(3, Math.floor((WORDS - 2 * LEFT) / Math.max(1, count - 1) / 8));
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
};
export const yOf = (row: number): number => TOP + 24 + ROW * row;
export const highOf = (picture: OneLine): number => TOP + 24 + ROW * picture.rows.length;

const ends = (row: OneLineRow): number[] => (row.end === null ? [row.start] : [row.start, row.end]);

/** A bar reaches over all rows that hang on it. */
export function bars(picture: OneLine): Bar[] {
  return picture.columns.flatMap((name, column) => {
    const mine = picture.rows.flatMap((row, k) => (ends(row).includes(column) ? [k] : []));
    return mine.length ? [{ name, x: xOf(column, picture.columns.length), from: yOf(mine[0]!) - HALF, to: yOf(mine.at(-1)!) + HALF }] : [];
  });
}

export function runs(picture: OneLine): Run[] {
  const there = bars(picture);
  return picture.rows.map((row, k) => {
    const y = yOf(k);
    const a = xOf(row.start, picture.columns.length);
    const b = row.end === null ? a + 30 : xOf(row.end, picture.columns.length);
    const [x1, x2] = [Math.min(a, b), Math.max(a, b)];
    return { row, y, x1, x2, hops: there.filter((bar) => bar.x > x1 && bar.x < x2 && bar.from <= y && y <= bar.to).map((bar) => bar.x) };
  });
}

/** The line of a run, with a bow over each bar that it only passes. */
export function pathOf(run: Run): string {
  const bows = run.hops.sort((a, b) => a - b).map((x) => `H${x - 7} a7 7 0 0 1 14 0`);
  return `M${run.x1} ${run.y} ${bows.join(" ")} H${run.x2}`;
}

export const PART: Record<OneLineRow["part"], string> = { binds: "over its limit", lost: "lost", out: "out" };
