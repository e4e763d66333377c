// One place where the pages talk to the service: who one is, keys, revisions, and refusals as values.

import type { Finding } from "./types";

export class Problem extends Error {
  status: number;
  title: string;
  kind: string;
  field: string | null;
  fix: string | null;
  findings: Finding[];

  constructor(status: number, body: Partial<Problem> & { type?: string }) {
    super(body.title ?? `answer ${status}`);
    this.status = status;
    this.title = body.title ?? `the service answered ${status}`;
    this.kind = (body.type ?? "").replace("urn:moms:", "");
    this.field = body.field ?? null;
    this.fix = body.fix ?? null;
    this.findings = body.findings ?? [];
  }
}

export const OFFLINE = 0;

/** What the pages need to know of the session; set by `session.svelte.ts`. */
export const bearer: { csrf: string | null; lost: () => void; heard: (ok: boolean) => void; prove: () => Promise<boolean>; did: (outage: string) => void } = {
  csrf: null,
  lost: () => {},
  heard: () => {},
  prove: () => Promise.resolve(false),
  did: () => {},
};

/** What a decision is refused with when one signed in too long ago, or by less than a passkey. */
export const PROOFS = ["ProofTooOld", "PasskeyNeeded"];

export interface Ask {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  /** A file as the body, as it is. */
  file?: File;
  /** The revision a change was made for. */
  revision?: number;
  /** The same key for the same deed, so that a second try does it once. */
  key?: string;
  signal?: AbortSignal;
}

/** Ask once; a decision that needs the password again asks for it, and is sent once more under the same key. */
export async function ask<T>(path: string, how: Ask = {}): Promise<T> {
  const same = how.method === "POST" ? { ...how, key: how.key ?? freshKey() } : how;
  try {
    return await askOnce<T>(path, same);
  } catch (why) {
    if (!(why instanceof Problem) || !PROOFS.includes(why.kind) || !(await bearer.prove())) throw why;
    return askOnce<T>(path, same);
  }
}

async function askOnce<T>(path: string, { method = "GET", body, file, revision, key, signal }: Ask): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (file) headers["Content-Type"] = file.type || "application/octet-stream";
  if (method !== "GET" && bearer.csrf) headers["X-CSRF-Token"] = bearer.csrf;
  if (method === "POST") headers["Idempotency-Key"] = key ?? freshKey();
  if (revision !== undefined) headers["If-Match"] = `"${revision}"`;
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method, headers, signal, credentials: "same-origin", body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
  } catch (why) {
    if (signal?.aborted) throw why;
    bearer.heard(false);
    throw new Problem(OFFLINE, { title: "the service cannot be reached", fix: "check the connection and try again; what you typed is kept" });
  }
  bearer.heard(true);
  const found = await read<T>(answer, path, signal);
  const outage = method === "GET" ? null : changedBy(path, found);
  if (outage) bearer.did(outage);
  return found;
}

/** Post and hear how far the answer is while it is made; who aborts stops the work on it. */
export async function hear<T>(path: string, body: unknown, tell: (word: string, told: unknown) => void, signal: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "text/event-stream", "Content-Type": "application/json" };
  if (bearer.csrf) headers["X-CSRF-Token"] = bearer.csrf;
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, { method: "POST", headers, signal, credentials: "same-origin", body: JSON.stringify(body) });
  } catch (why) {
    if (signal.aborted) throw why;
    bearer.heard(false);
    throw new Problem(OFFLINE, { title: "the service cannot be reached", fix: "check the connection and try again; what you typed is kept" });
  }
  bearer.heard(true);
  if (!answer.ok || !answer.body) return read<T>(answer, path, signal);
  const events = new Events();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((why: unknown) => {
      if (signal.aborted) throw why;
      return { done: true as const, value: undefined };
    });
    if (done) throw new Problem(OFFLINE, { title: "the answer broke off", fix: "try again; what you typed is kept" });
    for (const [word, told] of events.more(value)) {
      if (word === "answer") return told as T;
      if (word === "refused") throw new Problem((told as { status?: number }).status ?? 500, told as Partial<Problem>);
      tell(word, told);
    }
  }
}

/** Reads a stream of events piece by piece, however it is cut (WHATWG, server-sent events; what our service uses of them). */
export class Events {
  #rest = "";

  more(text: string): [string, unknown][] {
    const parts = (this.#rest + text).split("\n\n");
    this.#rest = parts.pop()!;
    return parts.flatMap((part): [string, unknown][] => {
      const line = (name: string) => part.split("\n").find((one) => one.startsWith(`${name}: `))?.slice(name.length + 2);
      const [word, data] = [line("event"), line("data")];
      return word && data ? [[word, JSON.parse(data)]] : [];
    });
  }
}

/** The outage that one's own deed has changed: lists ask for it at once, and do not wait until the service tells of it. */
export function changedBy(path: string, answer: unknown): string | null {
  const inside = (answer as { outage?: { id?: unknown } | null } | undefined)?.outage?.id;
  return typeof inside === "string" ? inside : (/^\/outages\/([^/?]+)\//.exec(path)?.[1] ?? null);
}

async function read<T>(answer: Response, path: string, signal?: AbortSignal): Promise<T> {
  if (answer.status === 204) return undefined as T;
  const body = await answer.json().catch((why: unknown) => {
    if (signal?.aborted) throw why;
    // What began as an answer and broke off is none: whether it was done is not known.
    if (answer.ok) throw new Problem(OFFLINE, { title: "the answer broke off", fix: "try again; what you typed is kept" });
    return { title: "the service answered something that is no JSON" };
  });
  if (answer.ok || (answer.status === 422 && body.returned)) return body as T;
  if (answer.status === 401 && path !== "/session") bearer.lost();
  throw new Problem(answer.status, body);
}

export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Write a query; lists repeat the name, empty values are left out. */
export function query(words: Record<string, string | number | boolean | string[] | null | undefined>): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(words)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) found.append(name, String(one));
  }
  const text = found.toString();
  return text ? `?${text}` : "";
}

/** Any failure as a Problem, so that a screen has one thing to show. */
export function asProblem(why: unknown): Problem {
  if (why instanceof Problem) return why;
  return new Problem(OFFLINE, { title: why instanceof Error ? why.message : String(why), fix: "load the page again" });
}
