// A job as its crew sees it: what the service has, and what still lies on the phone, as one ladder.

import type { FieldEntry, Job, Queued, Step, What } from "./types";

export const LADDER: Step[] = ["arrived", "released", "isolated", "done", "clear"];
export const NAME: Record<What, string> = {
  arrived: "Arrived",
  released: "Released by control room",
  isolated: "Isolated and grounded",
  done: "Work done",
  clear: "Grounds off, ready to return",
  late: "Will be late",
};

/** How an entry stands: still here, sent, for a person, or looked at. */
export type Standing = "waiting" | "sent" | "look" | "seen" | "refused";

export interface Tap {
  id: string;
  what: What;
  tapped_at: string;
  by: string;
  standing: Standing;
  received_at: string | null;
  /** Why a person must look, or why it was not taken in. */
  says: string[];
  delayed: boolean;
  late_min: number | null;
  reason: string;
  seen_by: string | null;
}

export interface Place {
  what: Step;
  tap: Tap | null;
}

/** An entry that the service has. */
export function ofService(entry: FieldEntry): Tap {
  const { id, what, tapped_at, by, received_at, delayed, late_min, reason, seen_by } = entry;
  const says = entry.looks.map((look) => look.says);
  const standing = entry.to_look ? "look" : seen_by ? "seen" : "sent";
  return { id, what, tapped_at, by, standing, received_at, says, delayed, late_min, reason, seen_by };
}

/** An entry that lies on the phone, sent or not. */
export function ofPhone(entry: Queued): Tap {
  const { id, what, tapped_at, late_min, reason } = entry;
  const standing = entry.state === "sent" && (entry.says.length || what === "late") ? "look" : entry.state;
  return { id, what, tapped_at, by: "", standing, received_at: entry.received_at, says: entry.says, delayed: false, late_min, reason, seen_by: null };
}

/** All taps of a job, each once: what the service has wins over the phone's own copy. */
export function taps(job: Job, queue: Queued[]): Tap[] {
  const there = new Set(job.entries.map((entry) => entry.id));
  const here = queue.filter((entry) => entry.outage === job.outage && !there.has(entry.id)).map(ofPhone);
  // Of the same instant they stay as they came in: a simulated clock stands still.
  return [...job.entries.map(ofService), ...here].sort((a, b) => Date.parse(a.tapped_at) - Date.parse(b.tapped_at));
}

/** The ladder with the first tap of each step. What was refused is on no ladder. */
export function ladder(all: Tap[]): Place[] {
  return LADDER.map((what) => ({ what, tap: all.find((tap) => tap.what === what && tap.standing !== "refused") ?? null }));
}

/** What is on no step of the ladder: second taps, delays, what was refused. */
export function besides(all: Tap[]): Tap[] {
  const on = new Set(ladder(all).map((place) => place.tap?.id));
  return all.filter((tap) => !on.has(tap.id));
}

/** The step after the highest that was reported; null at the top. */
export function nextStep(places: Place[]): Step | null {
  const top = places.findLastIndex((place) => place.tap !== null);
  return places[top + 1]?.what ?? null;
}

/** What is left to report besides the next step: steps left out, which a person then looks at. */
export function otherSteps(places: Place[]): Step[] {
  const next = nextStep(places);
  return places.filter((place) => place.tap === null && place.what !== next).map((place) => place.what);
}

/** Entries that the service has by now need no copy here. */
export function arrived(queue: Queued[], items: Job[]): Queued[] {
  const there = new Set(items.flatMap((job) => job.entries.map((entry) => entry.id)));
  return queue.filter((entry) => entry.state === "sent" && there.has(entry.id));
}

/** Entries in the order in which they were tapped; where the clock stands still or was set back, in that of the taps. */
export const inOrder = (queue: Queued[]): Queued[] => [...queue].sort((a, b) => a.order - b.order);

export const waiting = (queue: Queued[]): Queued[] => inOrder(queue.filter((entry) => entry.state === "waiting"));

/** The number of the next tap: the phone's clock, or one more than the last where that was set back. */
export const nextOrder = (queue: Queued[], ms: number): number => Math.max(ms, ...queue.map((entry) => entry.order + 1));

/** `30 min`, `2 h`: how late, as a person says it. */
export const late = (minutes: number): string => (minutes % 60 ? `${minutes} min` : `${minutes / 60} h`);
