// Season plans: what the service says of them, and what that means to who looks at it.

import type { Named } from "../draw/gantt";
import { addDays, market } from "./time";
import type { Share, Span } from "./types";
import type { Label } from "./words";

export interface Level {
  name: string;
  unit: string;
  value: number;
  bound: number | null;
  gap: number | null;
  proved: boolean;
}

export interface Round {
  round: number;
  at: string;
  id: string;
  requests: number;
  placed: number;
  moved: number;
  secure: boolean;
  insecure: number;
  missing: number;
  points: number;
  cuts: number;
  levels: Level[];
}

export interface Move {
  outage: string;
  reference: string;
  owner: string;
  from: Span | null;
  to: Span | null;
}

export interface Earlier {
  possible: boolean;
  window: Span | null;
  says: string;
  moves: Move[];
  burden: { owner: string; before: number; after: number }[];
  fewest: boolean;
}

export interface Placed {
  outage: string;
  reference: string;
  owner: string;
  assets: string[];
  asked: Span;
  planned: Span | null;
  moved_days: number;
  owner_accepts: boolean;
  kind: string;
  turn: number;
  price_milli: number;
  burden: number;
  says: string;
  in_the_way: string[];
  displaced: string[];
}

export interface Made {
  id: string;
  first: string;
  days: number;
  secure: boolean;
  requests: number;
  places: Placed[];
  left_out: [string, string][];
  cuts: { name: string; requests: string[]; seen: { says: string; minimal: boolean }[] }[];
  found: { insecure: { outages: string[]; says: string }[]; missing: string[]; points: number };
  hurt: { day: string; row: string; with_mw: number }[];
  levels: Level[];
  fairness: Record<string, { shares: Share[]; mean_burden: number; worst_burden: number; jain: number }>;
}

export interface SeasonLine {
  id: string;
  by: string;
  at: string;
  reason: string;
  wanted: { first: string; last: string; rounds?: number; work?: number; flex_days?: number };
  became: "open" | "ended" | "stopped" | "failed";
  said: string;
  ended_at: string | null;
  ended_by: string;
  best: string | null;
  revision: number;
  in_the_book: { by: string; at: string; booked: string[]; moved: string[]; taken_back: { by: string; at: string; reason: string; kept: [string, string][] } | null } | null;
}

export interface SeasonPlan extends SeasonLine {
  rounds_done: Round[];
  plan: Made | null;
  as_planned: boolean;
  proposed: boolean;
  worker: { state: string; says: string } | null;
}

export interface Other {
  outage: string;
  reference: string | null;
  owner: string | null;
  assets: string[];
  asked: Span | null;
  planned: Span | null;
  moved_days: number | null;
  burden: number | null;
}

export interface Why {
  planning: string;
  plan: string;
  row: Placed;
  binding: { name: string; outages: string[]; says: string; minimal: boolean }[];
  in_the_way: Other[];
  displaced: Other[];
  nearer: { window: Span; against: string | null }[] | null;
  week_earlier: Earlier | null;
}

export interface Diff {
  before: Head;
  after: Head;
  moved: { outage: string; reference: string; owner: string; assets: string[]; asked: Span; before: Span | null; after: Span | null; burden_before: number; burden_after: number; says: string }[];
  same: number;
  only_in_one: { outage: string; reference: string; owner: string; assets: string[]; in: "before" | "after" }[];
  levels: { name: string; unit: string; before: number | null; after: number | null }[];
  burden: { owner: string; before: number | null; after: number | null }[];
}

export interface Head {
  id: string;
  first: string;
  days: number;
  secure: boolean;
  requests: number;
  placed: number;
  moved: number;
}

const TERM: Record<string, string> = {
  unserved_P1: "Work with a deadline left without a place",
  unserved_P2: "Due work left without a place",
  unserved_P3: "Work at discretion left without a place",
  risk: "Risk, mean and worst twentieth",
  worst_burden: "Burden of the owner who bears most",
  mean_burden: "Mean burden of all owners",
  displacement: "Days away from the dates asked for",
  perturbation: "Outages away from where they stood",
};

export const termOf = (name: string): string => TERM[name] ?? name;

/** A figure of a term as a person reads it: no more places than say something. */
export const figure = (value: number | null, unit: string): string =>
  value === null ? "not known" : `${unit === "share" ? value.toFixed(3) : value.toLocaleString("en-US", { maximumFractionDigits: 1 })} ${unit}`;

