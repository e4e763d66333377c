import { describe, expect, it } from "vitest";

import { bindingOf, chartOf, leastDay, mw, ticksOf, weeksOf, type Frame, type Place, type Posting } from "../src/lib/margin";

const DAYS = 16;
const margin = [50, 40, 30, 20, 10, 60, 70, 5, -15, 8, 9, 90, 91, 92, 44, 41];
const place: Place = {
  place: "LRZ1", scope: "zone", margin_mw: margin, limit_mw: margin.map((m) => m + 100), methods: ["deterministic P90", "network-limited P50", "odd"],
  method: margin.map((_, d) => (d === 8 ? 1 : d === 15 ? 2 : 0)), short_days: 1, closed_days: 0, lole_d: [0.01],
  weeks: [
    { day: "2027-03-05", p10_mw: -40, p50_mw: 60, p90_mw: 160 }, { day: "2027-03-09", p10_mw: -60, p50_mw: 20, p90_mw: 120 },
    { day: "2027-03-16", p10_mw: null, p50_mw: null, p90_mw: null },
  ],
};
const posting: Posting = {
  at: "2027-03-01T06:00:00+00:00", age_h: 3, rule_book: "miso-demo-1", book_version: 4, forecast: null, scenarios: 400, weather_years: 40, first: "2027-03-01",
  days: DAYS, places: [place], unknown: [], notes: [],
};
const frame: Frame = { width: 600, height: 300, left: 60, right: 10, top: 10, bottom: 30 };
/** The points of a path. */
const points = (path: string) => path.replace(/^M|Z$/g, "").split("L").map((pair) => pair.split(" ").map(Number) as [number, number]);

describe("the posted margin", () => {
  it("gives each week its least day, what binds then and the bands of that day", () => {
    const rows = weeksOf(posting, place);
    expect(rows.map((row) => [row.from, row.day, row.margin])).toEqual([["2027-03-01", "2027-03-05", 10], ["2027-03-08", "2027-03-09", -15], ["2027-03-15", "2027-03-16", 41]]);
    expect(rows[1]!.binding).toBe("what can be imported (P50)");
    expect(rows[0]!.limit).toBe(110);
    expect(leastDay(place)).toBe(8);
  });

  it("shows a method that it does not know by its own name", () => {
    expect(bindingOf(place, 15)).toBe("odd");
    expect(bindingOf(place, 99)).toBe("");
  });

  it("draws every day once, more megawatts higher up, and zero where zero is", () => {
    const found = chartOf(posting, place, frame);
    const line = points(found.margin);
    expect(line).toHaveLength(DAYS);
    expect(line[0]![0]).toBe(60);
    expect(line.at(-1)![0]).toBe(590);
    margin.forEach((value, d) => margin.forEach((other, e) => value > other && expect(line[d]![1]).toBeLessThan(line[e]![1] + 1e-9)));
    expect(found.short.match(/M/g)).toHaveLength(1);
    expect(found.ticks.find((tick) => tick.mw === 0)!.y).toBeCloseTo(found.zero, 9);
    for (const [, y] of [...line, ...points(found.limit)]) {
      expect(y).toBeGreaterThanOrEqual(10);
      expect(y).toBeLessThanOrEqual(270);
    }
  });

  it("draws bands on the days they are of, and none where there are none", () => {
    const found = chartOf(posting, place, frame);
    const area = points(found.band);
    expect(area).toHaveLength(4);
    const [x0, x1] = [area[0]![0], area[1]![0]];
    expect(x0).toBeCloseTo(60 + (530 * 4) / 15, 0);
    expect(x1).toBeCloseTo(60 + (530 * 8) / 15, 0);
    expect(area[0]![1]).toBeGreaterThan(area[3]![1]);
    const bare = { ...place, weeks: place.weeks.map((week) => ({ ...week, p10_mw: null })) };
    expect(chartOf(posting, bare, frame)).toMatchObject({ band: "", middle: "" });
  });

  it("has round ticks that cover the span", () => {
    for (const [low, high] of [[-60, 191], [0, 0], [-3, 4], [0, 183_000]] as const) {
      const ticks = ticksOf(low, high);
      expect(ticks[0]).toBeLessThanOrEqual(low);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
      expect(ticks.length).toBeLessThan(10);
      expect(ticks).toContain(0);
    }
  });

  it("leaves months out where there is little room, and says nothing of what is not known", () => {
    const long = { ...posting, days: 730, places: [place] };
    expect(chartOf(long, place, frame).months.length).toBeLessThan(10);
    expect(chartOf(long, place, { ...frame, width: 2600 }).months.length).toBeGreaterThan(20);
    expect([mw(null), mw(-12345)]).toEqual(["", "-12,345"]);
  });
});
