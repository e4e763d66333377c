// What may be done with an outage as it stands, by whom: the service's own table, asked for once.

import { ask } from "./api";
import type { Outage, Role } from "./types";

export interface Row {
  verb: string;
  states: string[];
  statuses: string[];
  who: Role[];
}

export type Verb = "start" | "end" | "confirm" | "recall" | "extend";
export const VERBS: Verb[] = ["start", "end", "confirm", "recall", "extend"];

/** The verbs of the table behind each deed of the pages. */
const BEHIND: Record<Verb, string[]> = { start: ["start"], end: ["end"], confirm: ["confirm_end"], recall: ["recall"], extend: ["extend", "extend_forced"] };
const OUTSIDE = new Set<Role>(["owner", "agent", "field"]);

/** What a role may try, by the table. An owner starts nothing here: the control room says that it is out, in its window. */
export function mayDo(rows: Row[], outage: Pick<Outage, "state" | "status" | "window">, role: Role, now: string): Verb[] {
  const here = rows.filter((row) => row.states.includes(outage.state) && row.statuses.includes(outage.status) && row.who.includes(role));
  const at = Date.parse(now);
  const begins = !OUTSIDE.has(role) && Date.parse(outage.window.start) <= at && at < Date.parse(outage.window.end);
  return VERBS.filter((verb) => here.some((row) => BEHIND[verb].includes(row.verb)) && (verb !== "start" || begins));
}

class Lifecycle {
  rows = $state.raw<Row[]>([]);
  #asked = false;

  want(): void {
    if (this.#asked) return;
    this.#asked = true;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      this.rows = (await ask<{ rows: Row[] }>("/lifecycle")).rows;
    } catch {
      this.#asked = false; // no deeds are shown; asked for again by the next screen
    }
  }
}

export const lifecycle = new Lifecycle();
