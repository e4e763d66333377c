// All outages that match, however many pages that are.

import { ask, query } from "./api";
import type { Outage } from "./types";

type Words = Record<string, string | number | boolean | string[] | null | undefined>;

export async function every(words: Words, goesOn: () => boolean = () => true): Promise<Outage[]> {
  const found: Outage[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Outage[]; next: string | null } = await ask(`/outages${query({ ...words, limit: 1000, cursor })}`);
    found.push(...page.items);
    cursor = page.next;
  } while (cursor && goesOn());
  return found;
}
