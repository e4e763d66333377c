// A storm on the map: the hour of it that is shown, the steps by which lines are drawn, the rows of its table.

import { HOUR_MS } from "./time";

export interface StormLine {
  asset: string;
  /** Row of the caller's map. */
  line: number;
  name: string;
  peril: string;
  gust_ms: number;
  /** The chance to have failed by the end of each hour. */
  by_hour: number[];
}

export interface StormLayer {
  id: string;
  source: string;
  issued: string;
  hours: string[];
  calibrated: boolean;
  warning: string | null;
  own_only: boolean;
  lines_seen: number;
  /** How many more lines are likelier than nothing and were not sent. */
  more: number;
  expected_lost: number[];
  lines: StormLine[];
}

/** The steps of the chance to fail: the wider, the likelier. */
export const STEPS = [
  { from: 0.001, width: 3, says: "0.1 to 1 %" },
  { from: 0.01, width: 5, says: "1 to 5 %" },
  { from: 0.05, width: 8, says: "5 to 20 %" },
  { from: 0.2, width: 11, says: "20 % and more" },
] as const;

/** The step of a chance; -1: below all of them. */
export function stepOf(chance: number): number {
  let found = -1;
  STEPS.forEach((one, k) => (found = chance >= one.from ? k : found));
  return found;
}

export interface Moment {
  /** The hour of the storm whose end is shown; -1: it has not begun. */
  hour: number;
  says: "before" | "during" | "after";
}

/** Which hour of the storm belongs to the hour of the map that begins at `at`; after its last, the whole of it. */
export function momentOf(storm: Pick<StormLayer, "hours">, at: number): Moment {
  const first = Date.parse(storm.hours[0] ?? "");
  const last = storm.hours.length - 1;
  const hour = Math.floor((at - first) / HOUR_MS);
  if (!(hour >= 0)) return { hour: -1, says: "before" };
  return hour > last ? { hour: last, says: "after" } : { hour, says: "during" };
}

/** The chance of a line to have failed by the end of an hour of the storm. */
export const chanceOf = (one: StormLine, hour: number): number => (hour < 0 ? 0 : (one.by_hour[hour] ?? 0));

/** The lines by their chance at an hour of the storm, likeliest first; those below the least step are left out. */
export function ranked(storm: StormLayer, hour: number): { one: StormLine; chance: number }[] {
  return storm.lines
    .map((one) => ({ one, chance: chanceOf(one, hour) }))
    .filter((row) => stepOf(row.chance) >= 0)
    .sort((a, b) => b.chance - a.chance || a.one.asset.localeCompare(b.one.asset, "en", { numeric: true }));
}

/** The rows of the map by step: circuits of one line on the map count as their likeliest. */
export function drawnBy(rows: { one: StormLine; chance: number }[]): number[][] {
  const most = new Map<number, number>();
  for (const { one, chance } of rows) most.set(one.line, Math.max(most.get(one.line) ?? 0, chance));
  const found: number[][] = STEPS.map(() => []);
  for (const [line, chance] of most) found[stepOf(chance)]?.push(line);
  return found;
}

/** A chance in words that do not pretend more digits than there are. */
export const percentOf = (chance: number): string => (chance < 0.1 ? `${(100 * chance).toFixed(1)} %` : `${Math.round(100 * chance)} %`);
