import { describe, expect, it } from "vitest";

import type { Outage } from "../src/lib/types";
import { inPile, labelOf, nextStep, PILES } from "../src/lib/words";

const NOW = "2027-02-01T15:00Z";
const outage = (state: string, status = "none", start = "2027-02-10T05:00Z", end = "2027-02-11T05:00Z"): Outage => ({
  id: "OTG-AAAAAAAA", state, status, window: { start, end }, stamp: NOW, filed_at: NOW, requester: "ann", revision: 1,
  decision_id: null, conditions: [], actual_start: null, actual_end: null,
  request: { external_id: "W", organisation: "TO-1", category: "transmission", kind: "planned", nature: "LM", assets: ["branch:1"], window: { start, end } },
});
const STATES = ["draft", "submitted", "validated", "in_study", "negotiating", "decided", "opportunity_waiting", "active", "pending_complete", "completed", "closed", "withdrawn", "cancelled", "expired"];
const STATUSES = ["none", "pre_approved", "approved", "approved_with_conditions", "at_risk", "denied", "revoked", "recalled", "accepted_exempt", "accepted_not_exempt"];

describe("what a state means", () => {
  it("has a word and a mark for every state, and for every status of what is decided", () => {
    for (const state of STATES) if (state !== "decided") expect(labelOf(outage(state), NOW).mark).not.toBe("?");
    for (const status of STATUSES) if (status !== "none") expect(labelOf(outage("decided", status), NOW).mark).not.toBe("?");
  });
  it("calls late what is not back in time", () => {
    const late = outage("active", "approved", "2027-01-30T05:00Z", "2027-02-01T14:00Z");
    expect(labelOf(late, NOW)).toMatchObject({ word: "Late back", tone: "red" });
    expect(nextStep(late, NOW)).toEqual({ turn: "owner", says: "Report the return, due 1 h ago" });
  });
  it("knows whose turn it is", () => {
    expect(nextStep(outage("in_study"), NOW).turn).toBe("operator");
    expect(nextStep(outage("negotiating"), NOW).turn).toBe("owner");
    expect(nextStep(outage("decided", "approved"), NOW)).toEqual({ turn: "nobody", says: "Starts in 9 d" });
    expect(nextStep(outage("decided", "approved", "2027-02-01T10:00Z"), NOW).turn).toBe("operator");
    expect(nextStep(outage("closed", "approved"), NOW).turn).toBe("nobody");
  });
  it("puts all in the first pile and each where it is looked for", () => {
    for (const state of STATES) for (const status of STATUSES) expect(inPile(outage(state, status), "all", NOW)).toBe(true);
    const piles = (one: Outage) => PILES.map(([key]) => key).filter((key) => key !== "all" && inPile(one, key, NOW));
    expect(piles(outage("decided", "approved"))).toEqual(["granted"]);
    expect(piles(outage("decided", "denied"))).toEqual(["turn", "refused"]);
    expect(piles(outage("in_study"))).toEqual(["operator"]);
    expect(piles(outage("closed", "approved"))).toEqual(["over"]);
  });
});
