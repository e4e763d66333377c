// What only a demo has: its clock, what comes next, and its people, whom one becomes with one click.
// The start page of a demo says that it is one; any other installation is never asked.

import { ask, asProblem, type Problem } from "./api";
import { route } from "./route.svelte";
import { session } from "./session.svelte";
import type { Role, Who } from "./types";

export interface Person {
  name: string;
  organisation: string;
  role: Role;
  does: string;
}
export interface Event {
  at: string;
  says: string;
  assets: string[];
  how?: string;
}
export interface State {
  run: string;
  people: Person[];
  now: string;
  speed: number;
  speeds: number[];
  next: Event | null;
  told: Event[];
  replay: { possible: boolean; why: string };
}

const EVERY_MS = 2000;
const LAST = "moms-demo-as";

export const speedWord = (speed: number): string => (speed === 0 ? "Stopped" : speed === 1 ? "As in life" : `${speed}×`);

class Demo {
  readonly on = document.querySelector('meta[name="moms-demo"]') !== null;
  state = $state.raw<State | null>(null);
  problem = $state<Problem | null>(null);
  busy = $state(false);
  /** The service is away, to come back at the beginning. */
  again = $state(false);
  told = $state("");
  #channel: BroadcastChannel | null = null;
  #asked = 0;

  begin(): () => void {
    if (!this.on) return () => {};
    const timer = setInterval(() => document.hidden || void this.look(), EVERY_MS);
    this.#channel = new BroadcastChannel("moms-demo");
    this.#channel.onmessage = () => void this.#elsewhere();
    void this.#first();
    return () => {
      clearInterval(timer);
      this.#channel?.close();
    };
  }

  async look(): Promise<void> {
    const mine = ++this.#asked;
    try {
      const found = await ask<State>("/demo");
      if (mine === this.#asked) this.#take(found);
    } catch {
      // the band on top says that the service does not answer
    }
  }

  /** Become one of the demo's people. */
  async become(name: string): Promise<void> {
    await this.#do(async () => {
      await session.enter(await ask<Who>("/demo/session", { method: "PUT", body: { name } }));
      sessionStorage.setItem(LAST, name);
      this.#channel?.postMessage(name);
      this.told = `You are now ${name}.`;
      route.go("/");
    });
  }

  /** Sign in once more as whom one is: a decision asks for it. */
  async prove(): Promise<void> {
    const name = session.who?.name;
    if (name) await this.#do(async () => {
      await session.enter(await ask<Who>("/demo/session", { method: "PUT", body: { name } }));
      session.proved(true);
    });
  }

  async setSpeed(speed: number): Promise<void> {
    await this.#do(async () => this.#take(await ask<State>("/demo/clock", { method: "PUT", body: { speed } })));
  }

  async skip(): Promise<void> {
    const at = this.state?.next?.at;
    if (at) await this.#do(async () => this.#take(await ask<State>("/demo/next", { method: "PUT", body: { at } })));
  }

  async replay(): Promise<void> {
    const run = this.state?.run;
    if (run) await this.#do(async () => {
      await ask("/demo/run", { method: "PUT", body: { run } });
      this.again = true;
    });
  }

  async #do(deed: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = null;
    this.#asked += 1; // a look that is under way would show what was before
    try {
      await deed();
    } catch (why) {
      this.problem = asProblem(why);
    }
    this.busy = false;
  }

  #take(found: State): void {
    // Begun again, from this tab or another: nothing that the page holds is of this book.
    if (this.state && this.state.run !== found.run) return location.reload();
    this.state = found;
    session.setNow(found.now);
  }

  async #first(): Promise<void> {
    await this.look();
    const last = sessionStorage.getItem(LAST);
    await session.settled;
    if (last && !session.who && this.state?.people.some((one) => one.name === last)) await this.become(last);
  }

  /** Another tab became somebody: the browser holds one session for all tabs. */
  async #elsewhere(): Promise<void> {
    const before = session.who?.name;
    await session.look();
    if (session.who && session.who.name !== before) {
      sessionStorage.setItem(LAST, session.who.name);
      this.told = `You are now ${session.who.name}, chosen in another tab.`;
    }
  }
}

export const demo = new Demo();
