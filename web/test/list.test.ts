import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { changedBy } from "../src/lib/api";
import { Changes } from "../src/lib/changes";
import { draftOf, keepOnly, load, save } from "../src/lib/draft";
import { Kept } from "../src/lib/list";

/** A service with a book that others change: it answers the list, whole by pages of two, or by ids. */
class Service {
  book = new Map<string, string>();
  asked: string[] = [];

  answer = (address: string): Promise<Response> => {
    this.asked.push(address);
    const words = new URL(address, "http://x").searchParams;
    const ids = words.getAll("id");
    const after = words.get("cursor") ?? "";
    const rows = [...this.book].filter(([id, state]) => state === words.get("state") && (!ids.length || ids.includes(id)) && id > after).sort();
    const page = rows.slice(0, 2).map(([id, state]) => ({ id, state }));
    const next = rows.length > 2 ? page.at(-1)!.id : null;
    return Promise.resolve(new Response(JSON.stringify({ items: page, next })));
  };
}

const service = new Service();
beforeEach(() => {
  service.book = new Map();
  service.asked = [];
  vi.stubGlobal("fetch", service.answer);
});
afterEach(() => vi.unstubAllGlobals());

const ids = (rows: { id: string }[]) => rows.map((one) => one.id).sort();

describe("a list that is kept", () => {
  it("holds what the whole list holds, whatever changed meanwhile and however little was asked for", async () => {
    const changes = new Changes();
    const kept = new Kept(changes);
    let seed = 7;
    const draw = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let turn = 0; turn < 300; turn += 1) {
      for (let k = draw(4); k > 0; k -= 1) {
        const id = `O-${draw(30)}`;
        service.book.set(id, ["in", "out"][draw(2)]!);
        changes.tell(draw(40) ? id : null); // now and then something is missed
      }
      const found = await kept.look({ state: "in" });
      expect(ids(found)).toEqual([...service.book].filter(([, state]) => state === "in").map(([id]) => id).sort());
    }
  });

  it("asks for all once, then for those alone that changed, and for nothing where nothing did", async () => {
    const changes = new Changes();
    const kept = new Kept(changes);
    for (let k = 0; k < 10; k += 1) service.book.set(`O-${k}`, "in");
    await kept.look({ state: "in" });
    const whole = service.asked.length;
    await kept.look({ state: "in" });
    expect(service.asked.length).toBe(whole);
    service.book.set("O-3", "out");
    changes.tell("O-3");
    expect(ids(await kept.look({ state: "in" }))).not.toContain("O-3");
    expect(service.asked.slice(whole)).toEqual(["/api/v1/outages?state=in&id=O-3&limit=1000"]);
  });

  it("asks for all again for other words, after a break, and after more changes than it can name", async () => {
    const changes = new Changes();
    const kept = new Kept(changes);
    service.book.set("O-1", "in").set("O-2", "out");
    await kept.look({ state: "in" });
    expect(ids(await kept.look({ state: "out" }))).toEqual(["O-2"]);
    service.book.set("O-3", "out");
    changes.tell(null);
    expect(ids(await kept.look({ state: "out" }))).toEqual(["O-2", "O-3"]);
    service.book.set("O-4", "out");
    for (let k = 0; k < 600; k += 1) changes.tell("O-1");
    expect(ids(await kept.look({ state: "out" }))).toEqual(["O-2", "O-3", "O-4"]);
  });
});

describe("what one's own deed has changed", () => {
  it("is said by the answer, else by the address", () => {
    expect(changedBy("/outages", { outage: { id: "OTG-A" } })).toBe("OTG-A");
    expect(changedBy("/outages/OTG-B/acknowledgement", { outage: "OTG-B" })).toBe("OTG-B");
    expect(changedBy("/outages?preview=true", { outage: null })).toBe(null);
    expect(changedBy("/session", undefined)).toBe(null);
  });
});

describe("a draft", () => {
  it("is kept for one person, and not past them", () => {
    const there = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      get length() { return there.size; },
      key: (k: number) => [...there.keys()][k] ?? null,
      getItem: (name: string) => there.get(name) ?? null,
      setItem: (name: string, text: string) => void there.set(name, text),
      removeItem: (name: string) => void there.delete(name),
    });
    save(draftOf("ann", "ask"), { start: "a" });
    save(draftOf("ann/b", "ask"), { start: "b" });
    save("moms-demo-as", "ann");
    keepOnly("ann");
    expect(load(draftOf("ann", "ask"))).toEqual({ start: "a" });
    expect(load(draftOf("ann/b", "ask"))).toBe(null);
    keepOnly(null);
    expect(load(draftOf("ann", "ask"))).toBe(null);
    expect(load("moms-demo-as")).toBe("ann");
  });
});
