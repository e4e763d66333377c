// Names beside their points, so that none covers another: the first asked for gets its place first. Pure.

export interface Wanted {
  text: string;
  x: number;
  y: number;
  /** How far from the point the text begins. */
  gap: number;
}

export interface Put {
  index: number;
  text: string;
  /** Left and middle of the text. */
  x: number;
  y: number;
  w: number;
}

export const LABEL_PX = 14;
const CELL = 48;

interface Rectangle {
  x: number;
  y: number;
  w: number;
  h: number;
}

const meet = (a: Rectangle, b: Rectangle) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Rectangles that are taken, found again by cells. */
class Taken {
  #cells = new Map<number, Rectangle[]>();

  #each(r: Rectangle, visit: (cell: number) => boolean): boolean {
    for (let row = Math.floor(r.y / CELL); row <= Math.floor((r.y + r.h) / CELL); row++)
      for (let column = Math.floor(r.x / CELL); column <= Math.floor((r.x + r.w) / CELL); column++) if (visit(row * 4096 + column)) return true;
    return false;
  }

  has(r: Rectangle): boolean {
    return this.#each(r, (cell) => this.#cells.get(cell)?.some((other) => meet(r, other)) ?? false);
  }

  add(r: Rectangle): void {
    this.#each(r, (cell) => {
      this.#cells.set(cell, [...(this.#cells.get(cell) ?? []), r]);
      return false;
    });
  }
}

/** Put names right of their points, else left, above or below; those that fit nowhere are left out. */
export function put(wanted: Wanted[], width: number, height: number, widthOf: (text: string) => number, taken: Rectangle[] = [], most = 200): Put[] {
  const there = new Taken();
  taken.forEach((r) => there.add(r));
  const found: Put[] = [];
  wanted.forEach((one, index) => {
    if (found.length >= most || one.x < 0 || one.y < 0 || one.x > width || one.y > height) return;
    const w = widthOf(one.text);
    const sides = [[one.gap, 0], [-one.gap - w, 0], [-w / 2, -one.gap - LABEL_PX / 2], [-w / 2, one.gap + LABEL_PX / 2]] as const;
    for (const [dx, dy] of sides) {
      const r = { x: one.x + dx, y: one.y + dy - LABEL_PX / 2, w, h: LABEL_PX };
      if (r.x < 0 || r.y < 0 || r.x + w > width || r.y + LABEL_PX > height || there.has(r)) continue;
      there.add(r);
      found.push({ index, text: one.text, x: r.x, y: one.y + dy, w });
      return;
    }
  });
  return found;
}
