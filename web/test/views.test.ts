import { describe, expect, it } from "vitest";

import { addressOf, COLUMNS, columnsOf, filtersOf, otherwise, PLAIN, wanted, type View } from "../src/lib/views";

const view = (query: string): View => ({ id: "v1", person: "ann", yours: true, revision: 1, ...wanted(new URLSearchParams(query), "mine", false) });
const opened = (one: View, before = ""): URLSearchParams => {
  const query = new URLSearchParams(before);
  for (const [name, value] of Object.entries(addressOf(one))) value ? query.set(name, value) : query.delete(name);
  return query;
};

describe("a saved view", () => {
  it("gives back the address that it was saved from, whatever stood there before", () => {
    for (const query of ["", "text=line+7&show=turn&sort=latest", "columns=none", "asset=branch:1,branch:2&from=2027-03-01&columns=window,filed", "owner=TO-1&state=in_study,decided&pending=yes"]) {
      const one = view(query);
      const again = opened(one, "text=old&sort=turn&columns=kind&state=closed&pending=yes&show=over");
      expect(filtersOf(again)).toEqual(filtersOf(new URLSearchParams(query)));
      expect(columnsOf(again)).toEqual(columnsOf(new URLSearchParams(query)));
      expect(again.get("sort") ?? "").toBe(new URLSearchParams(query).get("sort") ?? "");
      expect(otherwise(again, one)).toBe(false);
    }
  });

  it("says when one looks otherwise than it says", () => {
    const one = view("text=a");
    for (const [name, value] of [["text", "b"], ["sort", "latest"], ["columns", "window"], ["show", "over"], ["pending", "yes"]] as const) {
      const query = opened(one);
      query.set(name, value);
      expect(otherwise(query, one)).toBe(true);
    }
  });

  it("knows no column or word but those of the list", () => {
    const query = new URLSearchParams("columns=password,next,window,next&organisation=TO-2");
    expect(columnsOf(query)).toEqual(["window", "next"]);
    expect(columnsOf(new URLSearchParams("columns=password"))).toEqual([]);
    expect(Object.keys(filtersOf(query))).toEqual([]);
    expect(PLAIN.every((one) => COLUMNS.some(([key]) => key === one))).toBe(true);
  });
});
