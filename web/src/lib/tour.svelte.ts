// The first-visit tour: what is where, step by step on the real screens. Offered once to each person in a browser;
// a page that is loaded anew in its midst goes on where it was.

import { route } from "./route.svelte";
import { session } from "./session.svelte";
import { STEPS, type Step } from "./steps";

const SEEN = "moms-tour-seen:";
const AT = "moms-tour-at";

function kept(store: () => Storage, key: string): string | null {
  try {
    return store().getItem(key);
  } catch {
    return null; // a browser that keeps nothing offers the tour again
  }
}

class Tour {
  /** The step that is shown, null where no tour runs. */
  at = $state<number | null>(null);
  #seen = $state(0);

  /** Whether it is still to be offered to who is signed in. */
  get offered(): boolean {
    void this.#seen;
    return this.at === null && session.who !== null && kept(() => localStorage, SEEN + session.who.name) === null;
  }

  resume(): void {
    const found = kept(() => sessionStorage, AT);
    const step = found === null ? Number.NaN : Number(found);
    if (this.at === null && Number.isInteger(step) && step >= 0 && step < STEPS.length) this.at = step;
  }

  start(): void {
    this.go(0);
  }

  go(step: number): void {
    this.at = step;
    this.#keep(String(step));
  }

  end(): void {
    this.at = null;
    this.#keep(null);
    try {
      if (session.who) localStorage.setItem(SEEN + session.who.name, "yes");
    } catch {
      // as above
    }
    this.#seen += 1;
  }

  show(step: Step): void {
    if (step.path && route.path !== step.path) route.go(step.path);
  }

  #keep(step: string | null): void {
    try {
      if (step === null) sessionStorage.removeItem(AT);
      else sessionStorage.setItem(AT, step);
    } catch {
      // as above
    }
  }
}

export const tour = new Tour();
