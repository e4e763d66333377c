import { describe, expect, it } from "vitest";

import { arrange, AXIS, barOf, barsIn, counts, draw, hit, moved, packed, rowsIn, showing, ticks, timeAt, xOf, zoomed, type Bar, type Named, type Palette, type View } from "../src/draw/gantt";
import { DAY_MS, HOUR_MS, market } from "../src/lib/time";

const T0 = Date.parse("2027-02-01T05:00Z");

/** A season that is the same each time: a linear congruential generator, so that no test depends on luck. */
function season(count: number, days = 400): Bar[] {
  let seed = 12345;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  return Array.from({ length: count }, (_, k) => {
    const start = T0 + Math.floor(random() * days * 24) * HOUR_MS;
    return { id: `O${k}`, start, end: start + (4 + Math.floor(random() ** 3 * 700)) * HOUR_MS, look: (["granted", "asked", "out", "over", "amber", "red"] as const)[k % 6]!, mark: "✓", text: `line ${k}` };
  });
}
function named(bars: Bar[], groups: number): Named[] {
  return Array.from({ length: groups }, (_, g) => ({ name: `TO-${g}`, bars: bars.filter((_, k) => k % groups === g) }));
}
const open = () => false;
const view = (more: Partial<View> = {}): View => ({ width: 1200, height: 600, top: 0, from: T0, to: T0 + 31 * DAY_MS, ...more });

describe("the lanes", () => {
  it("hold every bar once, none over another, and no more lanes than are out at once", () => {
    const bars = season(800);
    const lanes = packed(bars);
    expect(lanes.flat().length).toBe(800);
    for (const lane of lanes) for (let k = 1; k < lane.length; k += 1) expect(lane[k]!.start).toBeGreaterThanOrEqual(lane[k - 1]!.end);
    const most = Math.max(...bars.map((bar) => bars.filter((other) => other.start <= bar.start && bar.start < other.end).length));
    expect(lanes.length).toBe(most);
  });
  it("lie below one another, and each bar is found where it was put", () => {
    const model = arrange(named(season(500), 7), (name) => name === "TO-3");
    model.rows.forEach((row, k) => expect(row.y).toBe(k ? model.rows[k - 1]!.y + model.rows[k - 1]!.h : AXIS));
    expect(model.groups[3]!.folded).toBe(true);
    expect(model.where.size).toBe(500);
    for (const id of model.where.keys()) expect(barOf(model, id)!.id).toBe(id);
  });
});

describe("what is in view", () => {
  it("is what looking at each would find", () => {
    const model = arrange(named(season(2000), 9), open);
    for (const top of [0, 333, 1500, 99999]) {
      const [from, before] = rowsIn(model, view({ top }));
      model.rows.forEach((row, k) => expect(k >= from && k < before).toBe(row.y + row.h > top + AXIS && row.y < top + 600));
    }
    const lane = model.groups[0]!.lanes[0]!;
    for (let d = 0; d < 400; d += 13) {
      const at = view({ from: T0 + d * DAY_MS, to: T0 + (d + 7) * DAY_MS });
      const [from, before] = barsIn(lane, at);
      lane.forEach((bar, k) => expect(k >= from && k < before).toBe(bar.end > at.from && bar.start < at.to));
    }
  });
  it("is all that is drawn, of 25,000 as of 500, and each alarm has its mark", () => {
    const texts: string[] = [];
    let rectangles = 0;
    const ctx = new Proxy({}, {
      get: (_, name) => (name === "fillText" ? (text: string) => texts.push(text) : name === "fillRect" ? () => (rectangles += 1) : name === "measureText" ? (text: string) => ({ width: text.length * 6 }) : () => {}),
      set: () => true,
    }) as CanvasRenderingContext2D;
    const colour = new Proxy({}, { get: () => "#000" }) as Palette;
    const model = arrange(named(season(25_000), 40), open);
    const at = view({ from: T0 + 100 * DAY_MS, to: T0 + 131 * DAY_MS });
    const drawn = draw(ctx, model, at, T0 + 110 * DAY_MS, "O1", colour);
    let wanted = 0;
    const [from, before] = rowsIn(model, at);
    for (const row of model.rows.slice(from, before)) if (row.kind === "lane") wanted += model.groups[row.group]!.lanes[row.lane]!.filter((b) => b.end > at.from && b.start < at.to).length;
    expect(drawn).toBe(wanted);
    expect(drawn).toBeGreaterThan(20);
    expect(rectangles).toBeLessThan(drawn + 200);
    expect(texts).toContain("May 2027");
    expect(texts.some((text) => text.startsWith("✓"))).toBe(true);
  });
  it("counts in a folded strip as looking at each instant does", () => {
    const bars = season(300, 40);
    const group = arrange([{ name: "a", bars }], open).groups[0]!;
    const at = view({ to: T0 + 32 * DAY_MS });
    // Whole hours: 768 parts of an hour each.
    const found = counts(group, at, 32 * 24);
    found.forEach((count, k) => expect(count).toBe(bars.filter((b) => b.start < T0 + (k + 1) * HOUR_MS && b.end > T0 + k * HOUR_MS).length));
  });
});

