import { describe, expect, it } from "vitest";

import { arrived, besides, inOrder, ladder, LADDER, late, nextOrder, nextStep, otherSteps, taps, waiting } from "../src/lib/field";
import type { FieldEntry, Job, Queued, What } from "../src/lib/types";

const at = (minute: number) => new Date(Date.UTC(2027, 1, 10, 13, minute)).toISOString();

function entry(id: string, what: What, minute: number, more: Partial<FieldEntry> = {}): FieldEntry {
  return {
    id, outage: "O", what, name: what, tapped_at: at(minute), received_at: at(minute), by: "fay", role: "field", delayed: false,
    clock_off_s: null, late_min: null, back_at: null, reason: "", looks: [], to_look: false, seen_by: null, ...more,
  };
}

function queued(id: string, what: What, minute: number, more: Partial<Queued> = {}): Queued {
  return { user: "u", id, outage: "O", what, tapped_at: at(minute), order: minute, late_min: null, reason: "", state: "waiting", received_at: null, says: [], ...more };
}

const job = (...entries: FieldEntry[]): Job => ({ outage: "O", entries }) as unknown as Job;

describe("a job on the phone", () => {
  it("shows each tap once: what the service has wins over the copy here", () => {
    const all = taps(job(entry("a", "arrived", 0)), [queued("a", "arrived", 0, { state: "sent" }), queued("b", "released", 5)]);
    expect(all.map((tap) => [tap.id, tap.standing])).toEqual([["a", "sent"], ["b", "waiting"]]);
  });

  it("shows nothing of another job", () => {
    expect(taps(job(), [queued("a", "arrived", 0, { outage: "P" })])).toEqual([]);
  });

  it("asks for the step after the highest, and offers those left out besides", () => {
    const steps = ladder(taps(job(entry("a", "arrived", 0), entry("b", "isolated", 4)), []));
    expect(nextStep(steps)).toBe("done");
    expect(otherSteps(steps)).toEqual(["released", "clear"]);
    expect(nextStep(ladder(taps(job(), [])))).toBe("arrived");
    expect(nextStep(ladder(taps(job(...LADDER.map((what, k) => entry(what, what, k))), [])))).toBeNull();
  });

  it("keeps the first tap of a step on the ladder, and second ones, delays and refused ones besides", () => {
    const all = taps(job(entry("b", "arrived", 3, { to_look: true })), [
      queued("a", "arrived", 1), queued("c", "late", 4), queued("d", "released", 5, { state: "refused", says: ["no"] }),
    ]);
    expect(ladder(all)[0]!.tap!.id).toBe("a");
    expect(ladder(all)[1]!.tap).toBeNull();
    expect(besides(all).map((tap) => [tap.id, tap.standing])).toEqual([["b", "look"], ["c", "waiting"], ["d", "refused"]]);
  });

  it("says of an entry what it stands for: for a person, looked at, sent", () => {
    const all = taps(job(entry("a", "arrived", 0, { to_look: true }), entry("b", "released", 1, { seen_by: "roy" })), [
      queued("c", "isolated", 2, { state: "sent", says: ["twice"] }), queued("d", "late", 3, { state: "sent" }),
    ]);
    expect(all.map((tap) => tap.standing)).toEqual(["look", "seen", "look", "look"]);
  });
});

describe("the queue", () => {
  it("sends in the order of the taps, though the clock stood still or was set back", () => {
    const some = [queued("b", "released", 0, { order: 2 }), queued("a", "arrived", 0, { order: 1 }), queued("c", "done", 0, { order: 3, state: "sent" })];
    expect(waiting(some).map((one) => one.id)).toEqual(["a", "b"]);
    expect(inOrder(some).map((one) => one.id)).toEqual(["a", "b", "c"]);
    expect(nextOrder(some, 1)).toBe(4);
    expect(nextOrder([], 9)).toBe(9);
  });

  it("lets go only of what was sent and is there", () => {
    const some = [queued("a", "arrived", 0, { state: "sent" }), queued("b", "released", 1), queued("c", "done", 2, { state: "sent" })];
    expect(arrived(some, [job(entry("a", "arrived", 0), entry("b", "released", 1))]).map((one) => one.id)).toEqual(["a"]);
  });

  it("says how late in words", () => {
    expect([30, 60, 90, 1440].map(late)).toEqual(["30 min", "1 h", "90 min", "24 h"]);
  });
});
