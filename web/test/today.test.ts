import { describe, expect, it } from "vitest";

import { mayDo, type Row } from "../src/lib/lifecycle.svelte";
import { dayOf, PARTS, pileOf, piles, sentence } from "../src/lib/today";
import type { Outage, Role } from "../src/lib/types";

const NOW = "2027-02-10T15:00Z"; // 10:00 of the market
const outage = (state: string, status: string, start: string, end: string, more: object = {}): Outage => ({
  id: `OTG-${state}-${start}`, state, status, window: { start: `2027-${start}Z`, end: `2027-${end}Z` }, stamp: NOW, filed_at: NOW, requester: "ann", revision: 1,
  decision_id: null, conditions: [], actual_start: null, actual_end: null,
  request: { external_id: "W", organisation: "TO-1", category: "transmission", kind: "planned", nature: "LM", assets: ["branch:1"], window: { start: "", end: "" }, ...more },
});

describe("today", () => {
  it("is the day of the market", () => {
    expect(dayOf("2027-02-10T04:59Z")).toEqual({ from: Date.parse("2027-02-09T05:00Z"), to: Date.parse("2027-02-10T05:00Z") });
    expect(dayOf("2027-02-10T05:00Z").from).toBe(Date.parse("2027-02-10T05:00Z"));
  });
  it("puts each outage where it matters most, or nowhere", () => {
    const at = (one: Outage) => pileOf(one, NOW);
    expect(at(outage("active", "approved", "02-08T05:00", "02-10T14:59"))).toBe("late");
    expect(at(outage("active", "approved", "02-08T05:00", "02-10T15:00"))).toBe("back");
    expect(at(outage("active", "recalled", "02-08T05:00", "02-10T14:00"))).toBe("recalled");
    expect(at(outage("active", "none", "02-08T05:00", "02-12T14:00", { kind: "forced" }))).toBe("forced");
    expect(at(outage("active", "none", "02-08T05:00", "02-09T14:00", { kind: "forced" }))).toBe("late");
    expect(at(outage("active", "approved", "02-08T05:00", "02-11T04:59"))).toBe("back");
    expect(at(outage("active", "approved", "02-08T05:00", "02-11T05:00"))).toBe("out");
    expect(at(outage("pending_complete", "approved", "02-08T05:00", "02-09T05:00"))).toBe("confirm");
    expect(at(outage("decided", "at_risk", "03-08T05:00", "03-09T05:00"))).toBe("risk");
    expect(at(outage("negotiating", "at_risk", "03-08T05:00", "03-09T05:00"))).toBe("risk");
    expect(at(outage("decided", "approved", "02-10T15:00", "02-11T05:00"))).toBe("overdue");
    expect(at(outage("decided", "approved", "02-10T16:00", "02-11T05:00"))).toBe("starts");
    expect(at(outage("decided", "approved", "02-11T05:00", "02-12T05:00"))).toBe("soon");
    expect(at(outage("decided", "approved", "02-17T04:59", "02-19T05:00"))).toBe("soon");
    expect(at(outage("decided", "approved", "02-17T05:00", "02-19T05:00"))).toBeNull();
    expect(at(outage("decided", "denied", "02-10T16:00", "02-11T05:00"))).toBeNull();
    expect(at(outage("in_study", "none", "02-10T16:00", "02-11T05:00"))).toBeNull();
    expect(at(outage("closed", "at_risk", "02-10T16:00", "02-11T05:00"))).toBeNull();
  });
  it("says in one sentence what is not as planned", () => {
    const late = outage("active", "approved", "02-08T05:00", "02-10T14:00");
    const risk = outage("decided", "at_risk", "03-08T05:00", "03-09T05:00");
    const fine = outage("active", "approved", "02-08T05:00", "02-12T14:00");
    expect(sentence(piles([late, risk, fine], NOW))).toEqual({ says: "1 late back, 1 at risk.", calm: false });
    expect(sentence(piles([fine], NOW))).toEqual({ says: "All is as planned.", calm: true });
  });
  it("shows every outage once, the soonest first", () => {
    const some = Array.from({ length: 40 }, (_, k) => outage(k % 3 ? "active" : "decided", "approved", `02-${10 + (k % 5)}T${10 + (k % 13)}:00`, `02-${15 + (k % 9)}T10:00`));
    const found = piles(some, NOW);
    expect([...found.values()].flat().length).toBe(some.filter((one) => pileOf(one, NOW)).length);
    expect([...found.keys()]).toEqual(PARTS.map((part) => part.pile));
    const ends = found.get("out")!.map((one) => Date.parse(one.window.end));
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
  });
});

describe("what may be done", () => {
  const rows: Row[] = [
    { verb: "start", states: ["decided"], statuses: ["approved"], who: ["owner", "control_room"] },
    { verb: "end", states: ["active"], statuses: ["approved"], who: ["owner", "control_room"] },
    { verb: "extend_forced", states: ["active"], statuses: ["approved"], who: ["owner", "control_room"] },
    { verb: "recall", states: ["active"], statuses: ["approved"], who: ["control_room"] },
    { verb: "confirm_end", states: ["pending_complete"], statuses: ["approved"], who: ["control_room"] },
  ];
  const window = { start: "2027-02-10T05:00Z", end: "2027-02-11T05:00Z" };
  const can = (state: string, role: Role, now = NOW) => mayDo(rows, { state, status: "approved", window }, role, now);
  it("is what the service's table says, and no start by an owner", () => {
    expect(can("active", "control_room")).toEqual(["end", "recall", "extend"]);
    expect(can("active", "owner")).toEqual(["end", "extend"]);
    expect(can("decided", "control_room")).toEqual(["start"]);
    expect(can("decided", "control_room", "2027-02-10T04:59Z")).toEqual([]);
    expect(can("decided", "control_room", window.end)).toEqual([]);
    expect(can("decided", "owner")).toEqual([]);
    expect(can("pending_complete", "control_room")).toEqual(["confirm"]);
    expect(can("active", "auditor")).toEqual([]);
  });
});
