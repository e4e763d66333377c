// The documents of the interface for programs, as far as the pages read them (docs/api.md).

export type Role =
  | "owner" | "agent" | "field" | "engineer" | "control_room" | "planner" | "auditor" | "administrator" | "public" | "system";

export interface Who {
  name: string;
  organisation: string;
  role: Role;
  csrf: string | null;
}

export interface About {
  now: string;
  simulated: boolean;
  grid: string;
  notes: string[];
  rule_book: string;
  operator: string;
  version: string;
  control_phone: string | null;
}

/** An outage that is not as planned, and who of the control room has taken it. */
export interface Alarm {
  outage: string;
  reference: string;
  organisation: string;
  assets: string[];
  what: string;
  name: string;
  priority: number;
  since: string;
  revision: number;
  acknowledged: { by: string; role: Role; at: string; note: string } | null;
}

export interface RoomDay {
  now: string;
  alarms: Alarm[];
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

/** An outage on the sheet of a shift. */
export interface SheetLine {
  outage: string;
  reference: string;
  organisation: string;
  assets: string[];
  start: string;
  end: string;
  state: string;
  status: string;
  kind: string;
  recall_h: number | null;
  contacts: Contact[];
  conditions: string[];
}

export interface HandOver {
  id: string;
  by: string;
  at: string;
  until: string;
  notes: string;
  sheet: { out: number; starts: number; back: number; out_ids: string[]; alarms: Alarm[] };
  taken_by: string | null;
  taken_at: string | null;
}

export interface Shift extends RoomDay {
  until: string;
  out: SheetLine[];
  starts: SheetLine[];
  back: SheetLine[];
  last: HandOver | null;
}

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

export interface Offer {
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
  alternatives: Offer[];
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

export interface Passkey {
  id: string;
  label: string;
  made_at: string;
  seen_at: string;
}

export interface OwnSession {
  id: string;
  made_at: string;
  seen_at: string;
  by: string;
  here: boolean;
}

export interface Whole {
  outage: Outage;
  decision: Decision | null;
  history: Line[];
  field?: FieldState;
}

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

export type Trust = "recalled" | "sourced" | "chosen" | "unsaid";

export interface BookNumber {
  path: string;
  value: unknown;
  source: string | null;
  trust: Trust;
}

export interface RuleText {
  id: string;
  asks: string;
  level: string;
  source: string;
  test: string;
}

export interface Rules {
  book: { id: string; version: number; valid_from: string; operator: string; numbers: BookNumber[] };
  chapters: { title: string; says: string; rules: RuleText[] }[];
}

export interface Measure {
  organisation: string | null;
  filed: number;
  answered: number;
  alone: number;
  taken_back: number;
  waiting: number;
  outcomes: Record<string, number>;
  median_h: number | null;
  slowest_h: number | null;
  promised: number;
  due: number;
  kept: number;
}

export interface JournalRow {
  organisation: string;
  sequence: number;
  kind: string;
  subject: string;
  verb: string;
  at: string | null;
  actor: string;
  asked_by: string | null;
  reason: string;
  state: string | null;
  status: string | null;
  decision: string | null;
  written_at: string;
  hash: string;
  previous: string;
  /** For auditors: through which door, from which address, with which credential. */
  from_where: { door: string; address: string; credential: string } | null;
}

export interface Examined {
  whole: boolean;
  verdict: { lines: number; chains: number; anchors: number; confirmed: number; rows: number; faults: { what: string; table: string; row: string; says: string }[] };
}

export interface Where {
  lines: number[];
  places: number[];
}

export interface MapOutage extends Where {
  id: string;
  state: string;
  status: string;
  window: Span;
  actual_start: string | null;
  actual_end: string | null;
  organisation: string;
  category: "transmission" | "generation";
  kind: string;
  assets: string[];
  /** Whether it is out in that hour; else it is asked for. */
  out: boolean;
  binding: (Where & { element: string; contingency: string | null; caused: string; percent: number | null }) | null;
}

export interface MapHour {
  at: string;
  book_version: number;
  outages: MapOutage[];
}

export interface Leg {
  outage: string;
  organisation: string;
  category: string | null;
  reference: string | null;
  assets: string[];
  before: Span;
  after: Span | null;
  says: string;
}

export interface Offer {
  id: string;
  kind: "move" | "swap";
  legs: Leg[];
  maker: string;
  asks: string;
  agreed: string[];
  made_at: string;
  until: string;
  became: "offered" | "countered" | "accepted" | "declined" | "withdrawn" | "lapsed" | "fell_through";
  reason: string;
  plan: string;
  revision: number;
  said: string;
  parties: string[];
  waits_for: string[];
  your_turn: boolean;
  yours: boolean;
}

export interface Proposed {
  outage: string;
  reference: string;
  owner: string;
  assets: string[];
  category: string;
  asked: Span;
  planned: Span | null;
  moved_days: number;
  owner_accepts: boolean;
  says: string;
  price_milli: number;
  burden: number;
  in_the_way: string[];
  displaced: string[];
  offer: string | null;
}

export interface Share {
  owner: string;
  asked: number;
  placed: number;
  burden: number;
  charged_milli: number;
  charged_permille: number;
  need_permille: number;
  balance_milli: number;
}

export interface Clash {
  of: string | null;
  outages: string[];
  says: string;
  day: string;
  studied: string;
  from: "plan" | "decision";
}

export interface PlanShown {
  plan: {
    id: string;
    at: string;
    first: string;
    days: number;
    secure: boolean;
    points: number;
    proved: boolean;
    of_this_book: boolean;
    requests: number;
    places: Proposed[];
    fairness: Record<string, { shares: Share[]; mean_burden: number; worst_burden: number; jain: number }>;
  } | null;
  clashes: Clash[];
  credits: { ledger: string; balances_milli: Record<string, number> }[];
  owners: string[];
}
