// Plan and swap: what an offer means to who looks at it. Never a colour alone: each has a mark and a word.

import { market, ZONE } from "./time";
import type { Offer, Outage } from "./types";
import type { Label } from "./words";

const BECAME: Record<Offer["became"], Label> = {
  offered: { mark: "◆", word: "Waits for an answer", tone: "amber" },
  countered: { mark: "◆", word: "Countered, waits", tone: "amber" },
  accepted: { mark: "✓", word: "Agreed and done", tone: "plain" },
  declined: { mark: "○", word: "Declined", tone: "quiet" },
  withdrawn: { mark: "○", word: "Withdrawn", tone: "quiet" },
  lapsed: { mark: "○", word: "Lapsed", tone: "quiet" },
  fell_through: { mark: "✕", word: "Agreed, not possible", tone: "red" },
};

export type Word = "accept" | "decline" | "counter" | "withdraw";

export const became = (offer: Offer): Label => BECAME[offer.became];
export const isOpen = (offer: Offer): boolean => offer.became === "offered" || offer.became === "countered";

/** What agreeing costs and keeps, in one sentence. */
export function terms(offer: Offer): string {
  return offer.maker === "operator"
    ? "The operator asks: place in the queue and exemption stay; a booked place moves at its price, and the ledger pays for the move."
    : "Between owners: each takes a new place in the queue, as for any move on one's own wish. No credits change hands.";
}

const MOVES = new Set(["submitted", "validated", "in_study", "negotiating", "decided"]);

/** Whether an outage can be part of an offer: it waits or is granted, by itself, and lies ahead. */
export function movable(outage: Outage, now: string): boolean {
  return MOVES.has(outage.state) && outage.status !== "denied" && !outage.request.group && outage.request.kind === "planned"
    && Date.parse(outage.window.start) > Date.parse(now);
}

export const credits = (milli: number): string => (milli / 1000).toLocaleString("en-US", { maximumFractionDigits: 3 });

/** A move by whole days where it is one, `+2 d`; else the hours. */
export function shift(before: { start: string }, after: { start: string } | null): string {
  if (!after) return "";
  const h = (Date.parse(after.start) - Date.parse(before.start)) / 3_600_000;
  return `${h > 0 ? "+" : "−"}${h % 24 ? `${Math.abs(h)} h` : `${Math.abs(h) / 24} d`}`;
}

export const at = (instant: string): string => `${market(instant)} ${ZONE}`;
