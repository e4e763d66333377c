// Plan and swap: offers, the last proposal, what clashes.

import type { Span } from "./request";

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
