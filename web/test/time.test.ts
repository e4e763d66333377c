import { describe, expect, it } from "vitest";

import { addDays, away, day, fromField, hours, lasts, market, span, toField, weekday } from "../src/lib/time";

describe("market time", () => {
  it("is UTC-5 in summer and in winter", () => {
    expect(market("2027-08-17T13:00Z")).toBe("2027-08-17 08:00");
    expect(market("2027-01-17T13:00Z")).toBe("2027-01-17 08:00");
    expect(market("2027-03-14T07:30Z")).toBe("2027-03-14 02:30"); // the hour that local clocks skip
  });
  it("leaves a label that is no instant as it is", () => {
    expect(market("P90 load 2027-W33")).toBe("P90 load 2027-W33");
    expect(market(null)).toBe("");
  });
  it("goes to a field and back, whatever the zone of the machine", () => {
    for (let h = 0; h < 24 * 366; h += 7) {
      const instant = new Date(Date.UTC(2027, 0, 1, h)).toISOString();
      expect(Date.parse(fromField(toField(instant))!)).toBe(Date.parse(instant));
    }
  });
  it("takes no field that holds no time", () => {
    for (const text of ["", "2027-13-01T00:00", "tomorrow", "2027-01-01"]) expect(fromField(text)).toBeNull();
  });
});

describe("what a person reads", () => {
  it("names the day of the end only where it is another", () => {
    expect(span({ start: "2027-08-17T13:00Z", end: "2027-08-17T23:00Z" })).toBe("Tue 2027-08-17 08:00 → 18:00 EST");
    expect(span({ start: "2027-08-17T05:00Z", end: "2027-08-18T05:00Z" })).toBe("Tue 2027-08-17 00:00 → Wed 2027-08-18 00:00 EST");
  });
  it("says how long and how far", () => {
    expect(lasts({ start: "2027-08-17T13:00Z", end: "2027-08-17T23:30Z" })).toBe("10 h 30 min");
    expect([hours(47), hours(48), hours(76)]).toEqual(["47 h", "2 d", "3 d 4 h"]);
    expect(away("2027-02-10T05:00Z", "2027-02-01T15:00Z")).toBe("in 9 d");
    expect(away("2027-02-01T14:30Z", "2027-02-01T15:00Z")).toBe("30 min ago");
  });
  it("knows days", () => {
    expect(weekday("2027-02-10T04:59Z")).toBe("Tue");
    expect(day("2027-02-10T04:59Z")).toBe("2027-02-09");
    expect(addDays("2027-02-28", 1)).toBe("2027-03-01");
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  });
});
