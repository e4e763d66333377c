// An outage: what was asked, where it stands, what happened to it.

import type { Decision } from "./decision";
import type { FieldState } from "./field";

export interface Span {
  start: string;
  end: string;
}

export interface Contact {
  name: string;
  phone: string;
  email?: string | null;
}

export interface Wanted {
  external_id: string;
  organisation: string;
  category: "transmission" | "generation";
  kind: string;
  nature: string;
  assets: string[];
  window: Span;
  recall_h?: number | null;
  emergency_return_h?: number | null;
  earliest_start?: string | null;
  latest_end?: string | null;
  description?: string;
  contacts?: Contact[];
  agreed_load_at_risk?: boolean;
  after?: string[];
  group?: string;
  derate_to_mw?: number | null;
  [more: string]: unknown;
}

export interface Outage {
  id: string;
  request: Wanted;
  state: string;
  status: string;
  window: Span;
  stamp: string;
  filed_at: string;
  requester: string | null;
  revision: number;
  decision_id: string | null;
  conditions: string[];
  actual_start: string | null;
  actual_end: string | null;
}

/** One part of a decision that is being made: at work, or over with what it found. */
export interface Progress {
  part: string;
  over: boolean;
  says: string;
  done: number;
  of: number;
  worst: { contingency: string | null; element: string; percent: number } | null;
  clean: boolean | null;
}

export interface Finding {
  rule: string;
  level: "block" | "refer" | "flag";
  says: string;
  field: string | null;
  fix: string | null;
}

export interface Line {
  at: string;
  actor: string;
  verb: string;
  reason: string;
  rule_book: string;
  state: string;
  status: string;
}

export interface OutageFile {
  id: string;
  outage: string;
  name: string;
  kind: string;
  size: number;
  sha256: string;
  by: string;
  role: string;
  at: string;
  state: "held" | "unscanned" | "clean" | "infected";
  says: string;
  looked_at: string | null;
  open: boolean;
}

export interface Whole {
  outage: Outage;
  decision: Decision | null;
  history: Line[];
  field?: FieldState;
}

export interface Answer {
  outage: Outage | null;
  decision: Decision | null;
  findings: Finding[];
  returned: boolean;
  written: boolean;
  filed_before: boolean;
  says: string;
}

export interface Known {
  id: string;
  name: string;
  owner: string | null;
  category: "transmission" | "generation";
  detail: string;
  area: string;
}

export interface Told {
  outage: string;
  organisation: string;
  at: string;
  actor: string;
  verb: string;
  reason: string;
  state: string | null;
  status: string | null;
}
