import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask, bearer, Problem } from "../src/lib/api";

const old = () => new Response(JSON.stringify({ type: "urn:moms:ProofTooOld", title: "too old" }), { status: 403 });
const done = () => new Response("{}", { status: 200 });
const before = { ...bearer };
let sent: { key: string | null; csrf: string | null }[];

function answers(...list: (() => Response)[]): void {
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    sent.push({ key: headers.get("Idempotency-Key"), csrf: headers.get("X-CSRF-Token") });
    return Promise.resolve((list.shift() ?? done)());
  });
}

describe("a decision that needs the password again", () => {
  beforeEach(() => {
    sent = [];
    bearer.csrf = "first";
  });
  afterEach(() => {
    Object.assign(bearer, before);
    vi.unstubAllGlobals();
  });

  it("is sent once more under the same key, with the fresh session's token", async () => {
    bearer.prove = () => {
      bearer.csrf = "second";
      return Promise.resolve(true);
    };
    answers(old, done);
    await ask("/outages/x/settle", { method: "POST", body: {} });
    expect(sent.map((s) => s.csrf)).toEqual(["first", "second"]);
    expect(sent[0]?.key).toBeTruthy();
    expect(sent[1]?.key).toBe(sent[0]?.key);
  });

  it("is not sent again where no password was given", async () => {
    bearer.prove = () => Promise.resolve(false);
    answers(old, done);
    await expect(ask("/outages/x/settle", { method: "POST", body: {} })).rejects.toBeInstanceOf(Problem);
    expect(sent).toHaveLength(1);
  });

  it("is not sent a third time, and another refusal asks for no password", async () => {
    let asked = 0;
    bearer.prove = () => {
      asked += 1;
      return Promise.resolve(true);
    };
    answers(old, old, done);
    await expect(ask("/outages/x/settle", { method: "POST", body: {} })).rejects.toBeInstanceOf(Problem);
    expect([sent.length, asked]).toEqual([2, 1]);
    answers(() => new Response(JSON.stringify({ type: "urn:moms:NotYours" }), { status: 403 }));
    await expect(ask("/outages/x/settle", { method: "POST", body: {} })).rejects.toBeInstanceOf(Problem);
    expect(asked).toBe(1);
  });
});
