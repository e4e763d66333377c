import { describe, expect, it } from "vitest";

import { extremes, HEIGHT, picture, range, series, ticks, valueOf, WIDTH } from "../src/draw/loadings";
import { CHANGE, cut, facts, fromQuery, inWords, nothing, pairRows, same, toQuery, worst, type Study, type StudyHour } from "../src/lib/study";
import type { Crossing } from "../src/lib/types";

const pair = (element: string, contingency: string | null, percent: number): Crossing => ({
  element, contingency, percent, hour: "2027-02-10T05:00Z", flow_mw: percent, limit_mw: 100, without_mw: 50, caused: "new",
});
const hour = (h: number, after: number | null, before = 50): StudyHour => ({
  hour: `2027-02-10T${String(h).padStart(2, "0")}:00Z`, out: 0, before: { element: "branch:1", percent: before, without_percent: 40 },
  before_without: { element: "branch:1", percent: 40, without_percent: null }, after: after === null ? null : pair("branch:2", "branch:3", after),
  margin: { row: "footprint P50", with_mw: 100 - h * 10, without_mw: 200 },
});
const study = (over: Partial<Study> = {}): Study => ({
  id: "W-1", outage: { id: "OTG-A", external_id: "x", organisation: "TO-1", assets: ["branch:3"] }, window: { start: "", end: "" },
  supposed: nothing(), as_of: "", book_version: 1, outcome: "approve", rules: [], decisive: [], against: null, missing: [], notes: [], versions: {},
  contingencies: [], study: { digest: "", points: 24, contingencies: 9, monitored: 9, unrated: 0, synthetic: 0, old: 0, shortfall_mw: 0 },
  pairs: [], pairs_found: 0, shown_percent: 95, near: [], near_found: 0, islands: [], islands_found: 0, voltage: null, remedy: null, margin: null,
  hours: [], points: 0, moved: [], holding: [], queue: [], group: [], beside_found: 0, ...over,
});

describe("what is supposed", () => {
  const much = {
    without: ["OTG-B", "OTG-C"], beside: ["OTG-D"], added: [{ assets: ["branch:1", "gen:2"], window: { start: "2027-02-10T00:00-05:00", end: "2027-02-11T00:00-05:00" } }],
    window: { start: "2027-03-01T05:00Z", end: "2027-03-02T05:00Z" }, redispatch: false, after: "A" as const, as_decided: false,
  };
  it("goes into an address and comes back", () => {
    for (const one of [nothing(), much, { ...nothing(), as_decided: true, after: "C" as const }]) {
      const words = new URLSearchParams(Object.entries(toQuery(one)).filter(([, value]) => value));
      expect(fromQuery(words)).toEqual(one);
      expect(same(fromQuery(words), one)).toBe(true);
    }
    expect(same(much, nothing())).toBe(false);
  });
  it("reads an address that somebody broke as far as it can be read", () => {
    expect(fromQuery(new URLSearchParams("after=Z&start=soon&end=later&added=branch:1,x;;&redispatch=maybe"))).toEqual(nothing());
  });
  it("is said in words, and nothing too", () => {
    expect(inWords(nothing(), (a) => a)).toEqual(["as it is"]);
    const said = inWords(much, (a) => `<${a}>`).join("; ");
    for (const part of ["without OTG-B", "OTG-D out besides", "<branch:1>, <gen:2> out besides", "no redispatch", "rate A"]) expect(said).toContain(part);
  });
});

describe("two studies side by side", () => {
  const a = study({ pairs: [pair("branch:1", "branch:9", 120), pair("branch:2", "branch:9", 105)], pairs_found: 2, near: [pair("branch:4", "branch:9", 95)], near_found: 1 });
  const b = study({ pairs: [pair("branch:1", "branch:9", 110)], pairs_found: 1, near: [pair("branch:2", "branch:9", 99), pair("branch:5", "branch:9", 91)], near_found: 2, outcome: "refer" });
  const of = (what: string, x = a, y = b) => facts(x, y).find((f) => f.what === what)!;
  it("tells each pair that is over or near in either, the worst first", () => {
    expect(pairRows(a, b).map((r) => [r.element, r.change])).toEqual([["branch:1", "less"], ["branch:2", "less"], ["branch:4", "gone"], ["branch:5", "new"]]);
    expect(pairRows(a, a).every((r) => r.change === "same")).toBe(true);
    expect(pairRows(a, a)).toHaveLength(3);
  });
  it("is its own mirror", () => {
    const turned = { less: "more", more: "less", gone: "new", new: "gone", same: "same", other: "other" };
    expect(pairRows(b, a).map((r) => r.change)).toEqual(pairRows(a, b).map((r) => turned[r.change]));
    expect(facts(b, a).map((f) => f.change)).toEqual(facts(a, b).map((f) => turned[f.change]));
  });
  it("counts, and takes what was not studied for not known", () => {
    expect(of("Pairs over a limit")).toMatchObject({ a: "2", b: "1", change: "less" });
    expect(of("What the rule book says").change).toBe("other");
    expect(of("Worst after a contingency")).toMatchObject({ a: "120.0 %", b: "110.0 %" });
    const not = study({ study: null, missing: ["its start has passed"] });
    expect(of("Pairs over a limit", a, not)).toMatchObject({ b: "not known", change: "other" });
    expect(of("Pairs over a limit", not, not).change).toBe("same");
    expect(of("What the rule book says", a, not).b).toContain("not studied whole");
  });
  it("says of a margin that it is less where it is less", () => {
    const least = (n: number) => study({ margin: { least: { day: "", row: "", with_mw: n, without_mw: 0 }, hurt: [] } });
    expect(of("Least margin", least(100), least(40))).toMatchObject({ a: "100.0 MW", b: "40.0 MW", change: "less" });
    expect(CHANGE.less.word).toBe("less in B");
  });
  it("has a mark and a word for every change, no two the same", () => {
    const all = Object.values(CHANGE);
    expect(new Set(all.map((c) => c.mark)).size).toBe(all.length);
    expect(new Set(all.map((c) => c.word)).size).toBe(all.length);
  });
  it("says how much was left out", () => {
    expect(cut(a)).toEqual([]);
    expect(cut(study({ pairs_found: 7, points: 400, beside_found: 3 }))).toEqual(["7 more pairs over a limit", "of 400 operating points the worst of each day", "3 more outages beside it"]);
  });
  it("finds the worst after a contingency, near or over", () => {
    expect(worst(study())).toBeNull();
    expect(worst(b)?.element).toBe("branch:1");
    expect(worst(study({ near: [pair("branch:7", "branch:1", 93)] }))?.percent).toBe(93);
  });
});

