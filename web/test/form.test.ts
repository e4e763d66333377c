import { describe, expect, it } from "vitest";

import { document, EMPTY, faults, fieldOf, LABELS, reference, together, type Typed } from "../src/lib/form";

const typed: Typed = { ...EMPTY, assets: ["branch:7"], start: "2027-02-10T08:00", end: "2027-02-10T18:00", nature: "LM", contact: "Ann", phone: "+1 555 0100" };

describe("the request form", () => {
  it("writes the document that the service reads", () => {
    expect(document(typed, "TO-1")).toMatchObject({
      external_id: "branch:7 2027-02-10T08:00", organisation: "TO-1", category: "transmission", kind: "maintenance", recall_h: 4,
      window: { start: "2027-02-10T08:00-05:00", end: "2027-02-10T18:00-05:00" }, contacts: [{ name: "Ann", phone: "+1 555 0100" }],
    });
    expect(document({ ...typed, assets: ["gen:3"] }, "GO-1").category).toBe("generation");
    expect(document({ ...typed, recall: " ", contact: "" }, "TO-1")).toMatchObject({ recall_h: null, contacts: [] });
  });
  it("finds what is missing, each at its field with the fix", () => {
    expect(faults(typed)).toEqual([]);
    expect(faults(EMPTY).map((f) => f.field)).toEqual(["assets", "window.start", "window.end", "nature"]);
    expect(faults({ ...typed, end: typed.start }).map((f) => f.field)).toEqual(["window.end"]);
    expect(faults({ ...typed, recall: "four" }).map((f) => f.field)).toEqual(["recall_h"]);
    expect(faults({ ...typed, phone: "" }).every((f) => f.fix)).toBe(true);
  });
  it("tells what it finds and what the service finds, each once", () => {
    const own = faults({ ...typed, nature: "", recall: "four" });
    const said = (rule: string, field: string) => ({ rule, field, says: `${rule} of ${field}`, fix: null });
    const all = together(own, [said("READ-4", "nature"), said("READ-3", "recall_h"), said("COMPLETE-2", "contacts"), said("WINDOW-1", "window.start")]);
    expect(all.map((f) => f.field)).toEqual(["nature", "recall_h", "contacts", "window.start"]);
    expect(together([], [said("READ-2", "nature")]).map((f) => f.says)).toEqual(["READ-2 of nature"]);
    expect(own.every((f) => f.field in LABELS)).toBe(true);
  });
  it("sends what is no number as it is typed, so that the service says so too", () => {
    expect(document({ ...typed, recall: " four " }, "TO-1").recall_h).toBe("four");
  });
  it("says what comes before it and what goes with it, each reference once", () => {
    expect(document(typed, "TO-1")).toMatchObject({ after: [], group: undefined });
    expect(document({ ...typed, after: " W-17\n\nW 18, north \nW-17", group: " bay 4 " }, "TO-1")).toMatchObject({ after: ["W-17", "W 18, north"], group: "bay 4" });
  });
  it("has a reference of at most a hundred signs, the same for the same ask", () => {
    expect(reference({ ...typed, reference: "  W-17 " })).toBe("W-17");
    expect(reference({ ...typed, assets: Array.from({ length: 30 }, (_, k) => `branch:${k}`) }).length).toBe(100);
  });
  it("brings the service's names to the form's fields", () => {
    expect(["window", "window.start", "contacts[0].phone", "assets[1]", "after[0]", "group", "project", null].map(fieldOf)).toEqual(["window.start", "window.start", "phone", "assets", "after", "group", "", ""]);
  });
});
