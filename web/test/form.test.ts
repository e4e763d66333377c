import { describe, expect, it } from "vitest";

import { document, EMPTY, faults, fieldOf, reference, type Typed } from "../src/lib/form";
import { inPile, labelOf, nextStep, PILES } from "../src/lib/words";
import type { Outage } from "../src/lib/types";

const full: Typed = { ...EMPTY, assets: ["branch:12"], start: "2027-04-05T08:00", end: "2027-04-05T18:00", nature: "LM" };

describe("the request form", () => {
  it("has no fault where all is said, and names each field that is not", () => {
    expect(faults(full)).toEqual([]);
    expect(faults(EMPTY).map((f) => f.field)).toEqual(["assets", "window.start", "window.end", "nature"]);
    expect(faults({ ...full, end: "2027-04-05T07:00" }).map((f) => f.field)).toEqual(["window.end"]);
    expect(faults({ ...full, recall: "soon" }).map((f) => f.field)).toEqual(["recall_h"]);
    expect(faults({ ...full, contact: "ann" }).map((f) => f.field)).toEqual(["contacts"]);
    for (const one of faults(EMPTY)) expect(one.fix).toBeTruthy();
  });

  it("writes instants with the market's offset, and nothing for what is empty", () => {
    const found = document({ ...full, recall: "" }, "TO-1");
    expect(found.window).toEqual({ start: "2027-04-05T08:00-05:00", end: "2027-04-05T18:00-05:00" });
    expect(found.recall_h).toBeNull();
    expect(found.earliest_start).toBeNull();
    expect(found.contacts).toEqual([]);
    expect(found.category).toBe("transmission");
    expect(document({ ...full, assets: ["gen:3"] }, "GO-1").category).toBe("generation");
  });

  it("gives the same ask the same reference", () => {
    expect(reference(full)).toBe(reference({ ...full }));
    expect(reference({ ...full, reference: " W-7 " })).toBe("W-7");
  });

  it("shows a fault of the service at its field, or among the loose ones", () => {
    expect(fieldOf("window")).toBe("window.start");
    expect(fieldOf("contacts[0].phone")).toBe("contacts");
    expect(fieldOf("organisation")).toBe("");
    expect(fieldOf(null)).toBe("");
  });
});

const outage = (state: string, status: string, start = "2027-05-01T00:00Z", end = "2027-05-02T00:00Z") =>
  ({ state, status, window: { start, end }, request: { assets: [] } }) as unknown as Outage;
const NOW = "2027-04-01T00:00Z";
const STATES = ["draft", "submitted", "validated", "in_study", "negotiating", "decided", "opportunity_waiting", "active", "pending_complete",
  "completed", "closed", "withdrawn", "cancelled", "expired"];
const STATUSES = ["none", "pre_approved", "approved", "approved_with_conditions", "at_risk", "denied", "revoked", "recalled", "accepted_exempt",
  "accepted_not_exempt"];

describe("whose turn it is", () => {
  it("has a mark, a word and a next step for every state and status of the lifecycle", () => {
    for (const state of STATES)
      for (const status of STATUSES) {
        const one = outage(state, status);
        expect(labelOf(one, NOW).word, `${state} ${status}`).toBeTruthy();
        expect(labelOf(one, NOW).mark).not.toBe(state === "decided" && (status === "none" || status === "recalled") ? "" : "?");
        expect(["owner", "operator", "nobody"]).toContain(nextStep(one, NOW).turn);
      }
  });

  it("says late only of what is out past its end", () => {
    expect(labelOf(outage("active", "approved", "2027-03-01T00:00Z", "2027-03-02T00:00Z"), NOW).word).toBe("Late back");
    expect(labelOf(outage("active", "approved"), NOW).word).toBe("Out now");
  });

  it("puts each request into one pile beside all", () => {
    for (const state of STATES)
      for (const status of STATUSES) {
        const piles = PILES.filter(([key]) => key !== "all" && inPile(outage(state, status), key, NOW));
        if (piles.some(([key]) => key === "over")) expect(piles.length, `${state} ${status}`).toBe(1);
      }
  });
});
