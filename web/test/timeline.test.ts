import { describe, expect, it } from "vitest";

import { around, chosen, grouped, inShown, lies, lookOf, SHOWN, within, type Names, type Wanted } from "../src/lib/timeline";
import { DAY_MS } from "../src/lib/time";
import type { TimeBar } from "../src/lib/types";

const NOW = "2027-02-10T15:00Z";
const bar = (more: Partial<TimeBar> = {}): TimeBar => ({
  id: "OTG-AAAAAAAA", external_id: "W-1", organisation: "TO-1", category: "transmission", kind: "planned", state: "decided", status: "approved",
  assets: ["branch:1"], window: { start: "2027-02-20T05:00Z", end: "2027-02-21T05:00Z" }, actual_start: null, actual_end: null, ...more,
});
const names: Names = new Map([
  ["branch:1", { id: "branch:1", name: "line 1", owner: "TO-1", category: "transmission", detail: "", area: "Z1" }],
  ["gen:2", { id: "gen:2", name: "unit 2", owner: "GO-1", category: "generation", detail: "", area: "" }],
]);
const all: Wanted = { text: "", shown: "all", owner: "", area: "", category: "" };

describe("how an outage looks", () => {
  it("says what it is", () => {
    expect(lookOf(bar(), NOW)).toBe("granted");
    expect(lookOf(bar({ state: "in_study", status: "none" }), NOW)).toBe("asked");
    expect(lookOf(bar({ state: "active", window: { start: "2027-02-09T05:00Z", end: "2027-02-11T05:00Z" } }), NOW)).toBe("out");
    expect(lookOf(bar({ state: "active", window: { start: "2027-02-08T05:00Z", end: "2027-02-09T05:00Z" } }), NOW)).toBe("red");
    expect(lookOf(bar({ state: "active", status: "recalled" }), NOW)).toBe("red");
    expect(lookOf(bar({ status: "at_risk" }), NOW)).toBe("amber");
    expect(lookOf(bar({ status: "denied" }), NOW)).toBe("over");
    expect(lookOf(bar({ state: "closed" }), NOW)).toBe("over");
  });
  it("lies where it was, and until now while it is not back", () => {
    const late = bar({ state: "active", actual_start: "2027-02-08T06:00Z", window: { start: "2027-02-08T05:00Z", end: "2027-02-09T05:00Z" } });
    expect(lies(late, NOW)).toEqual({ start: Date.parse("2027-02-08T06:00Z"), end: Date.parse(NOW) });
    expect(lies(bar({ state: "completed", actual_end: "2027-02-20T09:00Z" }), NOW).end).toBe(Date.parse("2027-02-20T09:00Z"));
    expect(lies(bar(), NOW).end).toBe(Date.parse("2027-02-21T05:00Z"));
  });
});

describe("which outages", () => {
  it("are those with every word, of the owner, the area and the kind", () => {
    const some = [bar(), bar({ id: "OTG-BBBBBBBB", organisation: "GO-1", category: "generation", assets: ["gen:2"] })];
    const ids = (more: Partial<Wanted>) => chosen(some, { ...all, ...more }, names, NOW).map((one) => one.id.slice(4, 5));
    expect(ids({})).toEqual(["A", "B"]);
    expect(ids({ text: "LINE w-1" })).toEqual(["A"]);
    expect(ids({ text: "line unit" })).toEqual([]);
    expect(ids({ owner: "GO-1" })).toEqual(["B"]);
    expect(ids({ area: "Z1" })).toEqual(["A"]);
    expect(ids({ area: "no area" })).toEqual(["B"]);
    expect(ids({ category: "generation" })).toEqual(["B"]);
  });
  it("each is in some list beside all, and what is over or denied is not live", () => {
    for (const state of ["submitted", "in_study", "negotiating", "decided", "opportunity_waiting", "active", "pending_complete", "completed", "cancelled"])
      for (const status of ["none", "approved", "at_risk", "denied", "revoked", "recalled"]) {
        const one = bar({ state, status });
        const lists = SHOWN.map(([key]) => key).filter((key) => key !== "all" && key !== "live" && inShown(one, key, NOW));
        expect(lists.length, `${state} ${status}`).toBeGreaterThan(0);
        expect(inShown(one, "live", NOW)).toBe(!lists.includes("over") && !lists.includes("refused"));
      }
  });
  it("are in groups by name, numbers in their order", () => {
    const some = ["TO-10", "TO-2", "TO-2"].map((organisation, k) => bar({ id: `OTG-${k}`, organisation }));
    expect(grouped(some, "owner", names, NOW).map((g) => [g.name, g.bars.length])).toEqual([["TO-2", 2], ["TO-10", 1]]);
    expect(grouped(some, "area", names, NOW).map((g) => g.name)).toEqual(["Z1"]);
    expect(grouped(some, "asset", names, NOW).map((g) => g.name)).toEqual(["line 1"]);
  });
});

describe("the days asked for", () => {
  it("hold the days in view and are never more than the service gives", () => {
    for (let k = 0; k < 60; k += 1) {
      const from = Date.parse("2027-01-01T05:00Z") + k * 13.7 * DAY_MS;
      for (const days of [1, 7, 31, 366, 800]) {
        const asked = around(from, from + days * DAY_MS);
        const window = { start: `${asked.from}T05:00Z`, end: `${asked.to}T05:00Z` };
        expect(within(window, from, from + days * DAY_MS)).toBe(true);
        expect(Date.parse(window.end) - Date.parse(window.start)).toBeLessThanOrEqual(1100 * DAY_MS);
      }
    }
  });
});
