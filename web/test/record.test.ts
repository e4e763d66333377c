import { describe, expect, it } from "vitest";

import { duration, inWords, measureRows, nameOf, sections, share, trustLabel } from "../src/lib/record";
import type { BookNumber, Measure, Trust } from "../src/lib/types";

const number = (path: string): BookNumber => ({ path, value: 1, source: null, trust: "unsaid" });

describe("how the rules and the record read", () => {
  it("says a value in words, a row to a line", () => {
    expect(inWords(0.01)).toEqual(["0.01"]);
    expect(inWords(true)).toEqual(["yes"]);
    expect(inWords(null)).toEqual(["none"]);
    expect(inWords([])).toEqual(["none"]);
    expect(inWords(["planned", "urgent"])).toEqual(["planned, urgent"]);
    expect(inWords({ long_days: 120, short_days: 2 })).toEqual(["long days: 120", "short days: 2"]);
    expect(inWords([{ kinds: ["hotline"], hours: 336, zones: [], at: null }])).toEqual(["kinds hotline · hours 336 · zones none"]);
  });
  it("keeps sections in their order and names numbers without them", () => {
    expect(sections([number("entry.a"), number("study.b"), number("entry.c_d")]).map(([name, all]) => [name, all.length])).toEqual([["entry", 2], ["study", 1]]);
    expect(nameOf("entry.c_d")).toBe("c d");
  });
  it("never says a share of nothing, and never rounds up to all", () => {
    expect(share(0, 0)).toBe("none yet");
    expect(share(999, 1000)).toBe("999 of 1000 (99 %)");
    expect(share(3, 3)).toBe("3 of 3 (100 %)");
  });
  it("says how long in a unit that fits", () => {
    expect([null, 0, 0.5, 30, 72].map(duration)).toEqual(["none yet", "under a minute", "30 min", "30.0 h", "3.0 d"]);
  });
  it("has a mark and a word for every trust, and only what is recalled stands out", () => {
    const tones = (["recalled", "sourced", "chosen", "unsaid"] as Trust[]).map((t) => trustLabel(t).tone);
    expect(tones).toEqual(["amber", "quiet", "quiet", "quiet"]);
  });
  it("tells the measures without a number where nothing was counted", () => {
    const none: Measure = { organisation: null, filed: 0, answered: 0, alone: 0, taken_back: 0, waiting: 0, outcomes: {}, median_h: null, slowest_h: null, promised: 0, due: 0, kept: 0 };
    expect(measureRows(none).slice(1).every(([, value]) => value === "none yet")).toBe(true);
  });
});
