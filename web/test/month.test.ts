import { describe, expect, it } from "vitest";

import { box, cellsOf, column, draw, height, hit, label, moved, rows, type Palette } from "../src/draw/month";

const cells = cellsOf("2027-02-10", "2027-03-05", new Map([["2027-02-12", "not available" as const]]), true);

describe("the calendar", () => {
  it("has a cell a day, each with what is known of it", () => {
    expect(cells.length).toBe(24);
    expect(cells[2]).toEqual({ day: "2027-02-12", mark: "not available" });
    expect(cells[0]!.mark).toBe("waiting");
    expect(column("2027-02-10")).toBe(2); // a Wednesday
    expect(rows(cells)).toBe(4);
  });
  it("finds under each cell's middle that cell, at every width, and nothing beside", () => {
    for (const width of [280, 333, 700, 1201]) {
      cells.forEach((_, k) => {
        const at = box(cells, k, { width });
        expect(hit(cells, at.x + at.w / 2, at.y + at.h / 2, { width })).toBe(k);
        expect(at.x + at.w).toBeLessThanOrEqual(width);
        expect(at.y + at.h).toBeLessThanOrEqual(height(cells));
      });
      expect(hit(cells, 5, 5, { width })).toBeNull(); // the heads
      expect(hit(cells, 5, 30, { width })).toBeNull(); // Monday before the first day
      expect(hit(cells, width - 5, height(cells) - 5, { width })).toBeNull(); // Sunday after the last
      expect(hit([], 5, 30, { width })).toBeNull();
    }
  });
  it("moves by keys and stays inside", () => {
    expect(moved(cells, 0, "ArrowRight")).toBe(1);
    expect(moved(cells, 0, "ArrowLeft")).toBe(0);
    expect(moved(cells, 3, "ArrowDown")).toBe(10);
    expect(moved(cells, 20, "ArrowDown")).toBe(23);
    expect(moved(cells, 9, "Home")).toBe(0);
    expect(moved(cells, 9, "End")).toBe(23);
    expect(moved(cells, 9, "x")).toBeNull();
  });
  it("says the month where it changes", () => {
    expect([label("2027-03-01"), label("2027-03-02"), label("2027-02-10", true)]).toEqual(["1 Mar", "2", "10 Feb"]);
  });
  it("draws each mark, so that colour is never alone", () => {
    const texts: string[] = [];
    const ctx = new Proxy({}, { get: (_, name) => (name === "fillText" ? (text: string) => texts.push(text) : () => {}), set: () => true });
    const colour = new Proxy({}, { get: () => "#000" }) as Palette;
    const some = cellsOf("2027-02-10", "2027-02-13", new Map([["2027-02-10", "free"], ["2027-02-11", "needs a study"], ["2027-02-12", "not available"]] as const), false);
    draw(ctx as CanvasRenderingContext2D, { cells: some, at: 1 }, { width: 700 }, colour);
    expect(texts.slice(7)).toEqual(["10 Feb", "○", "11", "◆", "12", "✕", "13", ""]);
  });
});
