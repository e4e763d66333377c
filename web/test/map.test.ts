import { describe, expect, it } from "vitest";

import { project, unproject } from "../src/draw/albers";
import { put, LABEL_PX } from "../src/draw/labels";
import { isNear, trace } from "../src/draw/land";
import { anchor, around, classOf, CLASSES, draw, hit, leastKv, marksIn, SIGN, type Mark, type Model, type Palette } from "../src/draw/map";
import { branchesOf, near, networkOf, placed, placesNamed, unpack, type Column, type MapDocument } from "../src/draw/network";
import { fit, inside, keyed, panned, parsed, pinched, scaleBar, seenBox, toMap, toScreen, wheelFactor, written, zoomed, type View } from "../src/draw/view";

/** A small generator of numbers, the same each time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => ((state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32);
}

/** Write a column as the service does, by hand. */
function column(numbers: number[], type: Column["type"] = "i32", delta = false): Column {
  const width = Number(type.slice(1)) / 8;
  const bytes: number[] = [];
  numbers.forEach((value, k) => {
    let rest = delta ? value - (k ? numbers[k - 1]! : 0) : value;
    for (let b = 0; b < width; b++, rest = Math.floor(rest / 256)) bytes.push(((rest % 256) + 256) % 256);
  });
  return { type, delta, data: btoa(String.fromCharCode(...bytes)) };
}

const roll = dice(7);
const COUNT = 300;
const places = Array.from({ length: COUNT }, () => [-1_000_000 + Math.floor(roll() * 150_000), 300_000 + Math.floor(roll() * 150_000)] as const);
const pairs = Array.from({ length: 400 }, () => [Math.floor(roll() * COUNT), Math.floor(roll() * COUNT)] as const).filter(([a, b]) => a !== b).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const levels = [0, 69, 138, 230, 345, 765];
const lineLevel = pairs.map(() => 1 + Math.floor(roll() * 5));
const DOCUMENT: MapDocument = {
  format: 1, coarse: false, bounds: null, kv: levels, zones: ["LRZ1", "LRZ2"],
  places: {
    name: places.map((_, k) => `STATION ${k}`), longitude: column(places.map((p) => p[0]), "i32", true), latitude: column(places.map((p) => p[1]), "i32", true),
    kv: column(places.map((_, k) => k % 6), "u8"), zone: column(places.map((_, k) => (k % 3) - 1), "i8"), own: column(places.map(() => 1), "u8"),
  },
  lines: {
    from: column(pairs.map((p) => p[0]), "i16", true), to: column(pairs.map((p) => p[1] - p[0]), "u16"), kv: column(lineLevel, "u8"),
    own: column(pairs.map(() => 0), "u8"), count: column(pairs.map((_, k) => k % 3), "u8"),
    branches: column(pairs.flatMap((_, k) => Array.from({ length: k % 3 }, (_x, i) => 10 * k + i)), "i16", true),
  },
  inside: { row: column([5000, 5003], "i16", true), place: column([7, 9], "u16") }, units: { row: column([0, 2], "u8"), place: column([11, 12], "u8") },
};
const network = networkOf(DOCUMENT);
const VIEW: View = { width: 900, height: 600, x: 0, y: 0, scale: 0.4 };
const mark = (more: Partial<Mark>): Mark => ({ id: "OTG-A", kind: "out", unit: false, text: "line", lines: [], places: [], binding: null, ...more });
const model = (more: Partial<Model> = {}): Model => ({
  network, land: null, marks: [], chosen: null, lines: [], places: [], binding: true, names: true, margins: [], threatened: [], area: null, ...more,
});

