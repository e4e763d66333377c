// A decision with all that it rests on.

import type { Span } from "./request";

export interface Rule {
  rule: string;
  asks: string;
  verdict: "pass" | "condition" | "refer" | "missing" | "fail" | "not required";
  says: string;
  value: number | null;
  limit: number | null;
  unit: string | null;
}

export interface Crossing {
  element: string;
  contingency: string | null;
  hour: string;
  hours?: number;
  flow_mw: number;
  limit_mw: number;
  percent: number;
  base_mw?: number;
  without_mw: number;
  caused: string;
}

export interface MarginRow {
  kind: "margin";
  row: string;
  day: string;
  with_mw: number;
  without_mw: number;
}

export type Binding = (Crossing & { kind: "flow" }) | MarginRow;

export interface Alternative {
  window: Span;
  outcome: string;
  says: string;
  shift_days: number;
  conditions: string[];
  held_until: string | null;
  recurrence: unknown;
  within_owner_limits: boolean;
  storm?: Threat | null;
  recall?: RecallRank | null;
}

/** How likely want of capacity calls an outage back in one of the dates that were studied, and how that ranks. */
export interface RecallRank {
  chance: Chance;
  rank: number | null;
}

/** What a storm threatens while an outage is out. */
export interface Threat {
  storm: string;
  source: string;
  issued: string;
  calibrated: boolean;
  hours: number;
  hours_of: number;
  /** MW; null where the forecast does not reach the window. */
  expected_mw: number | null;
  worst: string | null;
  rank: number | null;
}

export interface Chance {
  what: string;
  band: string;
  says: string;
  source: string;
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface Certainty {
  firmness: string;
  firmness_says: string;
  next_level_needs: string[];
  chances: Chance[];
  low_h: number | null;
  high_h: number | null;
  unknown: string[];
}

export interface Conflicts {
  sets: { outages: string[]; crossing: Crossing; studied: string }[];
  says: string;
}

export interface Decision {
  id: string;
  outage: string;
  revision: number;
  outcome: "approve" | "counter" | "deny" | "accept" | "refer";
  status: string;
  says: string;
  decided_at: string;
  window: Span;
  assets: string[];
  rules: Rule[];
  decisive: string[];
  binding: Binding | null;
  would_change: string[];
  conditions: { kind: string; says: string; data: unknown }[];
  alternatives: Alternative[];
  searched: string;
  notes: string[];
  versions: Record<string, string>;
  inputs: unknown;
  recommends?: string | null;
  evidence: {
    security?: { crossings: Crossing[]; contingencies: number; points: number; monitored: number; old: number; synthetic: number; unrated: number } | null;
    certainty?: Certainty | null;
    conflicts?: Conflicts | null;
    storm?: Threat | null;
    recall?: RecallRank | null;
    [more: string]: unknown;
  } | null;
  [more: string]: unknown;
}

export interface OneLineRow {
  id: string;
  part: "binds" | "lost" | "out";
  start: number;
  end: number | null;
}

/** What binds a decision, from bus to bus. */
export interface OneLine {
  element: string;
  contingency: string | null;
  hour: string;
  flow_mw: number;
  limit_mw: number;
  percent: number;
  without_mw: number;
  columns: string[];
  rows: OneLineRow[];
  left_out: number;
}

/** A decision computed again. */
export interface Replay {
  decision: string;
  outcome_then: string;
  outcome_now: string;
  same: boolean;
  studies_same: boolean;
  says: string;
  at: string;
  study: string;
}
