// The field on this phone: the day as last heard, and entries on their way to the service.

import { ask, asProblem, bearer, freshKey, Problem } from "./api";
import { arrived, inOrder, nextOrder, waiting } from "./field";
import { dayOf, dropEntry, entriesOf, keepDay, keepEntry, keyOf } from "./phone";
import { session } from "./session.svelte";
import type { FieldDay, Job, Queued, Taken, What, Who } from "./types";

/** So long after a tap the next one waits: a glove that bounces reports one step, not two. */
export const BOUNCE_MS = 1500;
const NOT_KEPT = "write it down with the time and call the control room; this phone cannot keep it";

class Field {
  day = $state.raw<FieldDay | null>(null);
  queue = $state.raw<Queued[]>([]);
  heardAt = $state<number | null>(null);
  phone = $state<string | null>(null);
  problem = $state<Problem | null>(null);
  /** The phone's own store failed: what is tapped may be lost. */
  broken = $state<Problem | null>(null);
  sending = $state(false);
  /** A later version of these pages has been loaded and waits to be shown. */
  newer = $state(false);
  /** Whether these pages open without a signal: null until it is known. */
  ready = $state<boolean | null>(null);
  #who: Who | null = null;

  get unsent(): number {
    return waiting(this.queue).length;
  }

  /** Begin for somebody: what this phone has of theirs, then what the service has. */
  async open(who: Who): Promise<void> {
    this.#who = who;
    this.day = this.heardAt = this.phone = this.problem = null;
    this.queue = [];
    const user = keyOf(who);
    try {
      const [kept, queue] = await Promise.all([dayOf(user), entriesOf(user)]);
      if (this.#key() !== user) return;
      this.queue = inOrder(queue);
      if (kept && !this.day) [this.day, this.heardAt, this.phone] = [kept.day, kept.heardAt, kept.phone];
    } catch (why) {
      this.broken = new Problem(0, { title: `this phone keeps nothing: ${asProblem(why).title}`, fix: NOT_KEPT });
    }
    await this.flush();
    await this.load();
  }

  async load(): Promise<void> {
    const who = this.#who;
    if (!who || !bearer.csrf) return;
    try {
      const day = await ask<FieldDay>("/field");
      if (this.#who !== who || session.who?.name !== who.name) return;
      this.day = day;
      this.heardAt = Date.now();
      this.phone = session.about?.control_phone ?? null;
      this.problem = null;
      await this.#tidy(who, day);
    } catch (why) {
      this.problem = asProblem(why);
    }
  }

  /** Keep a tap on the phone, then try to send it. */
  async tap(job: Job, what: What, more: { late_min?: number; reason?: string } = {}): Promise<boolean> {
    const who = this.#who;
    if (!who) return false;
    const entry: Queued = {
      user: keyOf(who), id: freshKey(), outage: job.outage, what, tapped_at: clock(), late_min: more.late_min ?? null,
      order: nextOrder(this.queue, Date.now()), reason: more.reason ?? "", state: "waiting", received_at: null, says: [],
    };
    try {
      await keepEntry(entry);
    } catch (why) {
      this.broken = new Problem(0, { title: `not kept: ${asProblem(why).title}`, fix: NOT_KEPT });
      return false;
    }
    this.queue = [...this.queue, entry];
    void this.flush();
    return true;
  }

  /** Send what waits, each once. What came in before and was not answered is sent again under its own id, and stands once. */
  async flush(): Promise<void> {
    const who = this.#who;
    if (!who || this.sending || session.lapsed || !waiting(this.queue).length) return;
    this.sending = true;
    try {
      const tried = new Set<string>();
      for (;;) {
        // What is tapped while a sending is under way goes with the next.
        const some = waiting(this.queue).filter((entry) => !tried.has(entry.id)).slice(0, 50);
        if (!some.length) break;
        if (!bearer.csrf) await session.renew();
        if (!bearer.csrf || !session.who || keyOf(session.who) !== keyOf(who) || this.#key() !== keyOf(who)) break;
        for (const entry of some) tried.add(entry.id);
        await this.#send(who, some);
        await this.load();
      }
    } finally {
      this.sending = false;
    }
  }

  /** Take a refused entry off the phone, once its crew has called. */
  async drop(id: string): Promise<void> {
    const entry = this.queue.find((one) => one.id === id && one.state === "refused");
    if (!entry) return;
    await dropEntry(entry);
    this.queue = this.queue.filter((one) => one !== entry);
  }

  #key(): string | null {
    return this.#who ? keyOf(this.#who) : null;
  }

  async #send(who: Who, some: Queued[]): Promise<void> {
    try {
      const sent_at = clock();
      const entries = some.map(({ id, outage, what, tapped_at, late_min, reason }) => ({ id, outage, what, tapped_at, sent_at, late_min, reason }));
      const { items } = await ask<{ items: Taken[] }>("/field/entries", { method: "POST", body: { entries } });
      this.problem = null;
      for (const item of items) await this.#answered(who, item);
    } catch (why) {
      const problem = asProblem(why);
      this.problem = problem.status === 0 ? null : problem;
      if (problem.kind === "ForgedOrigin") await session.renew();
      else if ([400, 413, 422].includes(problem.status)) await this.#onebyone(who, some, problem);
    }
  }

  /** A sending that was refused as a whole: one by one, so that a bad entry does not hold up the others. */
  async #onebyone(who: Who, some: Queued[], problem: Problem): Promise<void> {
    if (some.length > 1) for (const one of some) await this.#send(who, [one]);
    else await this.#answered(who, { id: some[0]!.id, kept: false, entry: null, refused: { says: problem.title, field: problem.field, fix: problem.fix } });
  }

