import { describe, expect, it } from "vitest";
import { became, credits, isOpen, movable, shift, terms } from "../src/lib/plan";
import type { Offer, Outage } from "../src/lib/types";

const offer = (changes: Partial<Offer>): Offer => ({ became: "offered", maker: "operator", ...changes }) as Offer;
const outage = (changes: object, request: object = {}): Outage =>
  ({ state: "decided", status: "approved", window: { start: "2027-02-10T05:00Z", end: "2027-02-11T05:00Z" }, request: { kind: "planned", ...request }, ...changes }) as unknown as Outage;

describe("offers", () => {
  it("are open until somebody has settled them", () => {
    expect(isOpen(offer({}))).toBe(true);
    expect(isOpen(offer({ became: "countered" }))).toBe(true);
    for (const word of ["accepted", "declined", "withdrawn", "lapsed", "fell_through"] as const) {
      expect(isOpen(offer({ became: word }))).toBe(false);
      expect(became(offer({ became: word })).word).not.toBe("");
    }
  });
  it("say what they cost: between owners no credits", () => {
    expect(terms(offer({ maker: "TO-1" }))).toContain("No credits");
    expect(terms(offer({}))).toContain("exemption stay");
  });
  it("tell a shift in days, and in hours where it is none", () => {
    expect(shift({ start: "2027-02-10T05:00Z" }, { start: "2027-02-12T05:00Z" })).toBe("+2 d");
    expect(shift({ start: "2027-02-10T05:00Z" }, { start: "2027-02-10T02:00Z" })).toBe("−3 h");
    expect(shift({ start: "2027-02-10T05:00Z" }, null)).toBe("");
  });
});

describe("movable", () => {
  const now = "2027-02-01T15:00Z";
  it("is what waits or stands by itself, ahead", () => {
    expect(movable(outage({}), now)).toBe(true);
    expect(movable(outage({ state: "active" }), now)).toBe(false);
    expect(movable(outage({ status: "denied" }), now)).toBe(false);
    expect(movable(outage({}, { group: "spring" }), now)).toBe(false);
    expect(movable(outage({}), "2027-02-10T06:00Z")).toBe(false);
  });
});

describe("credits", () => {
  it("are written from thousandths", () => expect(credits(-1_234_500)).toBe("-1,234.5"));
});
