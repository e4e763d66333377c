// Saved views of the list: what an address says, as a view, and back. A view is words to look by, never what is found.

export interface View {
  id: string;
  name: string;
  person: string;
  yours: boolean;
  shared: boolean;
  filters: Record<string, string | string[] | boolean>;
  sort: string;
  columns: string[];
  revision: number;
}

/** What the list may show beside the equipment, in its order. */
export const COLUMNS: [string, string][] = [
  ["window", "When"],
  ["standing", "Where it stands"],
  ["next", "Next"],
  ["owner", "Owner"],
  ["kind", "Kind"],
  ["filed", "Filed"],
];
export const PLAIN = ["window", "standing", "next"];

const WORDS = ["text", "owner", "from", "to", "show"];
const LISTS = ["asset", "state", "status"];

const parts = (text: string | null): string[] => (text ?? "").split(/[\s,]+/).filter(Boolean);

/** The columns of an address; those of every list where it names none. */
export function columnsOf(query: URLSearchParams): string[] {
  const asked = parts(query.get("columns"));
  return asked.length ? COLUMNS.map(([key]) => key).filter((key) => asked.includes(key)) : PLAIN;
}

/** The filters of an address, by the names that the service knows; `show` apart, the page's own. */
export function filtersOf(query: URLSearchParams): Record<string, string | string[] | boolean> {
  const found: Record<string, string | string[] | boolean> = {};
  for (const name of WORDS) if (query.get(name)) found[name] = query.get(name)!;
  for (const name of LISTS) if (parts(query.get(name)).length) found[name] = parts(query.get(name));
  if (query.get("pending")) found["pending"] = true;
  return found;
}

/** What is sent to save how one looks just now. */
export function wanted(query: URLSearchParams, name: string, shared: boolean): Omit<View, "id" | "person" | "yours" | "revision"> {
  return { name, shared, filters: filtersOf(query), sort: query.get("sort") || "start", columns: columnsOf(query) };
}

/** The words of a view for the address; those it does not have are emptied, so that nothing of before stays. */
export function addressOf(view: View): Record<string, string> {
  const found: Record<string, string> = { view: view.id, sort: view.sort === "start" ? "" : view.sort };
  for (const name of [...WORDS, ...LISTS]) {
    const value = view.filters[name];
    found[name] = Array.isArray(value) ? value.join(",") : typeof value === "string" && value !== "all" ? value : "";
  }
  found["pending"] = view.filters["pending"] === true ? "yes" : "";
  found["columns"] = view.columns.join() === PLAIN.join() ? "" : view.columns.join(",") || "none";
  return found;
}

/** Whether one looks otherwise than the view says. */
export function otherwise(query: URLSearchParams, view: View): boolean {
  return Object.entries(addressOf(view)).some(([name, value]) => (query.get(name) ?? "") !== value);
}
