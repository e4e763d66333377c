// What this phone keeps without a signal: who was signed in, the last answer of the day, and entries on their way.
// All of it by person, so that the next one on the same phone neither sees nor sends it.

import type { About, FieldDay, Queued, Who } from "./types";

export interface Kept {
  who: Who;
  day: FieldDay;
  phone: string | null;
  about: About | null;
  heardAt: number;
}

const NAME = "moms-field";
const ENTRIES = "entries";
const DAYS = "days";
const LAST = "moms.field.last";
const LEAVING = "moms.leaving";

/** Whose things these are. */
export const keyOf = (who: Pick<Who, "organisation" | "name">): string => JSON.stringify([who.organisation, who.name]);

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(ENTRIES, { keyPath: ["user", "id"] });
      asked.result.createObjectStore(DAYS);
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error ?? new Error("this phone keeps nothing"));
    asked.onblocked = () => fail(new Error("another window holds what this phone keeps"));
  }).catch((why: unknown) => {
    opened = null;
    throw why;
  });
  return opened;
}

/** Do something in one transaction and wait until it lies on the phone's disk, not only in its memory. */
async function within<T>(store: string, mode: IDBTransactionMode, work: (there: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const base = await open();
  return new Promise<T>((done, fail) => {
    const deed = base.transaction(store, mode, { durability: "strict" });
    const asked = work(deed.objectStore(store));
    deed.oncomplete = () => done(asked.result);
    deed.onabort = () => fail(deed.error ?? new Error("this phone could not keep it"));
  });
}

const all = (user: string) => IDBKeyRange.bound([user], [user, []]);

export async function entriesOf(user: string): Promise<Queued[]> {
  return within(ENTRIES, "readonly", (there) => there.getAll(all(user)) as IDBRequest<Queued[]>);
}

/** How many entries of somebody lie here and are not sent. */
export async function unsentOf(who: Who): Promise<number> {
  try {
    return (await entriesOf(keyOf(who))).filter((entry) => entry.state === "waiting").length;
  } catch {
    return 0;
  }
}

export async function keepEntry(entry: Queued): Promise<void> {
  await within(ENTRIES, "readwrite", (there) => there.put(entry));
}

export async function dropEntry(entry: Queued): Promise<void> {
  await within(ENTRIES, "readwrite", (there) => there.delete([entry.user, entry.id]));
}

/** Keep the day, and that this is who was signed in here last. */
export async function keepDay(kept: Kept): Promise<void> {
  await within(DAYS, "readwrite", (there) => there.put(kept, keyOf(kept.who)));
  localStorage.setItem(LAST, keyOf(kept.who));
}

export async function dayOf(user: string): Promise<Kept | null> {
  return (await within(DAYS, "readonly", (there) => there.get(user) as IDBRequest<Kept | undefined>)) ?? null;
}

/** Who was signed in here when there was still a signal; null after a sign-out. */
export async function lastHere(): Promise<Kept | null> {
  try {
    const user = localStorage.getItem(LAST);
    return user ? await dayOf(user) : null;
  } catch {
    return null;
  }
}

/** Forget the day of whoever signs out; entries stay, for that person alone. */
export async function forget(user: string): Promise<void> {
  try {
    localStorage.removeItem(LAST);
    await within(DAYS, "readwrite", (there) => there.delete(user));
  } catch {
    // A phone that keeps nothing has nothing to forget.
  }
}

/** Whether somebody signed out here without a signal, so that the session has still to be ended. */
export const leaving = {
  get: (): boolean => local(() => localStorage.getItem(LEAVING) !== null, false),
  set: (): void => local(() => localStorage.setItem(LEAVING, "1"), undefined),
  done: (): void => local(() => localStorage.removeItem(LEAVING), undefined),
};

function local<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
