// Who one is, which installation this is, and whether the service answers.

import { ask, asProblem, bearer, Problem } from "./api";
import type { About, Told, Who } from "./types";

const EVERY_MS = 15_000;
/** Older than this, what is shown is marked as old. */
export const STALE_MS = 60_000;

class Session {
  who = $state<Who | null>(null);
  about = $state<About | null>(null);
  /** Until the service has said who one is. */
  asking = $state(true);
  trouble = $state<Problem | null>(null);
  /** The session ended while somebody was at work: sign in again, and nothing typed is lost. */
  lapsed = $state(false);
  reached = $state(true);
  /** Wall clock of the last good answer. */
  heardAt = $state(Date.now());
  tick = $state(Date.now());
  /** Grows with each event told; screens load anew when it does. */
  events = $state(0);
  last = $state<Told | null>(null);
  #source: EventSource | null = null;
  #settle: () => void = () => {};
  /** Fulfilled once the service has said for the first time who one is. */
  readonly settled = new Promise<void>((done) => (this.#settle = done));

  get old(): boolean {
    return !this.reached || this.tick - this.heardAt > STALE_MS;
  }

  /** The desk's clock. A simulated one stands still until it is set. */
  get now(): string {
    return this.about?.now ?? new Date(this.tick).toISOString();
  }

  begin(): () => void {
    bearer.lost = () => this.#lapse();
    bearer.heard = (ok) => this.#heard(ok);
    void this.look();
    const clock = setInterval(() => (this.tick = Date.now()), 5_000);
    const beat = setInterval(() => void this.#beat(), EVERY_MS);
    const online = () => void this.#beat();
    addEventListener("online", online);
    addEventListener("offline", online);
    return () => {
      clearInterval(clock);
      clearInterval(beat);
      removeEventListener("online", online);
      removeEventListener("offline", online);
      this.#source?.close();
    };
  }

  async look(): Promise<void> {
    this.asking = true;
    this.trouble = null;
    try {
      await this.#enter(await ask<Who>("/session"));
    } catch (why) {
      const problem = asProblem(why);
      if (problem.status !== 401) this.trouble = problem;
    } finally {
      this.asking = false;
      this.#settle();
    }
  }

  /** Take what a demo's clock says, which does not wait for the next look. */
  setNow(now: string): void {
    if (this.about && this.about.now !== now) this.about = { ...this.about, now };
  }

  /** Be whom the service says one has become. */
  async enter(who: Who): Promise<void> {
    await this.#enter(who);
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.#enter(await ask<Who>("/session", { method: "PUT", body: { name, password } }));
  }

  async signOut(): Promise<void> {
    try {
      await ask("/session", { method: "DELETE" });
    } finally {
      this.#source?.close();
      this.#source = null;
      this.who = null;
      this.lapsed = false;
      bearer.csrf = null;
    }
  }

  async #enter(who: Who): Promise<void> {
    bearer.csrf = who.csrf;
    this.about = await ask<About>("/about");
    this.who = who;
    this.lapsed = false;
    this.#listen();
  }

  async #beat(): Promise<void> {
    if (!this.who || this.lapsed) return;
    try {
      this.about = await ask<About>("/about");
      if (!this.#source || this.#source.readyState === EventSource.CLOSED) this.#listen();
    } catch {
      // `bearer` was told; the band on top says it.
    }
  }

  #listen(): void {
    this.#source?.close();
    this.#source = new EventSource("/api/v1/events");
    this.#source.addEventListener("outage", (event) => {
      this.last = JSON.parse((event as MessageEvent<string>).data) as Told;
      this.events += 1;
      this.#heard(true);
    });
    this.#source.addEventListener("error", () => {
      if (this.who && !this.lapsed) void this.#beat();
    });
  }

  #heard(ok: boolean): void {
    const back = ok && !this.reached;
    this.reached = ok;
    if (ok) this.heardAt = this.tick = Date.now();
    // What was told while the link was down was not heard: look again.
    if (back) this.events += 1;
  }

  #lapse(): void {
    if (this.who) this.lapsed = true;
    this.#source?.close();
  }
}

export const session = new Session();