describe("the picture of the hours", () => {
  const hours = [hour(5, 96), hour(6, 108), hour(7, null), hour(8, 101), { ...hour(9, 130), hour: "P90 load 2027-W06" }];
  const a = study({ hours });
  const label = (t: number) => new Date(t).toISOString().slice(11, 16);
  it("has a point for every hour that has a value, inside the frame, and breaks where there is none", () => {
    const line = picture(a, null, "after", label).lines[0]!;
    expect(line.path.match(/[ML]/g)).toEqual(["M", "L", "M"]);
    expect(line.over).toHaveLength(2);
    expect(line.alone).toHaveLength(1);
    for (const [, x, y] of line.path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)) {
      expect(+x!).toBeGreaterThanOrEqual(0);
      expect(+x!).toBeLessThanOrEqual(WIDTH);
      expect(+y!).toBeGreaterThanOrEqual(0);
      expect(+y!).toBeLessThanOrEqual(HEIGHT);
    }
  });
  it("puts what is over the limit above its line, and a margin below zero under it", () => {
    const drawn = picture(a, null, "after", label);
    for (const at of drawn.lines[0]!.over) expect(at.y).toBeLessThan(drawn.limit);
    const short = picture(study({ hours: [{ ...hour(5, null), margin: { row: "x", with_mw: -20, without_mw: 10 } }] }), null, "margin", label);
    const mine = short.lines.find((l) => l.name === "A")!;
    expect(mine.over).toHaveLength(1);
    expect(mine.over[0]!.y).toBeGreaterThan(short.limit);
  });
  it("leaves the extremes to the table, which has them all", () => {
    expect(extremes(hours).map((h) => h.hour)).toEqual(["P90 load 2027-W06"]);
    expect(series(hours, (h) => valueOf(h, "after"))).toHaveLength(4);
  });
  it("draws both of two, and the same against itself twice the same", () => {
    const both = picture(a, a, "before", label).lines;
    expect(both.map((l) => l.name)).toEqual(["A", "B"]);
    expect(both[0]!.path).toBe(both[1]!.path);
    expect(picture(a, null, "before", label).lines.map((l) => l.name)).toEqual(["without", "A"]);
  });
  it("says that it is empty where nothing has a value", () => {
    expect(picture(study(), null, "after", label)).toMatchObject({ empty: true, lines: [], xs: [] });
    expect(picture(study({ hours: [hour(5, null)] }), null, "after", label).empty).toBe(true);
  });
  it("names whole hours below it, the first and the last among them", () => {
    const day = study({ hours: Array.from({ length: 24 }, (_, h) => hour(h, 96)) });
    const said = picture(day, null, "after", label).xs.map((tick) => tick.label);
    expect(said).toEqual(["00:00", "08:00", "15:00", "23:00"]);
    expect(picture(study({ hours: [hour(5, 96)] }), null, "after", label).xs.map((tick) => tick.label)).toEqual(["05:00"]);
  });
  it("has round numbers beside it, few of them, and never a frame of no height", () => {
    for (const [low, high] of [[95, 131], [-40, 2300], [99, 101]] as [number, number][]) {
      const found = ticks(low, high);
      expect(found.length).toBeGreaterThan(1);
      expect(found.length).toBeLessThan(8);
      for (const t of found) expect(t >= low && t <= high).toBe(true);
    }
    for (const [low, high] of [range([], 100), range([100], 100), range([0], 0)]) expect(high).toBeGreaterThan(low);
  });
});
