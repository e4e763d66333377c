// What is supposed in a study, and how two studies differ: plain functions, no colour and no page.

import { market, ZONE } from "./time";
import type { Crossing, Rule, Span } from "./types";

export type After = "A" | "B" | "C";
export interface Added {
  assets: string[];
  window: Span;
}
export interface Supposed {
  without: string[];
  beside: string[];
  added: Added[];
  window: Span | null;
  redispatch: boolean;
  after: After;
  as_decided: boolean;
}
export interface Beside {
  id: string;
  organisation: string;
  assets: string[];
  window: Span;
}
export interface Loading {
  element: string;
  percent: number;
  without_percent: number | null;
}
export interface StudyHour {
  hour: string;
  out: number;
  before: Loading | null;
  before_without: Loading | null;
  after: Crossing | null;
  margin: { row: string; with_mw: number; without_mw: number } | null;
}
export interface Island {
  contingency: string | null;
  load_mw: number;
  generation_mw: number;
  hours: number;
  buses_found: number;
}
export interface MovedBranch {
  element: string;
  hour: string;
  without_mw: number;
  with_mw: number;
  limit_mw: number;
  percent: number;
  by_percent: number;
}
export interface AcRow {
  contingency: string | null;
  element: string;
  quantity: string;
  hour: string;
  value: number;
  limit: number;
  without: number | null;
  caused: string;
}
export interface Study {
  id: string;
  outage: { id: string; external_id: string; organisation: string; assets: string[] };
  window: Span;
  supposed: Supposed;
  as_of: string;
  book_version: number;
  outcome: string;
  rules: Rule[];
  decisive: string[];
  against: { decision: string; outcome: string; same: boolean; says: string } | null;
  missing: string[];
  notes: string[];
  versions: Record<string, string>;
  contingencies: { what: string; count: number }[];
  study: { digest: string; points: number; contingencies: number; monitored: number; unrated: number; synthetic: number; old: number; shortfall_mw: number } | null;
  pairs: Crossing[];
  pairs_found: number;
  /** What the request brings above this share of a limit is told; null where nothing was studied. */
  shown_percent: number | null;
  near: Crossing[];
  near_found: number;
  islands: Island[];
  islands_found: number;
  voltage: { status: string; why: string; crossings: AcRow[]; found: number } | null;
  remedy: { possible: boolean; verified: boolean; mw: number; says: string } | null;
  margin: { least: { day: string; row: string; with_mw: number; without_mw: number } | null; hurt: unknown[] } | null;
  hours: StudyHour[];
  points: number;
  moved: MovedBranch[];
  holding: Beside[];
  queue: Beside[];
  group: Beside[];
  beside_found: number;
}
export interface Attached {
  id: string;
  by: string;
  at: string;
  reason: string;
  outcome: string;
  supposed: Supposed;
  pairs_found: number;
}

export const nothing = (): Supposed => ({ without: [], beside: [], added: [], window: null, redispatch: true, after: "B", as_decided: false });

/** What is supposed, as words of an address: a link shows the same question to whoever opens it. */
export function toQuery(s: Supposed): Record<string, string> {
  return {
    without: s.without.join(","),
    beside: s.beside.join(","),
    added: s.added.map((a) => [...a.assets, a.window.start, a.window.end].join(",")).join(";"),
    start: s.window?.start ?? "",
    end: s.window?.end ?? "",
    after: s.after === "B" ? "" : s.after,
    redispatch: s.redispatch ? "" : "no",
    decided: s.as_decided ? "yes" : "",
  };
}

/** Read it back; words that are none are left out. */
export function fromQuery(query: URLSearchParams): Supposed {
  const list = (name: string) => (query.get(name) ?? "").split(",").filter(Boolean);
  const after = query.get("after");
  const window = spanOf(query.get("start"), query.get("end"));
  return {
    without: list("without"),
    beside: list("beside"),
    added: (query.get("added") ?? "").split(";").flatMap(addedOf),
    window,
    redispatch: query.get("redispatch") !== "no",
    after: after === "A" || after === "C" ? after : "B",
    as_decided: query.get("decided") === "yes",
  };
}

function addedOf(text: string): Added[] {
  const parts = text.split(",").filter(Boolean);
  const window = spanOf(parts.at(-2) ?? null, parts.at(-1) ?? null);
  return parts.length > 2 && window ? [{ assets: parts.slice(0, -2), window }] : [];
}

function spanOf(start: string | null, end: string | null): Span | null {
  return start && end && !Number.isNaN(Date.parse(start)) && !Number.isNaN(Date.parse(end)) ? { start, end } : null;
}

export const same = (a: Supposed, b: Supposed): boolean => JSON.stringify(toQuery(a)) === JSON.stringify(toQuery(b));

/** What is supposed, in words, a part to each; equipment by the names one gives. */
export function inWords(s: Supposed, name: (asset: string) => string): string[] {
  const said: string[] = [];
  if (s.as_decided) said.push("the book as it was decided");
  for (const id of s.without) said.push(`without ${id}`);
  for (const id of s.beside) said.push(`${id} out besides`);
  for (const a of s.added) said.push(`${a.assets.map(name).join(", ")} out besides`);
  if (s.window) said.push(`${market(s.window.start)} → ${market(s.window.end)} ${ZONE}`);
  if (!s.redispatch) said.push("no redispatch");
  if (s.after !== "B") said.push(`rate ${s.after} after a contingency`);
  return said.length ? said : ["as it is"];
}

