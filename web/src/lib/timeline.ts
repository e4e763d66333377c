// The outages of a season as the timeline shows them: looked for, put into groups, each with its look.

import type { Bar, Look, Named } from "../draw/gantt";
import { DAY_MS } from "./time";
import type { Known, Span, TimeBar } from "./types";
import { isOver, labelOf } from "./words";

export type By = "owner" | "area" | "asset";
export const BY: [By, string][] = [["owner", "Owner"], ["area", "Area"], ["asset", "Equipment"]];
export type Zoom = "week" | "month" | "quarter" | "year";
export const ZOOM: [Zoom, string, number][] = [["week", "Week", 7], ["month", "Month", 31], ["quarter", "Quarter", 92], ["year", "Year", 366]];

export type Shown = "live" | "out" | "granted" | "waiting" | "risk" | "refused" | "over" | "all";
export const SHOWN: [Shown, string][] = [
  ["live", "Out, due or asked"], ["out", "Out now"], ["granted", "Granted, not out yet"], ["waiting", "Not decided yet"],
  ["risk", "At risk, recalled or late"], ["refused", "Denied or revoked"], ["over", "Over"], ["all", "All"],
];

export interface Wanted {
  text: string;
  shown: Shown;
  owner: string;
  area: string;
  category: string;
}

export type Names = Map<string, Known>;

/** When it lies there: as it was where that is known, until now where it is not back, else as it stands. */
export function lies(bar: TimeBar, now: string): { start: number; end: number } {
  const start = Date.parse(bar.actual_start ?? bar.window.start);
  const plan = Date.parse(bar.actual_end ?? bar.window.end);
  const end = bar.state === "active" ? Math.max(plan, Date.parse(now)) : plan;
  return { start, end: Math.max(end, start + 60_000) };
}

export function lookOf(bar: TimeBar, now: string): Look {
  const { tone } = labelOf(bar, now);
  if (tone === "red") return isRefused(bar) ? "over" : "red";
  if (bar.status === "at_risk") return "amber";
  if (bar.state === "active" || bar.state === "pending_complete") return "out";
  if (isOver(bar.state)) return "over";
  return bar.state === "decided" || bar.state === "opportunity_waiting" ? "granted" : "asked";
}

const isRefused = (bar: TimeBar) => bar.state === "decided" && (bar.status === "denied" || bar.status === "revoked");

export function inShown(bar: TimeBar, shown: Shown, now: string): boolean {
  const look = lookOf(bar, now);
  if (shown === "all") return true;
  if (shown === "refused") return isRefused(bar);
  if (shown === "over") return isOver(bar.state);
  if (shown === "out") return bar.state === "active" || bar.state === "pending_complete";
  if (shown === "waiting") return look === "asked";
  if (shown === "risk") return look === "amber" || look === "red";
  if (shown === "granted") return !isOver(bar.state) && !isRefused(bar) && look !== "asked" && bar.state !== "active" && bar.state !== "pending_complete";
  return !isOver(bar.state) && !isRefused(bar);
}

export function chosen(bars: TimeBar[], wanted: Wanted, names: Names, now: string): TimeBar[] {
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  return bars.filter((bar) => {
    if (!inShown(bar, wanted.shown, now)) return false;
    if (wanted.owner && bar.organisation !== wanted.owner) return false;
    if (wanted.category && bar.category !== wanted.category) return false;
    if (wanted.area && !bar.assets.some((a) => areaOf(a, names) === wanted.area)) return false;
    if (!words.length) return true;
    const text = [bar.id, bar.external_id, bar.organisation, ...bar.assets, ...bar.assets.map((a) => names.get(a)?.name ?? "")].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export const NOWHERE = "no area";
export const areaOf = (asset: string, names: Names): string => names.get(asset)?.area || NOWHERE;
export const assetName = (asset: string, names: Names): string => names.get(asset)?.name || asset;

/** What is out, in words: the first piece of equipment and how many more. */
export function whatOf(bar: TimeBar, names: Names): string {
  const more = bar.assets.length - 1;
  return assetName(bar.assets[0] ?? "", names) + (more > 0 ? ` and ${more} more` : "");
}

/** The bars in groups by name; by equipment an outage of several pieces lies with its first. */
export function grouped(bars: TimeBar[], by: By, names: Names, now: string): Named[] {
  const groups = new Map<string, Bar[]>();
  for (const bar of bars) {
    const asset = bar.assets[0] ?? "";
    const name = by === "owner" ? bar.organisation : by === "area" ? areaOf(asset, names) : assetName(asset, names);
    const look = lookOf(bar, now);
    const drawn: Bar = { id: bar.id, ...lies(bar, now), look, mark: look === "asked" ? "" : labelOf(bar, now).mark, text: by === "asset" ? bar.external_id : whatOf(bar, names) };
    const there = groups.get(name);
    if (there) there.push(drawn);
    else groups.set(name, [drawn]);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([name, some]) => ({ name, bars: some }));
}

/** The days to ask the service for, so that one may look around: months before and after, whole. */
export function around(from: number, to: number): { from: string; to: string } {
  const most = 1095;
  const extra = Math.max(0, Math.min(120, Math.floor((most - (to - from) / DAY_MS) / 2) - 31));
  const day = (at: number) => new Date(at).toISOString();
  return { from: `${day(from - extra * DAY_MS).slice(0, 8)}01`, to: day(to + (extra + 1) * DAY_MS).slice(0, 10) };
}

export const within = (window: Span, from: number, to: number): boolean => Date.parse(window.start) <= from && to <= Date.parse(window.end);
