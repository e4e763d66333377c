// What equipment is called: asked for once, many at a time.

import { ask, query } from "./api";
import { market, ZONE } from "./time";
import type { Known } from "./types";

const MOST = 40;
const AN_ID = /(?<!\()\b(?:branch|gen|dcline|switch|bus):\d+\b/g;
const AN_INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?Z/g;

class Names {
  #known = $state<Record<string, Known>>({});
  #asked = new Set<string>();
  #wanted = new Set<string>();
  #waiting = false;

  /** The name with its id; the id alone until the name is known. */
  of(asset: string): string {
    const known = this.#known[asset];
    return known?.name ? `${known.name} (${asset})` : asset;
  }

  short(asset: string): string {
    return this.#known[asset]?.name || asset;
  }

  /** A sentence of the engine as a person reads it: equipment by its name beside its id, instants by the market's clock. */
  say(text: string): string {
    return text.replace(AN_ID, (id) => this.of(id)).replace(AN_INSTANT, (instant) => `${market(instant)} ${ZONE}`);
  }

  /** Ask what the equipment in some sentences is called. */
  wantIn(texts: Iterable<string>): void {
    this.want([...texts].flatMap((text) => text.match(AN_ID) ?? []));
  }

  get(asset: string): Known | undefined {
    return this.#known[asset];
  }

  learn(found: Known[]): void {
    for (const one of found) this.#known[one.id] = one;
  }

  want(assets: Iterable<string>): void {
    for (const asset of assets) if (!this.#asked.has(asset)) this.#wanted.add(asset);
    if (!this.#wanted.size || this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => void this.#fetch());
  }

  async #fetch(): Promise<void> {
    this.#waiting = false;
    const ids = [...this.#wanted];
    this.#wanted.clear();
    for (const id of ids) this.#asked.add(id);
    for (let k = 0; k < ids.length; k += MOST) {
      const some = ids.slice(k, k + MOST);
      try {
        this.learn((await ask<{ items: Known[] }>(`/assets${query({ id: some })}`)).items);
      } catch {
        for (const id of some) this.#asked.delete(id); // ids alone are shown; asked for again with the next list
      }
    }
  }
}

export const names = new Names();
