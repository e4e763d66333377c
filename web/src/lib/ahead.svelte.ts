// The decision on what is being typed: asked for after a pause, told while it is made, let go when the request changes.
// Letting go ends the study on the server.

import { asProblem, hear, type Problem } from "./api";
import type { Answer, Progress, Wanted } from "./types";

/** So long after the last key: a study is not begun for every letter. */
export const PAUSE_MS = 1200;

/** What of a request its decision can depend on: who answers and how it is called are not among it. */
export function essence(wanted: Wanted): string {
  const { external_id, contacts, description, ...rest } = wanted;
  // Other work has to be described; of what else is written there nothing depends.
  return JSON.stringify({ ...rest, described: rest.nature === "OT" && Boolean(description), answered: Boolean(contacts?.length) });
}

/** The parts as they stand: each once, in the order in which they came, the newest word on each. */
export function parts(before: Progress[], told: Progress): Progress[] {
  const at = before.findIndex((one) => one.part === told.part);
  // Waiting comes and goes; once it is over there is nothing to show of it.
  if (told.part === "waits" && told.over) return before.filter((one) => one.part !== "waits");
  return at < 0 ? [...before, told] : before.map((one, k) => (k === at ? told : one));
}

export class Ahead {
  /** What is asked about now, or was last; "" before anything. */
  of = $state("");
  running = $state(false);
  told = $state.raw<Progress[]>([]);
  answer = $state.raw<Answer | null>(null);
  problem = $state.raw<Problem | null>(null);
  since = $state(0);
  #stop: AbortController | null = null;

  /** Tell whether the answer to exactly this is there. */
  has(wanted: Wanted): boolean {
    return this.answer !== null && this.of === essence(wanted);
  }

  /** Ask for the decision on this; the same that is under way is not begun again. */
  async ask(wanted: Wanted): Promise<void> {
    const of = essence(wanted);
    if (this.of === of && (this.running || this.answer)) return this.#under;
    this.#under = this.#ask(of, wanted);
    return this.#under;
  }
  #under: Promise<void> = Promise.resolve();

  async #ask(of: string, wanted: Wanted): Promise<void> {
    this.letGo();
    const stop = (this.#stop = new AbortController());
    [this.of, this.running, this.told, this.answer, this.problem, this.since] = [of, true, [], null, null, Date.now()];
    try {
      const answer = await hear<Answer>("/outages?preview=true", wanted, (_, told) => (this.told = parts(this.told, told as Progress)), stop.signal);
      if (!stop.signal.aborted) this.answer = answer;
    } catch (why) {
      if (!stop.signal.aborted) this.problem = asProblem(why);
    } finally {
      if (this.#stop === stop) this.running = false;
    }
  }

  /** Stop what is under way. */
  letGo(): void {
    this.#stop?.abort();
    this.#stop = null;
    if (this.running) this.of = "";
    this.running = false;
  }
}
