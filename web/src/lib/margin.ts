// The posted maintenance margin: its places, its weeks, and the lines of its chart.

import { addDays } from "./time";

export interface Week {
  /** The day of the week with the least margin. */
  day: string;
  p10_mw: number | null;
  p50_mw: number | null;
  p90_mw: number | null;
}

export interface Place {
  place: string;
  scope: string;
  margin_mw: number[];
  limit_mw: number[];
  methods: string[];
  /** Which of the methods binds on each day. */
  method: number[];
  weeks: Week[];
  short_days: number;
  closed_days: number;
  lole_d: number[];
}

export interface Posting {
  at: string;
  age_h: number;
  rule_book: string;
  book_version: number;
  forecast: string | null;
  scenarios: number;
  weather_years: number;
  first: string;
  days: number;
  places: Place[];
  unknown: string[];
  notes: string[];
}

const METHOD: Record<string, string> = {
  deterministic: "capacity that is there less load", "network-limited": "what can be imported", probabilistic: "the week's share of the loss of load allowed",
};

/** What binds on a day, in words; the load it was taken for stands behind. */
export function bindingOf(place: Place, day: number): string {
  const name = place.methods[place.method[day] ?? -1] ?? "";
  const [method = "", load = ""] = name.split(" ");
  return METHOD[method] ? `${METHOD[method]} (${load})` : name;
}

/** The day of the least margin. */
export const leastDay = (place: Place): number => place.margin_mw.indexOf(Math.min(...place.margin_mw));

export interface Row {
  from: string;
  day: string;
  margin: number;
  limit: number;
  binding: string;
  week: Week;
}

/** A row for each week: its least day, what binds then, and the bands of that day. */
export function weeksOf(posting: Posting, place: Place): Row[] {
  return place.weeks.map((week, k) => {
    const days = place.margin_mw.slice(7 * k, 7 * k + 7);
    const d = 7 * k + days.indexOf(Math.min(...days));
    return { from: addDays(posting.first, 7 * k), day: week.day, margin: place.margin_mw[d]!, limit: place.limit_mw[d]!, binding: bindingOf(place, d), week };
  });
}

export interface Chart {
  ticks: { y: number; mw: number }[];
  months: { x: number; text: string }[];
  margin: string;
  limit: string;
  /** P10 to P90 of each week's least day, as an area; empty where there are no scenarios. */
  band: string;
  middle: string;
  /** Where margins are below zero. */
  short: string;
  zero: number;
}

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Round steps that cover a span, six of them or so. */
export function ticksOf(low: number, high: number): number[] {
  const rough = Math.max((high - low) / 5, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const found: number[] = [];
  for (let k = Math.floor(low / step); k <= Math.ceil(high / step); k++) found.push(k * step);
  return found;
}

/** The lines of the chart of a place, in pixels of a frame. */
export function chartOf(posting: Posting, place: Place, frame: Frame): Chart {
  const banded = place.weeks.flatMap((week, k) => (week.p10_mw === null || week.p50_mw === null || week.p90_mw === null ? [] : [{ k, low: week.p10_mw, mid: week.p50_mw, high: week.p90_mw, day: week.day }]));
  const all = [0, ...place.margin_mw, ...place.limit_mw, ...banded.flatMap((b) => [b.low, b.high])];
  const ticks = ticksOf(Math.min(...all), Math.max(...all));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const x = (day: number) => frame.left + ((frame.width - frame.left - frame.right) * day) / Math.max(place.margin_mw.length - 1, 1);
  const y = (mw: number) => frame.top + ((frame.height - frame.top - frame.bottom) * (high - mw)) / Math.max(high - low, 1);
  const at = (day: number, mw: number) => `${x(day).toFixed(1)} ${y(mw).toFixed(1)}`;
  const line = (values: number[]) => `M${values.map((mw, d) => at(d, mw)).join("L")}`;
  const dayOf = (iso: string) => Math.round((Date.parse(iso) - Date.parse(posting.first)) / 86_400_000);
  const there = banded.map((b) => at(dayOf(b.day), b.low));
  const back = banded.map((b) => at(dayOf(b.day), b.high)).reverse();
  const short = place.margin_mw.flatMap((mw, d) => (mw < 0 ? [`M${at(d, 0)}L${at(d, mw)}`] : []));
  return {
    ticks: ticks.map((mw) => ({ mw, y: y(mw) })), months: monthsOf(posting, frame).map(({ day, text }) => ({ x: x(day), text })),
    margin: line(place.margin_mw), limit: line(place.limit_mw), band: there.length ? `M${[...there, ...back].join("L")}Z` : "",
    middle: banded.length ? `M${banded.map((b) => at(dayOf(b.day), b.mid)).join("L")}` : "", short: short.join(""), zero: y(0),
  };
}

/** The firsts of months, fewer of them where there is little room. */
function monthsOf(posting: Posting, frame: Frame): { day: number; text: string }[] {
  const found: { day: number; text: string }[] = [];
  for (let d = 0; d < posting.days; d++) {
    const day = addDays(posting.first, d);
    if (day.endsWith("-01")) found.push({ day: d, text: day.slice(0, 7) });
  }
  const every = Math.max(1, Math.ceil((found.length * 70) / Math.max(frame.width - frame.left - frame.right, 1)));
  return found.filter((_, k) => k % every === 0);
}

/** Whole MW as people read them; nothing for what is not known. */
export const mw = (value: number | null): string => (value === null ? "" : value.toLocaleString("en-US"));
