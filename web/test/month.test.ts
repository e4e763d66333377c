import { describe, expect, it } from "vitest";

import { box, cellsOf, column, height, HEAD, hit, label, moved, ROW, rows } from "../src/draw/month";

const cells = cellsOf("2027-04-01", "2027-04-30", new Map([["2027-04-05", "free"]]), true);
const view = { width: 700 };

describe("the calendar of start days", () => {
  it("puts each day under its weekday, a week a row", () => {
    expect(column("2027-04-05")).toBe(0);
    expect(column("2027-04-11")).toBe(6);
    expect(rows(cells)).toBe(5);
    expect(height(cells)).toBe(HEAD + 5 * ROW);
    expect(box(cells, 4, view).x).toBe(0);
  });

  it("finds under a point the very cell that was drawn there, for every cell", () => {
    cells.forEach((_, k) => {
      const at = box(cells, k, view);
      expect(hit(cells, at.x + at.w / 2, at.y + at.h / 2, view)).toBe(k);
    });
  });

  it("finds nothing beside them", () => {
    expect(hit(cells, 5, 5, view)).toBeNull();
    expect(hit(cells, 5, HEAD + 1, view)).toBeNull(); // the Monday before the first
    expect(hit(cells, 701, HEAD + 50, view)).toBeNull();
    expect(hit([], 5, 50, view)).toBeNull();
  });

  it("moves by days and weeks and stops at the ends", () => {
    expect(moved(cells, 3, "ArrowRight")).toBe(4);
    expect(moved(cells, 3, "ArrowDown")).toBe(10);
    expect(moved(cells, 3, "ArrowUp")).toBe(0);
    expect(moved(cells, 3, "End")).toBe(29);
    expect(moved(cells, 3, "x")).toBeNull();
  });

  it("tells what is known from what is still studied and from what nobody asked", () => {
    expect(cells[4]!.mark).toBe("free");
    expect(cells[5]!.mark).toBe("waiting");
    expect(cellsOf("2027-04-01", "2027-04-02", new Map(), false)[0]!.mark).toBe("none");
  });

  it("says the month where it begins", () => {
    expect(label("2027-05-01")).toBe("1 May");
    expect(label("2027-05-02")).toBe("2");
    expect(label("2027-05-02", true)).toBe("2 May");
  });
});