  async #answered(who: Who, item: Taken): Promise<void> {
    const user = keyOf(who);
    const entry = (this.#key() === user ? this.queue : await entriesOf(user)).find((one) => one.id === item.id);
    if (!entry) return;
    const says = item.kept ? item.entry!.looks.map((look) => look.says) : [item.refused!.says];
    const after: Queued = { ...entry, state: item.kept ? "sent" : "refused", received_at: item.entry?.received_at ?? null, says };
    await keepEntry(after);
    if (this.#key() === user) this.queue = this.queue.map((one) => (one.id === item.id ? after : one));
  }

  /** Keep the day on the phone, and let go of copies that the service has. */
  async #tidy(who: Who, day: FieldDay): Promise<void> {
    try {
      for (const entry of arrived(this.queue, day.items)) await dropEntry(entry);
      const gone = new Set(arrived(this.queue, day.items).map((entry) => entry.id));
      this.queue = this.queue.filter((entry) => !gone.has(entry.id));
      await keepDay({ who: { ...who, csrf: null }, day, phone: this.phone, about: $state.snapshot(session.about), heardAt: Date.now() });
    } catch (why) {
      this.broken = new Problem(0, { title: `this phone keeps nothing: ${asProblem(why).title}`, fix: NOT_KEPT });
    }
  }

  /** Let these pages open without a signal. */
  async install(): Promise<void> {
    if (!("serviceWorker" in navigator)) {
      this.ready = false; // an address without TLS: it works only with a signal
      return;
    }
    try {
      const controlled = navigator.serviceWorker.controller !== null;
      navigator.serviceWorker.addEventListener("controllerchange", () => {
        if (controlled) this.newer = true;
      });
      await navigator.serviceWorker.register(workerAddress(), { scope: "/field" });
      const there = await navigator.serviceWorker.getRegistration("/field");
      const worker = there?.active ?? there?.installing ?? there?.waiting;
      this.ready = worker?.state === "activated";
      worker?.addEventListener("statechange", () => (this.ready = worker.state === "activated" || this.ready));
      void navigator.storage?.persist?.();
    } catch {
      this.ready = false;
    }
  }
}

/** The phone's clock; in a simulated world its clock as last heard. */
function clock(): string {
  return session.about?.simulated ? session.about.now : new Date().toISOString();
}

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(text: string): string }): { createScriptURL(text: string): unknown };
}
let policy: ReturnType<Policies["createPolicy"]> | null = null;

/** The address of the worker, as a browser that lets no text become code wants it. */
function workerAddress(): string {
  const path = "/field-worker.js";
  const types = (window as unknown as { trustedTypes?: Policies }).trustedTypes;
  if (!types) return path;
  policy ??= types.createPolicy("moms-worker", { createScriptURL: () => path });
  return policy.createScriptURL(path) as string;
}

export const field = new Field();