describe("the projection", () => {
  it("goes there and back", () => {
    for (let k = 0; k < 500; k++) {
      const [longitude, latitude] = [-125 + roll() * 60, 24 + roll() * 26];
      const [x, y] = project(longitude, latitude);
      const back = unproject(x, y);
      expect(back[0]).toBeCloseTo(longitude, 9);
      expect(back[1]).toBeCloseTo(latitude, 9);
    }
  });
  it("agrees with the worked example of Snyder (1987, p. 291) on a sphere of radius 1, and keeps areas", () => {
    // Snyder: parallels 29.5 and 45.5, origin 23 N 96 W; 35 N 75 W is x = 0.2952720, y = 0.2416774.
    const R = 6371.0088;
    const [x, y] = project(-75, 35);
    const [, y0] = project(-96, 23);
    expect(x / R).toBeCloseTo(0.295272, 6);
    expect((y0 - y) / R).toBeCloseTo(0.2416774, 6);
    for (const latitude of [26, 38, 48]) {
      const h = 1e-4;
      const [a, b, c] = [project(-90, latitude), project(-90 + h, latitude), project(-90, latitude + h)];
      const area = Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]));
      const rad = (h * Math.PI) / 180;
      expect(area / (R * R * rad * rad * Math.cos((latitude * Math.PI) / 180))).toBeCloseTo(1, 4);
    }
  });
});

describe("the network", () => {
  it("reads every kind of column", () => {
    for (const [type, numbers] of [["u8", [0, 255, 3]], ["i8", [-128, 127]], ["u16", [65535, 1]], ["i16", [-5, 300]], ["u32", [2_000_000_000, 7]], ["i32", [-(2 ** 31), 2 ** 31 - 1]]] as const)
      expect([...unpack(column([...numbers], type))]).toEqual(numbers);
    expect([...unpack(column([500, 510, 490], "i16", true))]).toEqual([500, 510, 490]);
    expect(() => networkOf({ ...DOCUMENT, format: 2 })).toThrow("load the page again");
  });
  it("knows which branches are on which line, and where all else is", () => {
    expect(branchesOf(network, 2)).toEqual(["branch:21", "branch:22"]);
    expect(placed(network, "branch:22")).toEqual({ lines: [2], places: [] });
    expect(placed(network, "branch:5004")).toEqual({ lines: [], places: [9] });
    expect(placed(network, "gen:3")).toEqual({ lines: [], places: [12] });
    expect(placed(network, "branch:99999")).toEqual({ lines: [], places: [] });
    expect(placesNamed(network, "ation 29")[0]).toBe(29);
    expect(placesNamed(network, "  ")).toEqual([]);
  });
  it("finds by cells all that a box holds, each once, as looking at everything does", () => {
    const seen = new Uint8Array(1000);
    for (let n = 0; n < 60; n++) {
      const [x, y, w] = [-1500 + roll() * 3000, -1500 + roll() * 3000, roll() * 900];
      const box = { west: x, east: x + w, north: y, south: y + w };
      const found: number[] = [];
      near(network.placeCells, box, seen, (k) => found.push(k));
      expect(new Set(found).size).toBe(found.length);
      for (let k = 0; k < COUNT; k++) if (inside(box, network.x[k]!, network.y[k]!)) expect(found).toContain(k);
    }
  });
});

