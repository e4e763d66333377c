import { describe, expect, it } from "vitest";

import { chanceOf, drawnBy, momentOf, percentOf, ranked, stepOf, STEPS, type StormLayer, type StormLine } from "../src/lib/storm";

const HOURS = ["2027-04-05T12:00:00+00:00", "2027-04-05T13:00:00+00:00", "2027-04-05T14:00:00+00:00"];
const line = (asset: string, row: number, by_hour: number[]): StormLine => ({ asset, line: row, name: asset, peril: "wind", gust_ms: 30, by_hour });
const storm: StormLayer = {
  id: "S-1", source: "gale.csv", issued: "2027-04-04T00:00:00+00:00", hours: HOURS, calibrated: false, warning: "UNCALIBRATED", own_only: false,
  lines_seen: 9, more: 0, expected_lost: [0, 0.1, 0.5],
  lines: [line("branch:10", 3, [0, 0.02, 0.3]), line("branch:9", 4, [0, 0.02, 0.04]), line("branch:2", 3, [0.0005, 0.06, 0.06])],
};

describe("a storm by hour", () => {
  it("shows nothing before it, the end of each hour during it, and all of it after", () => {
    const at = (text: string) => momentOf(storm, Date.parse(text));
    expect(at("2027-04-05T11:00Z")).toEqual({ hour: -1, says: "before" });
    expect(at("2027-04-05T12:00Z")).toEqual({ hour: 0, says: "during" });
    expect(at("2027-04-05T14:59Z")).toEqual({ hour: 2, says: "during" });
    expect(at("2027-04-05T15:00Z")).toEqual({ hour: 2, says: "after" });
    expect(momentOf({ hours: [] }, 0)).toEqual({ hour: -1, says: "before" });
    expect(chanceOf(storm.lines[0]!, -1)).toBe(0);
  });

  it("ranks lines by the chance of that hour, and numbers count as numbers", () => {
    expect(ranked(storm, 1).map((row) => row.one.asset)).toEqual(["branch:2", "branch:9", "branch:10"]);
    expect(ranked(storm, 2)[0]!.one.asset).toBe("branch:10");
    expect(ranked(storm, 0)).toEqual([]);
    expect(ranked(storm, -1)).toEqual([]);
  });

  it("draws circuits of one line as their likeliest, each line once", () => {
    const found = drawnBy(ranked(storm, 2));
    expect(found.map((rows) => rows.length)).toEqual([0, 1, 0, 1]);
    expect(found[3]).toEqual([3]);
    expect(found[1]).toEqual([4]);
  });

  it("has steps that widen with the chance and leave no gap", () => {
    STEPS.forEach((one, k) => k && expect(one.width).toBeGreaterThan(STEPS[k - 1]!.width));
    expect([0, 0.0009, 0.001, 0.0099, 0.01, 0.05, 0.19, 0.2, 1].map(stepOf)).toEqual([-1, -1, 0, 0, 1, 2, 2, 3, 3]);
  });

  it("says small chances with a decimal and large ones whole", () => {
    expect([0.0012, 0.099, 0.1, 0.416].map(percentOf)).toEqual(["0.1 %", "9.9 %", "10 %", "42 %"]);
  });
});
