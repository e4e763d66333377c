// What is not as planned and who has taken it: what waits for somebody, and how loud it is.

import type { Alarm, Outage, Role } from "./types";
import { PARTS, type Pile } from "./today";

/** The piles of the day that are alarms; the service calls them by the same words. */
export const ALARMS = new Set<Pile>(["late", "recalled", "forced", "risk"]);
const FIRST = new Set<Pile>(["late", "recalled"]);

export const mayTake = (role: Role): boolean => role === "control_room" || role === "engineer";
export const priorityOf = (pile: Pile): 1 | 2 => (FIRST.has(pile) ? 1 : 2);

/**
 * Who has taken what an outage is in a pile for; null where nobody has, or where the service has not said so yet:
 * the clock may have made it late since the service was asked.
 */
export function takenBy(outage: Outage, pile: Pile, alarms: Alarm[]): NonNullable<Alarm["acknowledged"]> | null {
  const found = alarms.find((one) => one.outage === outage.id && one.what === pile);
  if (!found?.acknowledged) return null;
  if (pile === "late" && Date.parse(found.since) !== Date.parse(outage.window.end)) return null;
  return found.acknowledged;
}

export interface Waiting {
  outage: Outage;
  pile: Pile;
  priority: 1 | 2;
}

/** What nobody has taken, in the order of the screen. */
export function waiting(found: Map<Pile, Outage[]>, alarms: Alarm[]): Waiting[] {
  return PARTS.filter((part) => ALARMS.has(part.pile)).flatMap(({ pile }) =>
    (found.get(pile) ?? []).filter((outage) => !takenBy(outage, pile, alarms)).map((outage) => ({ outage, pile, priority: priorityOf(pile) })),
  );
}

/** What is to be heard: a lost link before all else, since behind it anything may be. */
export type Signal = "lost" | 1 | 2 | null;

export function signalOf(waits: Waiting[], lost: boolean): Signal {
  if (lost) return "lost";
  return waits.some((one) => one.priority === 1) ? 1 : waits.length ? 2 : null;
}

/** Why the day cannot be told, or null where it can: what was true a while ago is not said as if it were now. */
export function unknownSince(lost: boolean, reached: boolean, heard: string): string | null {
  if (!lost) return null;
  return `Not known how it stands now: ${reached ? "nothing heard" : "the service does not answer"}, last heard ${heard} ago. What is below is old.`;
}
