// Which outages the service has told of, so that a list asks for these alone and not for all it holds.

const MOST = 500;

/** What was told, numbered from 1 on; the oldest is forgotten. */
export class Changes {
  #told: (string | null)[] = [];
  /** How many were told. */
  count = 0;

  /** Note an outage that changed; null where something was missed and nobody knows what. */
  tell(outage: string | null): number {
    this.#told.push(outage);
    if (this.#told.length > MOST) this.#told.shift();
    return ++this.count;
  }

  /** The outages told of after that many; null where it is not known which: then everything has to be asked for. */
  since(count: number): string[] | null {
    const some = this.#told.slice(this.#told.length - (this.count - count));
    if (some.length !== this.count - count || some.includes(null)) return null;
    return [...new Set(some as string[])];
  }
}
