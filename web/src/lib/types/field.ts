// What crews report.

import type { Contact, Span } from "./request";
import type { Role } from "./who";

export type Step = "arrived" | "released" | "isolated" | "done" | "clear";

export type What = Step | "late";

export interface FieldEntry {
  id: string;
  outage: string;
  what: What;
  name: string;
  tapped_at: string;
  received_at: string;
  by: string;
  role: Role;
  delayed: boolean;
  clock_off_s: number | null;
  late_min: number | null;
  back_at: string | null;
  reason: string;
  looks: { rule: string; says: string; fix: string }[];
  to_look: boolean;
  seen_by: string | null;
}

/** What was reported of one outage from the field. */
export interface FieldState {
  ladder: { what: Step; name: string; entry: string | null }[];
  entries: FieldEntry[];
  to_look: number;
}

export interface Job extends FieldState {
  outage: string;
  reference: string;
  organisation: string;
  assets: { id: string; name: string; detail: string }[];
  places: { name: string; latitude: number; longitude: number }[];
  location: string | null;
  description: string;
  window: Span;
  state: string;
  status: string;
  /** Why nobody works there; null where the outage stands. */
  stop: string | null;
  conditions: string[];
  contacts: Contact[];
  recall_h: number | null;
  emergency_return_h: number | null;
  documents: string[];
}

export interface FieldDay {
  now: string;
  may_report: boolean;
  items: Job[];
  cut: boolean;
}

/** An entry on this phone, until the service has it. */
export interface Queued {
  user: string;
  id: string;
  outage: string;
  what: What;
  tapped_at: string;
  /** Which tap on this phone it was. */
  order: number;
  late_min: number | null;
  reason: string;
  state: "waiting" | "sent" | "refused";
  received_at: string | null;
  says: string[];
}

export interface Taken {
  id: string;
  kept: boolean;
  entry: FieldEntry | null;
  refused: { says: string; field: string | null; fix: string | null } | null;
}