describe("the view", () => {
  it("keeps the point under the pointer where it is when it zooms, and what the fingers hold when they pinch", () => {
    for (let n = 0; n < 50; n++) {
      const [x, y] = [roll() * 900, roll() * 600];
      const at = toMap(VIEW, x, y);
      const after = toScreen(zoomed(VIEW, 0.5 + 2 * roll(), x, y), at.x, at.y);
      expect(after.x).toBeCloseTo(x, 6);
      expect(after.y).toBeCloseTo(y, 6);
    }
    const before: [{ x: number; y: number }, { x: number; y: number }] = [{ x: 100, y: 100 }, { x: 300, y: 200 }];
    const to: typeof before = [{ x: 150, y: 80 }, { x: 450, y: 230 }];
    const pinch = pinched(VIEW, before, to);
    before.forEach((p, k) => {
      const held = toMap(VIEW, p.x, p.y);
      expect(toScreen(pinch, held.x, held.y).x).toBeCloseTo(to[k]!.x, 6);
      expect(toScreen(pinch, held.x, held.y).y).toBeCloseTo(to[k]!.y, 6);
    });
  });
  it("shows the whole of a box, and stays inside its bounds", () => {
    const box = network.box!;
    const view = fit(box, 360, 500);
    for (const [x, y] of [[box.west, box.north], [box.east, box.south]] as const) {
      const at = toScreen(view, x, y);
      expect(at.x >= 0 && at.x <= 360 && at.y >= 0 && at.y <= 500).toBe(true);
    }
    expect(zoomed(VIEW, 1e9).scale).toBe(60);
    expect(zoomed(VIEW, 1e-9).scale).toBe(0.04);
    expect(fit({ west: 1, east: 1, north: 2, south: 2 }, 300, 300, 8).scale).toBe(8);
  });
  it("moves by keys, and leaves other keys alone", () => {
    expect(keyed(VIEW, "ArrowRight", null)!.x).toBeGreaterThan(0);
    expect(keyed(VIEW, "ArrowDown", null)!.y).toBeGreaterThan(0);
    expect(keyed(VIEW, "+", null)!.scale).toBeGreaterThan(VIEW.scale);
    expect(keyed(VIEW, "-", null)!.scale).toBeLessThan(VIEW.scale);
    expect(keyed(panned(VIEW, 500, 5), "0", network.box)).toEqual(fit(network.box!, 900, 600));
    expect(keyed(VIEW, "q", null)).toBeNull();
    expect(wheelFactor(-100, 0)).toBeGreaterThan(1);
    expect(wheelFactor(1e9, 1)).toBeGreaterThan(0.3);
  });
  it("is in the address, and what is no view there is none", () => {
    const view = { ...VIEW, x: 321, y: -123 };
    const back = parsed(written(view), 900, 600)!;
    expect(Math.hypot(back.x - view.x, back.y - view.y)).toBeLessThan(0.2);
    expect(back.scale).toBeCloseTo(view.scale, 3);
    for (const text of ["", "1,2", "a,b,c", "1,2,3,4"]) expect(parsed(text, 9, 9)).toBeNull();
    expect(scaleBar({ ...VIEW, scale: 0.4 }, 140)).toEqual({ km: 200, px: 80 });
    expect(scaleBar({ ...VIEW, scale: 2 }, 140)).toEqual({ km: 50, px: 100 });
  });
});

describe("labels", () => {
  it("never cover one another or what is taken, whatever is asked for", () => {
    for (let n = 0; n < 30; n++) {
      const wanted = Array.from({ length: 120 }, () => ({ text: "x".repeat(1 + Math.floor(roll() * 20)), x: roll() * 500, y: roll() * 300, gap: 6 }));
      const taken = [{ x: 200, y: 100, w: 80, h: 40 }];
      const found = put(wanted, 500, 300, (text) => text.length * 7, taken);
      const boxes = [...found.map((one) => ({ x: one.x, y: one.y - LABEL_PX / 2, w: one.w, h: LABEL_PX })), ...taken];
      expect(found.length).toBeGreaterThan(5);
      boxes.forEach((a, i) => boxes.forEach((b, j) => {
        if (i < j) expect(a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h).toBe(false);
      }));
      for (const one of found) expect(one.x >= 0 && one.x + one.w <= 500 && one.y >= LABEL_PX / 2 && one.y <= 300 - LABEL_PX / 2).toBe(true);
      expect(found[0]!.index).toBe(0); // the first asked for gets its place first
    }
  });
});

