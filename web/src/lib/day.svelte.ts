// The day as the control room looks at it: followed as it happens, for the desk and for the wall.

import { untrack } from "svelte";

import { ask, asProblem, type Problem } from "./api";
import { Kept, Paced } from "./list";
import { session } from "./session.svelte";
import { addDays, day as dayName } from "./time";
import { SOON_DAYS } from "./today";
import type { Alarm, FieldDay, Job, Outage, RoomDay } from "./types";

/** So long at least between two looks: a burst of events is one look. */
const AGAIN_MS = 2000;

export class Day {
  rows = $state.raw<Outage[] | null>(null);
  crews = $state.raw<Job[]>([]);
  alarms = $state.raw<Alarm[]>([]);
  problem = $state<Problem | null>(null);
  #loads = 0;
  #paced = new Paced();
  #out = new Kept(session.changes);
  #soon = new Kept(session.changes);
  #risky = new Kept(session.changes);

  /** Look now, and again at each midnight of the market and whenever something happens; call it in a component. */
  follow(): void {
    $effect(() => {
      void dayName(session.now);
      untrack(() => this.#paced.now(() => void this.load()));
    });
    $effect(() => {
      if (session.events) this.#paced.soon(() => void this.load(), AGAIN_MS);
    });
    $effect(() => () => this.#paced.stop());
  }

  async load(): Promise<void> {
    const mine = ++this.#loads;
    const today = dayName(session.now);
    try {
      const parts = await Promise.all([
        this.#out.look({ state: ["active", "pending_complete"] }),
        this.#soon.look({ state: ["decided"], from: today, to: addDays(today, SOON_DAYS) }),
        this.#risky.look({ status: ["at_risk"] }),
      ]);
      const [field, room] = await Promise.all([ask<FieldDay>("/field"), ask<RoomDay>("/room")]);
      if (mine !== this.#loads) return;
      this.alarms = room.alarms;
      this.crews = field.items.filter((job) => job.entries.length);
      this.rows = [...new Map(parts.flat().map((o) => [o.id, o])).values()];
      this.problem = null;
    } catch (why) {
      if (mine === this.#loads) this.problem = asProblem(why);
    }
  }
}
