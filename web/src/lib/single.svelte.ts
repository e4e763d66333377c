// Single sign-on: go to the provider, and come back with what it gave.

import { ask, asProblem, Problem } from "./api";
import { route } from "./route.svelte";
import { session } from "./session.svelte";
import type { Who } from "./types";

export const BACK = "/signed-in";
/** Where in this window somebody was who left for the provider; nothing of it is a secret. */
const NEXT = "moms-after-sign-in";
/** Set in a window that was opened beside the one in which somebody is at work. */
const BESIDE = "moms-sign-in-beside";
const CHANNEL = "moms-signed-in";

class Single {
  /** What people call the provider; null where there is none. */
  readonly name = document.querySelector<HTMLMetaElement>('meta[name="moms-provider"]')?.content ?? null;
  busy = $state(false);
  /** The window beside was opened, and has not told yet. */
  waits = $state(false);
  problem = $state<Problem | null>(null);
  /** In the window beside: it is done, and may be closed. */
  done = $state(false);
  #channel: BroadcastChannel | null = null;

  begin(): () => void {
    if (!this.name) return () => {};
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = () => void this.#told();
    this.#channel = channel;
    return () => channel.close();
  }

  /** Go to the provider in this window, and come back to where one is. */
  async leave(): Promise<void> {
    sessionStorage.removeItem(BESIDE);
    sessionStorage.setItem(NEXT, location.pathname === BACK ? "/" : location.pathname + location.search);
    await this.#go(false);
  }

  /** Sign in anew in a window beside, so that what is typed in this one stays. */
  again(): void {
    this.problem = null;
    this.waits = true;
    open(`${BACK}?beside=1`);
  }

  /** Do what the window at the address of coming back is there for. */
  async arrive(): Promise<void> {
    const query = new URLSearchParams(location.search);
    // What the provider gave is used once, and stays in no address, history or link.
    history.replaceState(null, "", BACK);
    if (query.get("beside")) {
      sessionStorage.setItem(BESIDE, "1");
      await this.#go(true);
    } else if (query.get("error")) {
      this.problem = new Problem(401, { title: `${this.name ?? "the provider"} did not sign you in`, fix: "try again, or sign in otherwise" });
    } else if (query.get("code")) {
      await this.#finish(query);
    }
  }

  async #go(fresh: boolean): Promise<void> {
    this.busy = true;
    this.problem = null;
    try {
      const { address } = await ask<{ address: string }>("/session/provider", { method: "POST", body: { fresh } });
      location.assign(address);
    } catch (why) {
      this.problem = asProblem(why);
      this.busy = false;
    }
  }

  async #finish(query: URLSearchParams): Promise<void> {
    this.busy = true;
    await session.settled;
    const iss = query.get("iss");
    const body = { code: query.get("code"), state: query.get("state") ?? "-", ...(iss ? { iss } : {}) };
    try {
      const who = await ask<Who>("/session/provider", { method: "PUT", body });
      if (sessionStorage.getItem(BESIDE)) {
        sessionStorage.removeItem(BESIDE);
        this.done = true;
        this.#channel?.postMessage(who.name);
        close();
      } else {
        await session.enter(who);
        const next = sessionStorage.getItem(NEXT) ?? "/";
        sessionStorage.removeItem(NEXT);
        route.go(next, { replace: true });
      }
    } catch (why) {
      this.problem = asProblem(why);
    }
    this.busy = false;
  }

  /** Another window has signed in: this browser has a fresh session, for all of its windows. */
  async #told(): Promise<void> {
    const before = session.who?.name;
    this.waits = false;
    await session.look();
    if (session.proving) session.proved(session.who?.name === before);
  }
}

export const single = new Single();