/** How far a term may be above the least there is; proved least is said as such. */
export function gapOf(level: Level): string {
  if (level.proved) return "least, proved";
  return level.gap === null ? "no bound yet" : `at most ${(100 * level.gap).toFixed(1)} % above the least`;
}

/** Where a plan stands, by mark and word. */
export function standing(one: SeasonLine): Label {
  if (one.in_the_book?.taken_back) return { mark: "○", word: "Taken back", tone: "quiet" };
  if (one.in_the_book) return { mark: "✓", word: "In the book", tone: "plain" };
  if (one.became === "open") return { mark: "…", word: "Being made", tone: "amber" };
  if (one.became === "failed") return { mark: "✕", word: "No plan", tone: "red" };
  return one.became === "stopped" ? { mark: "◆", word: "Stopped", tone: "amber" } : { mark: "○", word: "Made", tone: "plain" };
}

/** What one waits for while it is made, in one sentence. */
export function waits(one: SeasonPlan): string {
  const rounds = one.rounds_done.length;
  const most = one.wanted.rounds ?? 0;
  const done = rounds ? `${rounds} of at most ${most} rounds are done.` : "No round is done yet.";
  const state = one.worker?.state ?? "";
  if (state === "at work") return `A worker makes it. ${done}`;
  if (state === "aside") return `It failed again and again and waits for a person: ${one.worker?.says ?? ""}`;
  if (state === "stopped" || state === "done") return `No worker goes on with it: stop it, and plan again. ${done}`;
  if (state === "open" || state === "unseen") return `It waits for a worker: one takes it up when nothing more urgent is due. ${done}`;
  return done;
}

/** What a plan says in one sentence. */
export function sentence(plan: Made, operator = true): string {
  const placed = plan.places.filter((p) => p.planned);
  const moved = placed.filter((p) => p.moved_days).length;
  const whole = plan.secure ? "secure as a whole" : "NOT secure as a whole";
  const whose = operator ? "requests" : `of your requests (of ${plan.requests} in all)`;
  return `${placed.length} of ${plan.places.length} ${whose} have a place, ${moved} of them on another day than asked; ${whole}.`;
}

/** The days of a plan as two dates. */
export const daysOf = (one: { wanted: { first: string; last: string } }): string => `${one.wanted.first} to ${one.wanted.last}`;

/** The first and the last instant that a plan's timeline shows. */
export function reach(plan: Made): [number, number] {
  const first = Date.parse(`${plan.first}T00:00-05:00`);
  return [first, Date.parse(`${addDays(plan.first, plan.days)}T00:00-05:00`)];
}

export const ASKED = "asked:";

/** A plan as bars by owner: where each stands, and hollow where it was asked for and is not. */
export function bars(plan: Made, short: (asset: string) => string): Named[] {
  const groups = new Map<string, Named>();
  for (const p of plan.places) {
    const group = groups.get(p.owner) ?? { name: p.owner, bars: [] };
    groups.set(p.owner, group);
    const text = `${p.assets.map(short).join(", ")} ${p.reference}`;
    const bar = (window: Span) => ({ start: Date.parse(window.start), end: Date.parse(window.end), text });
    if (p.planned) group.bars.push({ id: p.outage, ...bar(p.planned), look: "granted", mark: p.moved_days ? "→" : "" });
    if (!p.planned) group.bars.push({ id: `${ASKED}${p.outage}`, ...bar(p.asked), look: "amber", mark: "✕" });
    else if (p.moved_days) group.bars.push({ id: `${ASKED}${p.outage}`, ...bar(p.asked), look: "asked", mark: "" });
  }
  return [...groups.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The day of a window, and how far it is from the asked one: `Thu 2027-02-11, +1 d`. */
export const dayOf = (window: Span | null): string => (window ? market(window.start).slice(0, 10) : "no place");

/** The days that a new plan begins with: from the next Monday, six weeks. */
export function proposedDays(now: string): { from: string; to: string } {
  const today = market(now).slice(0, 10);
  const weekday = (new Date(`${today}T00:00Z`).getUTCDay() + 6) % 7;
  const from = addDays(today, 7 - weekday);
  return { from, to: addDays(from, 41) };
}

