// What the map shows.

import type { Span } from "./request";

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