export type Change = "same" | "less" | "more" | "other" | "gone" | "new";
/** A mark and a word for each: never a colour alone. */
export const CHANGE: Record<Change, { mark: string; word: string }> = {
  same: { mark: "=", word: "the same" },
  less: { mark: "↓", word: "less in B" },
  more: { mark: "↑", word: "more in B" },
  other: { mark: "◆", word: "other in B" },
  gone: { mark: "−", word: "only in A" },
  new: { mark: "+", word: "only in B" },
};

export interface Fact {
  what: string;
  a: string;
  b: string;
  change: Change;
}

const mw = (x: number): string => `${Math.abs(x) < 0.05 ? "0.0" : x.toFixed(1)} MW`;

/** The worst loading after a contingency: over a limit, else near one. */
export function worst(study: Study): Crossing | null {
  const rows = [...study.pairs.filter((p) => p.contingency !== null), ...study.near];
  return rows.reduce<Crossing | null>((top, row) => (top === null || row.percent > top.percent ? row : top), null);
}

/** What is said of a pair or an hour that is not told. */
export const below = (study: Study): string => (study.shown_percent === null ? "not studied" : `below ${+study.shown_percent.toFixed(1)} %`);

export function outcomeWords(study: Study): string {
  return study.outcome + (study.missing.length ? " (not studied whole)" : "");
}

/** Both studies in few rows, with how B differs from A. A part that was not studied is said, never taken for nothing. */
export function facts(a: Study, b: Study): Fact[] {
  const number = (what: string, of: (s: Study) => number | null, unit: (n: number) => string): Fact => {
    const [x, y] = [of(a), of(b)];
    const change: Change = x === y ? "same" : x === null || y === null ? "other" : y > x ? "more" : "less";
    const word = (n: number | null) => (n === null ? "not known" : unit(n));
    return { what, a: word(x), b: word(y), change };
  };
  const text = (what: string, of: (s: Study) => string): Fact => ({ what, a: of(a), b: of(b), change: of(a) === of(b) ? "same" : "other" });
  const studied = (s: Study, n: number): number | null => (s.study ? n : null);
  return [
    text("What the rule book says", outcomeWords),
    number("Pairs over a limit", (s) => studied(s, s.pairs_found), String),
    number("Worst after a contingency", (s) => studied(s, worst(s)?.percent ?? 0), (n) => (n ? `${n.toFixed(1)} %` : below(a.study ? a : b))),
    number("Contingencies that cut something off", (s) => studied(s, s.islands_found), String),
    number("Most load cut off", (s) => studied(s, Math.max(0, ...s.islands.map((i) => i.load_mw))), mw),
    number("Over a limit before any contingency", (s) => studied(s, s.pairs.filter((p) => p.contingency === null).length), String),
    number("Least margin", (s) => s.margin?.least?.with_mw ?? null, mw),
    text("Redispatch", (s) => (s.remedy ? s.remedy.says : s.supposed.redispatch ? "none is needed" : "not allowed")),
    text("Voltage", (s) => (s.voltage ? s.voltage.status : "not studied")),
    number("Other outages beside it", (s) => s.beside_found, String),
    number("Operating points", (s) => studied(s, s.study?.points ?? 0), String),
  ];
}

export interface PairRow {
  key: string;
  element: string;
  contingency: string | null;
  a: Crossing | null;
  b: Crossing | null;
  change: Change;
}

/** The pairs of both studies side by side, those over a limit first. A pair that is not listed is below the share that is shown. */
export function pairRows(a: Study, b: Study): PairRow[] {
  const key = (p: Crossing) => `${p.contingency ?? ""}|${p.element}`;
  const of = (s: Study) => new Map([...s.near, ...s.pairs].map((p) => [key(p), p]));
  const [left, right] = [of(a), of(b)];
  const rows = [...new Set([...left.keys(), ...right.keys()])].map((k): PairRow => {
    const [x, y] = [left.get(k) ?? null, right.get(k) ?? null];
    const one = (x ?? y)!;
    return { key: k, element: one.element, contingency: one.contingency, a: x, b: y, change: pairChange(x, y) };
  });
  const top = (r: PairRow) => Math.max(r.a?.percent ?? 0, r.b?.percent ?? 0);
  return rows.sort((x, y) => top(y) - top(x) || x.key.localeCompare(y.key));
}

function pairChange(a: Crossing | null, b: Crossing | null): Change {
  if (!a) return "new";
  if (!b) return "gone";
  return b.percent === a.percent ? "same" : b.percent > a.percent ? "more" : "less";
}

/** Whether a study is cut short of what it found, and how much is left out. */
export function cut(study: Study): string[] {
  const said: string[] = [];
  if (study.pairs_found > study.pairs.length) said.push(`${study.pairs_found - study.pairs.length} more pairs over a limit`);
  if (study.near_found > study.near.length) said.push(`${study.near_found - study.near.length} more pairs near a limit`);
  if (study.islands_found > study.islands.length) said.push(`${study.islands_found - study.islands.length} more contingencies that cut off`);
  if (study.points > study.hours.length) said.push(`of ${study.points} operating points the worst of each day`);
  const beside = study.holding.length + study.queue.length + study.group.length;
  if (study.beside_found > beside) said.push(`${study.beside_found - beside} more outages beside it`);
  return said;
}