describe("pointing", () => {
  it("finds the bar under its middle at every zoom, the head of a group, and nothing beside", () => {
    for (const single of [false, true]) {
      const model = arrange(named(season(200), 5), open, single);
      for (const days of [7, 31, 366]) {
        for (const [id, place] of model.where) {
          const bar = barOf(model, id)!;
          const at = view({ from: (bar.start + bar.end) / 2 - days * DAY_MS * 0.5, to: (bar.start + bar.end) / 2 + days * DAY_MS * 0.5, top: Math.max(0, model.rows[place.row]!.y - 200) });
          const y = model.rows[place.row]!.y - at.top + 10;
          expect(hit(model, xOf((bar.start + bar.end) / 2, model, at), y, at)).toEqual({ bar });
        }
      }
      expect(hit(model, 600, 10, view())).toBeNull();
      expect(hit(model, 600, 5000, view())).toBeNull();
      if (!single) expect(hit(model, 600, AXIS + 5, view())).toEqual({ group: 0 });
      if (single) expect(hit(model, 20, AXIS + 5, view())).toBeNull();
    }
  });
  it("turns places into times and back", () => {
    const model = arrange(named(season(5), 5), open, true);
    for (let x = 230; x < 1200; x += 97) expect(xOf(timeAt(x, model, view()), model, view())).toBeCloseTo(x, 6);
  });
});

describe("keys", () => {
  const model = arrange(named(season(600), 6), open);
  it("lead from bar to bar and stay inside; others are not ours", () => {
    let at = moved(model, null, "ArrowRight", view());
    expect(at).not.toBeNull();
    expect(moved(model, at, "x", view())).toBeNull();
    const seen = new Set([at]);
    for (const key of ["ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"].flatMap((k) => Array<string>(40).fill(k))) {
      at = moved(model, at, key, view());
      expect(model.where.has(at!)).toBe(true);
      seen.add(at);
    }
    expect(seen.size).toBeGreaterThan(60);
  });
  it("go down to the bar nearest in time", () => {
    const bar = (id: string, from: number, to: number): Bar => ({ id, start: T0 + from * DAY_MS, end: T0 + to * DAY_MS, look: "granted", mark: "✓", text: id });
    const two = arrange([{ name: "a", bars: [bar("A", 10, 12)] }, { name: "b", bars: [bar("B1", 0, 2), bar("B2", 9, 10), bar("B3", 20, 21)] }], open);
    expect(moved(two, "A", "ArrowDown", view())).toBe("B2");
    expect(moved(two, "B3", "ArrowUp", view())).toBe("A");
    expect(moved(two, "A", "ArrowUp", view())).toBe("A");
  });
  it("bring what they lead to into view, whole where it fits", () => {
    for (const [id, place] of model.where) {
      const shown = showing(model, id, view());
      const [bar, row] = [barOf(model, id)!, model.rows[place.row]!];
      expect(row.y - shown.top).toBeGreaterThanOrEqual(AXIS);
      expect(row.y + row.h - shown.top).toBeLessThanOrEqual(600);
      expect(bar.start).toBeGreaterThanOrEqual(shown.from);
      expect(bar.start).toBeLessThan(shown.to);
      if (bar.end - bar.start < 29 * DAY_MS) expect(bar.end).toBeLessThanOrEqual(shown.to);
      expect(shown.to - shown.from).toBe(31 * DAY_MS);
    }
  });
});

describe("time", () => {
  it("zooms around an instant, between half a day and two years", () => {
    const at = T0 + 10 * DAY_MS;
    const near = zoomed(view(), 0.5, at);
    expect((at - near.from) / (near.to - near.from)).toBeCloseTo((at - T0) / (31 * DAY_MS), 9);
    let some = view();
    for (let k = 0; k < 30; k += 1) some = zoomed(some, 0.5, at);
    expect(some.to - some.from).toBe(DAY_MS / 2);
    for (let k = 0; k < 60; k += 1) some = zoomed(some, 2, at);
    expect(some.to - some.from).toBe(800 * DAY_MS);
  });
  it("marks market midnights, Mondays and months, a bearable number of them at every zoom", () => {
    const model = arrange(named(season(10), 2), open);
    for (const days of [0.5, 1, 3, 7, 14, 31, 92, 183, 366, 800]) {
      for (const width of [340, 1200]) {
        const { major, minor } = ticks(model, view({ width, to: T0 + days * DAY_MS }));
        expect(major.length).toBeGreaterThan(0);
        expect(major.length + minor.length).toBeLessThan(110);
        expect(major[0]!.at).toBeLessThanOrEqual(T0);
        for (const tick of major) expect(market(tick.at).slice(11)).toBe("00:00");
      }
    }
    const { major, minor } = ticks(model, view({ to: T0 + 92 * DAY_MS }));
    expect(major.map((t) => t.label)).toEqual(["Feb 2027", "Mar 2027", "Apr 2027", "May 2027"]);
    expect(minor.slice(0, 3).map((t) => [t.label, new Date(t.at).toISOString()])).toEqual([["1", "2027-02-01T05:00:00.000Z"], ["8", "2027-02-08T05:00:00.000Z"], ["15", "2027-02-15T05:00:00.000Z"]]);
  });
});
