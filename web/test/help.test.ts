import { describe, expect, it } from "vitest";

import { entries, search } from "../src/lib/glossary.svelte";
import text from "../../docs/glossary.md?raw";
import app from "../src/App.svelte?raw";
import { PARTS } from "../src/lib/today";
import { STEPS, stepsFor } from "../src/lib/steps";

const all = entries(text);

describe("the glossary", () => {
  it("has every entry of the document, whole", () => {
    const bold = text.split("\n").filter((line) => line.startsWith("**"));
    expect(all.length).toBe(bold.length);
    expect(all.find((one) => one.word === "Breaker")?.says).not.toMatch(/[*`]/);
  });
  it("finds by any words, the word itself first", () => {
    expect(search(all, "margin")[0]?.word).toBe("Margin");
    expect(search(all, "next CONTINGENCY").map((one) => one.word)).toContain("Load at risk");
    expect(search(all, "xyzzy")).toEqual([]);
    expect(search(all, "  ").length).toBe(all.length);
  });
  it("has every word that a screen explains", () => {
    const used = import.meta.glob("../src/**/*.svelte", { query: "?raw", import: "default", eager: true }) as Record<string, string>;
    const words = Object.values(used).flatMap((text) => [...text.matchAll(/<Term word="([^"]+)"/g)].map(([, word]) => word!));
    for (const text of Object.values(used))
      for (const [, list] of text.matchAll(/<Words words=\{(\[[^\]]+\])\}/g)) words.push(...(JSON.parse(list!) as string[]));
    expect(words.length).toBeGreaterThan(40);
    words.push(...PARTS.flatMap((part) => part.word ?? []));
    const known = new Set(all.map((one) => one.word.toLowerCase()));
    expect(words.filter((word) => !known.has(word.toLowerCase()))).toEqual([]);
  });
});

describe("the tour", () => {
  it("leads each to screens that are their own, and ends", () => {
    expect(stepsFor(true).some((step) => step.path === "/ask")).toBe(false);
    expect(stepsFor(false).some((step) => step.path === "/inbox")).toBe(false);
    expect(stepsFor(true).length + stepsFor(false).length).toBe(2 * STEPS.length - STEPS.filter((step) => step.only).length);
  });
  it("names screens that the pages have", () => {
    
    for (const { path } of STEPS) expect(app.includes(`"${path}"`)).toBe(true);
  });
});
