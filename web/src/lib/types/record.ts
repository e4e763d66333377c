// The rule book, measures and the journal.

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
