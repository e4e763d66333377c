import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, Problem } from "../src/lib/api";

/** An answer whose head has come and whose body breaks off, as it does where the connection or the asker goes away. */
const broken = (status: number, why: Error) =>
  vi.stubGlobal("fetch", () =>
    Promise.resolve(
      new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"comes_to"')), pull: (stream) => stream.error(why) }), { status }),
    ),
  );

describe("an answer that breaks off", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is no answer: a problem without a status, as where nothing came", async () => {
    broken(200, new TypeError("network error"));
    const why = await ask("/quick").catch((one: unknown) => one);
    expect(why).toBeInstanceOf(Problem);
    expect((why as Problem).status).toBe(0);
  });

  it("is nothing at all to who has stopped asking", async () => {
    const stop = new AbortController();
    const gone = new DOMException("stopped", "AbortError");
    broken(200, gone);
    stop.abort();
    await expect(ask("/quick", { signal: stop.signal })).rejects.toBe(gone);
  });

  it("keeps its status where it was a refusal", async () => {
    broken(503, new TypeError("network error"));
    await expect(ask("/quick")).rejects.toMatchObject({ status: 503 });
  });
});
