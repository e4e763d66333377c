import { describe, expect, it } from "vitest";
import { names } from "../src/lib/names.svelte";
import { ASKED, bars, figure, gapOf, proposedDays, reach, sentence, standing, waits, type Made, type Placed, type SeasonPlan } from "../src/lib/season";

const day = (n: number) => ({ start: `2027-02-${String(n).padStart(2, "0")}T05:00Z`, end: `2027-02-${String(n + 1).padStart(2, "0")}T05:00Z` });
const placed = (outage: string, owner: string, asked: number, planned: number | null): Placed =>
  ({ outage, owner, reference: outage, assets: ["branch:1"], asked: day(asked), planned: planned === null ? null : day(planned), moved_days: planned === null ? 0 : planned - asked }) as unknown as Placed;
const plan = { first: "2027-02-08", days: 7, secure: true, places: [placed("A", "TO-2", 10, 10), placed("B", "TO-1", 10, 11), placed("C", "TO-1", 10, null)] } as unknown as Made;
const season = (more: object): SeasonPlan => ({ became: "open", wanted: { first: "", last: "", rounds: 8 }, rounds_done: [], worker: null, in_the_book: null, ...more }) as unknown as SeasonPlan;

describe("a plan as bars", () => {
  const groups = bars(plan, (a) => a);
  it("has a group an owner, in order, and each request once where it is planned", () => {
    expect(groups.map((g) => g.name)).toEqual(["TO-1", "TO-2"]);
    expect(groups.flatMap((g) => g.bars).map((b) => b.id).sort()).toEqual(["A", "B", `${ASKED}B`, `${ASKED}C`]);
  });
  it("shows the day asked for only where the plan has another or none, and says so by more than a colour", () => {
    const of = (id: string) => groups.flatMap((g) => g.bars).find((b) => b.id === id)!;
    expect([of(`${ASKED}B`).look, of("B").mark]).toEqual(["asked", "→"]);
    expect([of(`${ASKED}C`).look, of(`${ASKED}C`).mark]).toEqual(["amber", "✕"]);
  });
  it("reaches over all of its days by the market's clock", () => {
    expect(reach(plan)).toEqual([Date.parse("2027-02-08T05:00Z"), Date.parse("2027-02-15T05:00Z")]);
  });
  it("is said in one sentence", () => {
    expect(sentence(plan)).toBe("2 of 3 requests have a place, 1 of them on another day than asked; secure as a whole.");
    expect(sentence({ ...plan, secure: false })).toContain("NOT secure");
  });
});

describe("where a planning stands", () => {
  it("has a mark and a word for each", () => {
    const all = [season({}), season({ became: "ended" }), season({ became: "stopped" }), season({ became: "failed" }),
      season({ became: "ended", in_the_book: { taken_back: null } }), season({ became: "ended", in_the_book: { taken_back: {} } })].map(standing);
    expect(new Set(all.map((l) => l.word)).size).toBe(6);
    expect(all.every((l) => l.mark)).toBe(true);
  });
  it("says whether a worker has it, and never that all is well where none has", () => {
    expect(waits(season({ worker: { state: "unseen", says: "" } }))).toContain("waits for a worker");
    expect(waits(season({ worker: { state: "at work", says: "" }, rounds_done: [{}] }))).toContain("1 of at most 8 rounds");
    expect(waits(season({ worker: { state: "aside", says: "no memory" } }))).toContain("no memory");
  });
});

describe("figures", () => {
  const level = (more: object) => ({ name: "x", unit: "days", value: 4, bound: 2, gap: 0.5, proved: false, ...more });
  it("tell a gap, and what is proved, and what is not known", () => {
    expect(gapOf(level({}))).toBe("at most 50.0 % above the least");
    expect(gapOf(level({ proved: true }))).toBe("least, proved");
    expect(gapOf(level({ gap: null, bound: null }))).toBe("no bound yet");
    expect(figure(null, "days")).toBe("not known");
    expect(figure(0.0357, "share")).toBe("0.036 share");
  });
});

describe("the days a new plan begins with", () => {
  it("are six weeks from a Monday that lies ahead", () => {
    for (const now of ["2027-02-01T15:00Z", "2027-02-07T15:00Z", "2027-02-08T04:59Z"]) {
      const { from, to } = proposedDays(now);
      expect(new Date(`${from}T00:00Z`).getUTCDay()).toBe(1);
      expect(Date.parse(`${from}T05:00Z`)).toBeGreaterThan(Date.parse(now));
      expect(Date.parse(to) - Date.parse(from)).toBe(41 * 86_400_000);
    }
  });
});

describe("a sentence of the engine", () => {
  it("calls equipment by its name beside its id, and tells instants by the market's clock", () => {
    names.learn([{ id: "branch:41", name: "Alder - Birch" } as never]);
    expect(names.say("branch:41 after gen:7 at 101.0 % (2027-02-10T23:00Z)")).toBe("Alder - Birch (branch:41) after gen:7 at 101.0 % (2027-02-10 18:00 EST)");
    expect(names.say("Alder - Birch 345 kV circuit 1 (branch:41) goes to a person")).toBe("Alder - Birch 345 kV circuit 1 (branch:41) goes to a person");
    expect(names.say("nothing of that kind: a branch: 4")).toBe("nothing of that kind: a branch: 4");
  });
});
