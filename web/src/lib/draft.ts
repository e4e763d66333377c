// What somebody is typing outlives a lost session, a reload and a wrong turn; it stays in this browser tab, for whom it
// is, and no longer than that person is there.

const PREFIX = "moms.draft/";

/** Where somebody keeps a draft: the name says whose it is. */
export const draftOf = (person: string, of: string): string => `${PREFIX}${encodeURIComponent(person)}/${of}`;

export function load<T>(name: string): T | null {
  try {
    const text = sessionStorage.getItem(name);
    return text ? (JSON.parse(text) as T) : null;
  } catch {
    return null;
  }
}

export function save(name: string, value: unknown): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A full or forbidden store: the form works all the same.
  }
}

export function drop(name: string): void {
  try {
    sessionStorage.removeItem(name);
  } catch {
    // as above
  }
}

/** Drop the drafts of everybody but one; of everybody where nobody is left. */
export function keepOnly(person: string | null): void {
  try {
    const mine = person === null ? null : draftOf(person, "");
    const names = Array.from({ length: sessionStorage.length }, (_, k) => sessionStorage.key(k)!);
    for (const name of names) if (name.startsWith(PREFIX) && !(mine && name.startsWith(mine))) drop(name);
  } catch {
    // as above
  }
}
