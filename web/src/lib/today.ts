// The day of the control room: each outage once, where it matters most.

import { DAY_MS, day } from "./time";
import type { Outage } from "./types";
import { isOver, type Tone } from "./words";

export type Pile = "late" | "recalled" | "forced" | "risk" | "overdue" | "confirm" | "starts" | "back" | "out" | "soon";

export interface Part {
  pile: Pile;
  name: string;
  mark: string;
  tone: Tone;
  /** What it is, and what to do about it. */
  says: string;
  none: string;
  /** The word of the glossary that explains it. */
  word?: string;
}

/** What is not as planned comes first; the rest is the day as it should be. */
export const PARTS: Part[] = [
  { pile: "late", name: "Late back", mark: "▲", tone: "red", says: "still out after their end: call, then end or extend", none: "nothing is late", word: "Late back" },
  { pile: "recalled", name: "Recalled", mark: "▲", tone: "red", says: "called back and not back yet", none: "nothing is called back", word: "Recall" },
  { pile: "forced", name: "Forced out", mark: "◆", tone: "amber", says: "failed or taken out in an emergency", none: "nothing has failed", word: "Forced outage" },
  { pile: "risk", name: "At risk", mark: "◆", tone: "amber", says: "granted, and may not go ahead as it stands", none: "nothing is at risk", word: "At risk" },
  { pile: "overdue", name: "Not out yet", mark: "◆", tone: "amber", says: "should be out by now, and nobody has said so", none: "nothing is behind" },
  { pile: "confirm", name: "To confirm", mark: "○", tone: "plain", says: "reported back by their owners", none: "nothing to confirm" },
  { pile: "starts", name: "Still to start", mark: "○", tone: "plain", says: "go out later today", none: "nothing starts today" },
  { pile: "back", name: "Back today", mark: "○", tone: "plain", says: "out, and due back today", none: "nothing is due back" },
  { pile: "out", name: "Out longer", mark: "●", tone: "plain", says: "out beyond today", none: "nothing else is out" },
  { pile: "soon", name: "Next days", mark: "○", tone: "plain", says: "go out within a week", none: "nothing goes out this week" },
];

/** How far ahead the screen looks: today and the days after it. */
export const SOON_DAYS = 7;

/** The market day that an instant lies in: its midnight, and the next. */
export function dayOf(now: string): { from: number; to: number } {
  const from = Date.parse(`${day(now)}T00:00-05:00`);
  return { from, to: from + DAY_MS };
}

/** Where an outage belongs today; null where today has nothing to do with it. */
export function pileOf(outage: Outage, now: string): Pile | null {
  const { from, to } = dayOf(now);
  const [at, start, end] = [Date.parse(now), Date.parse(outage.window.start), Date.parse(outage.window.end)];
  if (isOver(outage.state)) return null;
  if (outage.state === "pending_complete") return "confirm";
  if (outage.state === "active") {
    if (outage.status === "recalled") return "recalled";
    if (end < at) return "late";
    if (outage.request.kind === "forced" || outage.request.kind === "emergency") return "forced";
    return end < to ? "back" : "out";
  }
  if (outage.status === "at_risk") return "risk";
  if (outage.state !== "decided" || outage.status === "denied" || outage.status === "revoked" || outage.status === "none") return null;
  if (start <= at && at < end) return "overdue";
  if (at >= start || start >= from + SOON_DAYS * DAY_MS) return null;
  return start < to ? "starts" : "soon";
}

export function piles(outages: Outage[], now: string): Map<Pile, Outage[]> {
  const found = new Map<Pile, Outage[]>(PARTS.map(({ pile }) => [pile, []]));
  for (const outage of outages) {
    const pile = pileOf(outage, now);
    if (pile) found.get(pile)!.push(outage);
  }
  const by = (outage: Outage, pile: Pile) => Date.parse(pile === "starts" || pile === "soon" || pile === "risk" || pile === "overdue" ? outage.window.start : outage.window.end);
  for (const [pile, some] of found) some.sort((a, b) => by(a, pile) - by(b, pile) || (a.id < b.id ? -1 : 1));
  return found;
}

/** The day in one sentence: what is not as planned, or that all is. */
export function sentence(found: Map<Pile, Outage[]>, field = 0): { says: string; calm: boolean } {
  const odd = PARTS.filter((part) => part.tone === "red" || part.tone === "amber")
    .map((part) => [found.get(part.pile)!.length, part.name.toLowerCase()] as const).concat([[field, "from the field to look at"]]).filter(([count]) => count);
  if (!odd.length) return { says: "All is as planned.", calm: true };
  return { says: `${odd.map(([count, name]) => `${count} ${name}`).join(", ")}.`, calm: false };
}
