import { describe, expect, it } from "vitest";

import { ALARMS, mayTake, priorityOf, signalOf, takenBy, unknownSince, waiting } from "../src/lib/room";
import { AGAIN_MS, TONES } from "../src/lib/sound.svelte";
import { PARTS, pileOf, piles } from "../src/lib/today";
import type { Alarm, Outage } from "../src/lib/types";

const NOW = "2027-02-10T15:00Z";
const outage = (id: string, state: string, status: string, end: string, kind = "planned"): Outage => ({
  id, state, status, window: { start: "2027-02-08T05:00Z", end: `2027-${end}Z` }, stamp: NOW, filed_at: NOW, requester: "ann", revision: 3,
  decision_id: null, conditions: [], actual_start: null, actual_end: null,
  request: { external_id: id, organisation: "TO-1", category: "transmission", kind, nature: "LM", assets: ["branch:1"], window: { start: "", end: "" } },
});
const LATE = outage("late", "active", "approved", "02-10T14:00");
const FORCED = outage("forced", "active", "approved", "02-12T14:00", "forced");
const FINE = outage("fine", "active", "approved", "02-12T14:00");
const alarm = (one: Outage, what: string, since: string, by: string | null): Alarm => ({
  outage: one.id, reference: one.id, organisation: "TO-1", assets: ["branch:1"], what, name: what, priority: 1, since, revision: 3,
  acknowledged: by ? { by, role: "control_room", at: NOW, note: "" } : null,
});

describe("what waits for somebody", () => {
  it("is every alarm that nobody has taken, in the order of the screen", () => {
    const found = piles([FINE, FORCED, LATE], NOW);
    expect(waiting(found, []).map((one) => [one.outage.id, one.priority])).toEqual([["late", 1], ["forced", 2]]);
    expect(waiting(found, [alarm(LATE, "late", "2027-02-10T14:00Z", "roy")]).map((one) => one.outage.id)).toEqual(["forced"]);
    expect(waiting(found, [alarm(LATE, "late", "2027-02-10T14:00Z", null)]).map((one) => one.outage.id)).toEqual(["late", "forced"]);
  });
  it("never takes the acknowledgement of another alarm for this one's", () => {
    expect(takenBy(LATE, "late", [alarm(LATE, "forced", LATE.filed_at, "roy")])).toBeNull();
    expect(takenBy(LATE, "late", [alarm(LATE, "late", "2027-02-09T14:00Z", "roy")])).toBeNull(); // it was late before, and was extended
    expect(takenBy(LATE, "late", [alarm(FORCED, "late", "2027-02-10T14:00Z", "roy")])).toBeNull();
    expect(takenBy(LATE, "late", [alarm(LATE, "late", "2027-02-10T14:00:00Z", "roy")])?.by).toBe("roy");
  });
  it("has a priority, a pile and a red or amber mark for each alarm", () => {
    for (const pile of ALARMS) {
      const part = PARTS.find((one) => one.pile === pile)!;
      expect(part.tone).toBe(priorityOf(pile) === 1 ? "red" : "amber");
    }
    expect(pileOf(LATE, NOW)).toBe("late");
    expect(["control_room", "engineer", "planner", "owner", "auditor"].map((role) => mayTake(role as never))).toEqual([true, true, false, false, false]);
  });
});

describe("what is heard", () => {
  const waits = waiting(piles([LATE, FORCED], NOW), []);
  it("goes by priority, and a lost link comes before all quiet", () => {
    expect(signalOf(waits, false)).toBe(1);
    expect(signalOf(waits.slice(1), false)).toBe(2);
    expect(signalOf([], false)).toBeNull();
    expect(signalOf([], true)).toBe("lost");
    expect(signalOf(waits, true)).toBe("lost");
  });
  it("is told apart by the number and length of its tones, not by pitch alone", () => {
    const shapes = Object.values(TONES).map((tones) => tones.map((tone) => tone.s).join());
    expect(new Set(shapes).size).toBe(3);
    expect(AGAIN_MS[1]).toBeLessThan(AGAIN_MS[2]);
  });
});

describe("a lost link", () => {
  it("is never said as if all were as planned", () => {
    expect(unknownSince(false, true, "5 s")).toBeNull();
    expect(unknownSince(true, false, "5 s")).toContain("does not answer");
    expect(unknownSince(true, true, "70 s")).toContain("Not known");
  });
});
