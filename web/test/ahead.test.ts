import { describe, expect, it } from "vitest";

import { essence, parts } from "../src/lib/ahead.svelte";
import { Events } from "../src/lib/api";
import { document, EMPTY, type Typed } from "../src/lib/form";
import type { Progress } from "../src/lib/types";

const told = (part: string, more: Partial<Progress> = {}): Progress => ({ part, over: false, says: "", done: 0, of: 0, worst: null, clean: null, ...more });

describe("the decision while one types", () => {
  it("reads a stream however it is cut", () => {
    const text = ": listening\n\nevent: progress\ndata: {\"a\": \"ä b\"}\n\n: still here\n\nevent: answer\ndata: {\"b\": 1}\n\n";
    const whole = new Events().more(text);
    expect(whole).toEqual([["progress", { a: "ä b" }], ["answer", { b: 1 }]]);
    for (let size = 1; size <= text.length; size++) {
      const events = new Events();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...events.more(text.slice(at, at + size)));
      expect(found).toEqual(whole);
    }
  });
  it("shows each part once, in the order in which it came, and no waiting that is over", () => {
    const all = [told("waits"), told("book", { done: 1, of: 4 }), told("book", { done: 3, of: 4 }), told("waits", { over: true }), told("alone"), told("book", { over: true, says: "clean" })];
    expect(all.reduce(parts, []).map((one) => [one.part, one.over])).toEqual([["book", true], ["alone", false]]);
  });
  it("begins anew where the decision could be another, and not for a word of the description", () => {
    const typed: Typed = { ...EMPTY, assets: ["branch:7"], start: "2027-02-10T08:00", end: "2027-02-10T18:00", nature: "LM", contact: "Ann", phone: "+1 555 0100", description: "new" };
    const of = (more: Partial<Typed>) => essence(document({ ...typed, ...more }, "TO-1"));
    expect(of({ description: "new insulators", contact: "Bo", reference: "W-1" })).toBe(of({}));
    expect(of({ description: "" })).toBe(of({}));
    expect(of({ nature: "OT", description: "" })).not.toBe(of({ nature: "OT" }));
    for (const other of [{ contact: "" }, { end: "2027-02-10T19:00" }, { assets: ["branch:8"] }, { recall: "5" }, { nature: "OT" }, { agreed: true }, { latest: "2027-03-01T00:00" }])
      expect(of(other)).not.toBe(of({}));
  });
});
