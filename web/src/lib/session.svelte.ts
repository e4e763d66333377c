// Who one is, which installation this is, and whether the service answers.

import { ask, asProblem, bearer, OFFLINE, Problem } from "./api";
import { Changes } from "./changes";
import { keepOnly } from "./draft";
import { forget, keyOf, lastHere, leaving } from "./phone";
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
  /** A decision waits for the password. */
  proving = $state(false);
  #proven: (good: boolean) => void = () => {};
  reached = $state(true);
  /** Wall clock of the last good answer. */
  heardAt = $state(Date.now());
  tick = $state(Date.now());
  /** Grows with each event told; screens load anew when it does. */
  events = $state(0);
  /** Which outages those were. */
  readonly changes = new Changes();
  /** Grows when a shift was handed over or taken, by whomever. */
  shifts = $state(0);
  /** Season plans that something was told of. */
  plans = $state(0);
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
    bearer.prove = () => this.#prove();
    bearer.did = (outage) => void this.changes.tell(outage);
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
      await this.#resume();
    } catch (why) {
      const problem = asProblem(why);
      if (problem.status !== 401 && !(problem.status === OFFLINE && (await this.#fromPhone()))) this.trouble = problem;
    } finally {
      this.asking = false;
      this.#settle();
    }
  }

  /** Ask once more who one is: after a start without a signal, or where another window signed in meanwhile. */
  async renew(): Promise<void> {
    try {
      await this.#resume();
    } catch (why) {
      if (asProblem(why).status === 401) this.#lapse();
    }
  }

  /** Go on with the session that the browser has; one that was left without a signal is ended first. */
  async #resume(): Promise<void> {
    const who = await ask<Who>("/session");
    if (leaving.get()) {
      bearer.csrf = who.csrf;
      await ask("/session", { method: "DELETE" });
      bearer.csrf = null;
      leaving.done();
      throw new Problem(401, { title: "signed out" });
    }
    await this.#enter(who);
  }

  /** Without a signal the field opens for who was there last; all it can do is to show the day and keep entries. */
  async #fromPhone(): Promise<boolean> {
    const kept = location.pathname === "/field" && !leaving.get() ? await lastHere() : null;
    if (!kept) return false;
    this.about = kept.about;
    this.who = kept.who;
    this.heardAt = kept.heardAt;
    this.reached = false;
    return true;
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
    const who = await ask<Who>("/session", { method: "PUT", body: { name, password } });
    leaving.done(); // the session that was left has ended with it
    await this.#enter(who);
  }

  /** The password was given, or was not. */
  proved(good: boolean): void {
    this.proving = false;
    this.#proven(good);
    this.#proven = () => {};
  }

  #prove(): Promise<boolean> {
    this.#proven(false);
    this.proving = true;
    return new Promise((resolve) => (this.#proven = resolve));
  }

  async signOut(): Promise<void> {
    if (this.who) await forget(keyOf(this.who));
    try {
      if (!bearer.csrf) await this.renew();
      await ask("/session", { method: "DELETE" });
    } catch (why) {
      // Without a signal it ends here at once, and at the service before anything else is asked of it.
      if (asProblem(why).status !== OFFLINE) throw why;
      leaving.set();
    } finally {
      this.#source?.close();
      this.#source = null;
      this.who = null;
      this.lapsed = false;
      bearer.csrf = null;
      keepOnly(null);
    }
  }

  async #enter(who: Who): Promise<void> {
    bearer.csrf = who.csrf;
    this.about = await ask<About>("/about");
    keepOnly(who.name); // another's drafts are nobody's to read
    this.who = who;
    this.lapsed = false;
    this.#listen();
  }

  async #beat(): Promise<void> {
    if (!this.who || this.lapsed) return;
    if (!bearer.csrf) return this.renew();
    try {
      this.about = await ask<About>("/about");
      if (!this.#source || this.#source.readyState === EventSource.CLOSED) this.#listen();
    } catch {
      // `bearer` was told; the band on top says it.
    }
  }

  #listen(): void {
    if (this.#source) this.#missed(); // what was told between two streams was not heard
    this.#source?.close();
    this.#source = new EventSource("/api/v1/events");
    this.#source.addEventListener("outage", (event) => {
      this.events = this.changes.tell((JSON.parse((event as MessageEvent<string>).data) as Told).outage);
      this.#heard(true);
    });
    this.#source.addEventListener("register", (event) => {
      const { register } = JSON.parse((event as MessageEvent<string>).data) as { register: string };
      if (register === "shift") this.shifts += 1;
      if (/^(plan|proposals)/.test(register)) this.plans += 1;
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
    if (back) this.#missed();
  }

  #missed(): void {
    this.events = this.changes.tell(null);
    this.shifts += 1;
    this.plans += 1;
  }

  #lapse(): void {
    if (this.who) this.lapsed = true;
    this.#source?.close();
  }
}

export const session = new Session();
