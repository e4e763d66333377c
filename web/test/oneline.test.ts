import { describe, expect, it } from "vitest";

import { bars, highOf, pathOf, runs, WORDS } from "../src/lib/oneline";
import type { OneLine } from "../src/lib/types";

const picture = (columns: string[], ...rows: [OneLine["rows"][number]["part"], number, number | null][]): OneLine => ({
  element: "branch:1", contingency: null, hour: "", flow_mw: 1, limit_mw: 1, percent: 108, without_mw: 1, columns, left_out: 0,
  rows: rows.map(([part, start, end], k) => ({ id: `branch:${k + 1}`, part, start, end })),
});

describe("the one-line picture", () => {
  it("ends each line on the bars of its buses, whichever way round", () => {
    const found = picture(["A", "B", "C"], ["binds", 0, 1], ["lost", 2, 0], ["out", 1, 2]);
    const at = bars(found).map((bar) => bar.x);
    expect(runs(found).map((run) => [run.x1, run.x2])).toEqual([[at[0], at[1]], [at[0], at[2]], [at[1], at[2]]]);
    for (const run of runs(found)) for (const x of [run.x1, run.x2]) {
      const bar = bars(found).find((one) => one.x === x)!;
      expect(bar.from).toBeLessThan(run.y);
      expect(bar.to).toBeGreaterThan(run.y);
    }
  });
  it("hops over a bar that it only passes, and over no other", () => {
    const found = picture(["A", "B", "C"], ["binds", 0, 1], ["lost", 0, 2], ["out", 1, 2]);
    const [first, passing, last] = runs(found);
    expect([first!.hops.length, passing!.hops.length, last!.hops.length]).toEqual([0, 1, 0]);
    expect(pathOf(passing!)).toContain(" a7 7");
    expect(pathOf(first!)).not.toContain("a7");
    const clear = picture(["A", "B", "C"], ["lost", 0, 2], ["binds", 0, 1]); // the bar of B begins below
    expect(runs(clear)[0]!.hops).toEqual([]);
  });
  it("stays inside, however many buses, and a unit hangs on one", () => {
    for (const count of [1, 2, 5, 24]) {
      const found = picture(Array.from({ length: count }, (_, k) => `B${k}`), ...Array.from({ length: count }, (_, k) => ["out", k, null] as ["out", number, null]));
      for (const run of runs(found)) {
        expect(run.x1).toBeGreaterThan(0);
        expect(run.x2 + 16).toBeLessThan(WORDS);
        expect(run.y).toBeLessThan(highOf(found));
      }
    }
  });
});
