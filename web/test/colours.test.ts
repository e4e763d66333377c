import { describe, expect, it } from "vitest";

import css from "../src/app.css?raw";

function tokens(block: string): Record<string, string> {
  return Object.fromEntries([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map((m) => [m[1]!, m[2]!]));
}

function light(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [x, y] = [light(a), light(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const day = tokens(css.slice(css.indexOf(":root {"), css.indexOf("@media")));
const night = tokens(css.slice(css.indexOf(':root[data-theme="dark"]')));
const machine = tokens(css.slice(css.indexOf("@media (prefers-color-scheme"), css.indexOf(':root[data-theme="dark"]')));
const PAIRS = [
  ["ink", "ground"], ["ink", "panel"], ["ink", "raised"], ["ink", "band"], ["ink", "free"], ["ink", "line"], ["quiet", "ground"], ["quiet", "panel"], ["quiet", "band"],
  ["quiet", "raised"], ["link", "ground"], ["link", "panel"], ["link", "raised"], ["red-ink", "panel"], ["red-ink", "raised"], ["on-red", "red"],
  ["on-amber", "amber"], ["on-action", "action"], ["on-not", "not"],
] as const;

describe("the colours", () => {
  it("are the same by night whether the machine or a person chose", () => {
    expect(Object.keys(night).length).toBeGreaterThan(18);
    expect(Object.keys(day).sort()).toEqual(Object.keys(night).sort());
    expect(machine).toEqual(night);
  });
  for (const [name, colours] of [["day", day], ["night", night]] as const) {
    it(`can be read by ${name}: 4.5 at least`, () => {
      for (const [ink, ground] of PAIRS) expect(contrast(colours[ink]!, colours[ground]!), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    });
    it(`show focus and edges by ${name}: 3 at least`, () => {
      for (const ink of ["focus", "edge"]) for (const ground of ["panel", "raised", "ground"]) expect(contrast(colours[ink]!, colours[ground]!), `${ink} on ${ground}`).toBeGreaterThanOrEqual(3);
    });
  }
});
