// All outages that match, however many pages that are; and the same list again after a few of them changed.

import { ask, query } from "./api";
import type { Changes } from "./changes";
import type { Outage } from "./types";

export type Words = Record<string, string | number | boolean | string[] | null | undefined>;
type Paged = { items: Outage[]; next: string | null };

/** Ask for all; `partly` is told what has come while the rest is under way. */
export async function every(words: Words, goesOn: () => boolean = () => true, partly: (some: Outage[]) => void = () => {}): Promise<Outage[]> {
  const found: Outage[] = [];
  let cursor: string | null = null;
  do {
    const page: Paged = await ask(`/outages${query({ ...words, limit: 1000, cursor })}`);
    found.push(...page.items);
    cursor = page.next;
    if (cursor && goesOn()) partly(found);
  } while (cursor && goesOn());
  return found;
}

/** So many are asked for by id at once; where more than a few have changed, the whole list is asked for. */
const AT_ONCE = 50;
const FEW = 150;

/** The list after these outages changed: without those that no longer match, with those that do now. */
export async function mended(rows: Outage[], words: Words, ids: string[]): Promise<Outage[]> {
  const gone = new Set(ids);
  const found = rows.filter((one) => !gone.has(one.id));
  for (let k = 0; k < ids.length; k += AT_ONCE) found.push(...(await every({ ...words, id: ids.slice(k, k + AT_ONCE) })));
  return found;
}

/** A list that is asked for once, and then only for what the service told of since. */
export class Kept {
  #changes: Changes;
  #rows: Outage[] | null = null;
  #words = "";
  #count = 0;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  async look(words: Words, goesOn?: () => boolean, partly?: (some: Outage[]) => void): Promise<Outage[]> {
    const name = query(words);
    const count = this.#changes.count; // before asking: what is told meanwhile is asked for the next time
    const ids = this.#rows && this.#words === name ? this.#changes.since(this.#count) : null;
    const found = ids && ids.length <= FEW ? await mended(this.#rows!, words, ids) : await every(words, goesOn, partly);
    if (goesOn?.() !== false) [this.#rows, this.#words, this.#count] = [found, name, count];
    return found;
  }
}

/** Let a burst of events be one look. */
export class Paced {
  #at = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Look now. */
  now(look: () => void): void {
    this.stop();
    this.#at = Date.now();
    look();
  }

  /** Look, but not sooner after the last look than this. */
  soon(look: () => void, pause: number): void {
    this.stop();
    this.#timer = setTimeout(() => this.now(look), Math.max(0, this.#at + pause - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
