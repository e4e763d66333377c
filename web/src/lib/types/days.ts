// Days and times: the timeline, free days, the quick answer.

import type { Crossing } from "./decision";
import type { Finding, Known, Span } from "./request";

export interface TimeBar {
  id: string;
  external_id: string;
  organisation: string;
  category: "transmission" | "generation";
  kind: string;
  state: string;
  status: string;
  assets: string[];
  window: Span;
  actual_start: string | null;
  actual_end: string | null;
}

export interface TimelineAnswer {
  window: Span;
  book_version: number;
  bars: TimeBar[];
  assets: Known[];
  cut: boolean;
}

export interface Start {
  day: string;
  window: Span;
  state: "free" | "needs a study" | "not available";
  reason: string;
  worst: Crossing | null;
  load_at_risk_mw: number;
  conditions: string[];
  /** When it was computed, where that was ahead. */
  kept?: string;
}

export interface Calendar {
  assets: string[];
  days: number;
  starts: Start[];
  book_version: number;
  computed_at: string;
  notes: string[];
}

/** Days that were computed ahead, of one piece of equipment or several. */
export interface KeptCalendar {
  rows: { asset: string; days: { day: string; state: Start["state"]; reason: string; load_at_risk_mw: number; conditions: string[] }[] }[];
  reckoned: { day: string; at: string; book_version: number }[];
  notes: string[];
}

/** What is known at once of a request that is being typed. */
export interface Quick {
  comes_to: Start["state"] | "needs a person" | "returned";
  says: string;
  findings: Finding[];
  lead: string;
  due: string | null;
  days: { day: string; state: Start["state"]; reason: string }[];
  days_asked: number;
  starts: { start: string; end: string }[];
  computed_at: string | null;
}
