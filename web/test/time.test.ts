import { describe, expect, it } from "vitest";

import { addDays, away, day, fromField, hours, lasts, market, span, toField, weekday } from "../src/lib/time";

describe("market time", () => {
  it("is UTC-5 in winter and in summer", () => {
    expect(market("2027-01-15T13:00Z")).toBe("2027-01-15 08:00");
    expect(market("2027-07-15T13:00Z")).toBe("2027-07-15 08:00");
  });

  it("leaves a label that is no instant as it is", () => {
    expect(market("P90 load 2027-W33")).toBe("P90 load 2027-W33");
    expect(market(null)).toBe("");
  });

  it("comes back from a field as it went in, whatever the browser's own zone", () => {
    for (const instant of ["2027-03-14T07:30:00Z", "2027-11-07T06:30:00Z", "2028-02-29T04:59:00Z"])
      expect(Date.parse(fromField(toField(instant))!)).toBe(Date.parse(instant));
  });

  it("refuses a field that holds no time", () => {
    expect(fromField("")).toBeNull();
    expect(fromField("2027-02-30")).toBeNull();
    expect(fromField("tomorrow")).toBeNull();
  });

  it("names the day of the market, not of Greenwich", () => {
    expect(day("2027-08-18T03:00Z")).toBe("2027-08-17");
    expect(weekday("2027-08-18T03:00Z")).toBe("Tue");
  });

  it("says the day of the end only where it is another", () => {
    expect(span({ start: "2027-08-17T13:00Z", end: "2027-08-17T23:00Z" })).toBe("Tue 2027-08-17 08:00 → 18:00 EST");
    expect(span({ start: "2027-08-17T13:00Z", end: "2027-08-18T23:00Z" })).toBe("Tue 2027-08-17 08:00 → Wed 2027-08-18 18:00 EST");
  });

  it("counts days over the end of a month and of a leap February", () => {
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
    expect(addDays("2027-12-31", 1)).toBe("2028-01-01");
    expect(addDays("2027-03-01", -1)).toBe("2027-02-28");
  });

  it("says durations as a person does", () => {
    expect(hours(10)).toBe("10 h");
    expect(hours(76)).toBe("3 d 4 h");
    expect(hours(Number.NaN)).toBe("");
    expect(lasts({ start: "2027-08-17T13:00Z", end: "2027-08-17T23:30Z" })).toBe("10.5 h");
    expect(away("2027-01-13T00:00Z", "2027-01-01T00:00Z")).toBe("in 12 d");
    expect(away("2027-01-01T00:00Z", "2027-01-01T03:00Z")).toBe("3 h ago");
  });
});