describe("the map", () => {
  const away = (px: number, py: number, ax: number, ay: number, bx: number, by: number): number => {
    const far = (t: number) => Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
    let [low, high] = [0, 1]; // the distance is convex along the line: close in on its least
    for (let n = 0; n < 60; n++) {
      const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
      if (far(a) < far(b)) high = b;
      else low = a;
    }
    return far((low + high) / 2);
  };
  it("finds the line under a point, as looking at every line does", () => {
    const view = { ...fit(network.box!, 900, 600), scale: 0.8 };
    let some = 0;
    for (let n = 0; n < 300; n++) {
      const [x, y] = [roll() * 900, roll() * 600];
      const found = hit(model(), view, x, y);
      const far = pairs.map(([a, b]) => {
        const [p, q] = [toScreen(view, network.x[a]!, network.y[a]!), toScreen(view, network.x[b]!, network.y[b]!)];
        return away(x, y, p.x, p.y, q.x, q.y);
      });
      const least = Math.min(...far);
      if (least < 7) {
        some += 1;
        expect(found?.what).toBe("line");
        expect(far[found!.index]!).toBeLessThan(least + 1e-6);
      } else if (least > 7 + 1e-9) expect(found).toBeNull();
    }
    expect(some).toBeGreaterThan(100);
  });
  it("finds a mark before the line it stands on, and a place once places are drawn", () => {
    const at = anchor(network, { lines: [4], places: [] })!;
    const view = { ...VIEW, x: at.x, y: at.y };
    const both = model({ marks: [mark({}), mark({ lines: [4] })] });
    expect(hit(both, view, 450, 300)).toEqual({ what: "mark", index: 1 });
    const near = { ...VIEW, x: network.x[8]!, y: network.y[8]!, scale: 5 };
    expect(hit(model(), near, 452, 300)).toEqual({ what: "place", index: 8 });
    expect(marksIn(both, seenBox(view))).toEqual([1]);
    expect(around(network, [], [])).toBeNull();
    expect(around(network, [4], [8])!.west).toBeLessThanOrEqual(network.x[8]!);
  });
  it("has a class for each voltage and leaves out from afar what cannot be told apart", () => {
    expect([12, 69, 100, 161, 230, 345, 500, 765].map(classOf)).toEqual([0, 0, 1, 1, 2, 3, 4, 4]);
    expect([leastKv(0.05), leastKv(0.4), leastKv(2)]).toEqual([200, 100, 0]);
    expect(new Set(CLASSES.map((one) => one.width)).size).toBe(CLASSES.length); // by width, not by colour alone
  });
  it("draws what is out by dash and shape, so that colour is never alone", () => {
    const [dashes, texts]: [string[], string[]] = [[], []];
    const calls: Record<string, (...words: never[]) => unknown> = {
      setLineDash: (dash: number[]) => dashes.push(dash.join(",")), fillText: (text: string) => texts.push(text), measureText: (text: string) => ({ width: 7 * text.length }),
    };
    const ctx = new Proxy({}, { get: (_, name: string) => calls[name] ?? (() => {}), set: () => true }) as CanvasRenderingContext2D;
    const colour = new Proxy({}, { get: () => "#000" }) as Palette;
    const marks = (["out", "asked", "risk", "late"] as const).map((kind, k) => mark({ kind, lines: [k * 5], text: `mark ${kind}`, binding: k ? null : { text: "108 %", lines: [3], places: [] } }));
    const view = fit(network.box!, 900, 600);
    draw(ctx, model({ marks, chosen: 1, margins: [{ text: "LRZ1 −20 MW", zone: 0, low: true }], area: network.box }), view, colour);
    expect(new Set(dashes.filter(Boolean)).size).toBe(4); // out and late share a dash: late is a triangle and red
    expect(texts).toContain("108 %");
    expect(texts).toContain("▲ LRZ1 −20 MW");
    for (const kind of ["out", "asked", "late"]) expect(texts).toContain(`mark ${kind}`);
    expect(new Set([...SIGN.out, ...SIGN.asked, SIGN.risk[0], SIGN.late[0]]).size).toBe(6);
  });
  it("draws land from degrees, without the states that are far", () => {
    const path: string[] = [];
    const at = (name: string) => (x: number, y: number) => path.push(`${name} ${x.toFixed(0)} ${y.toFixed(0)}`);
    trace({ moveTo: at("to"), lineTo: at("line"), closePath: () => path.push("close") }, [[[-96, 37.5], [-95, 37.5]]], true);
    expect(path).toEqual(["to 0 0", "line 87 -0", "close"]);
    expect([isNear("02"), isNear("02013"), isNear("17"), isNear(2), isNear("72001")]).toEqual([false, false, true, false, false]);
  });
});
