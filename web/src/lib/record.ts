// How numbers, lines and measures read: one line of words for each.

import type { BookNumber, Measure, Trust } from "./types";
import type { Label } from "./words";

const TRUST: Record<Trust, Label> = {
  recalled: { mark: "◆", word: "recalled, to be verified", tone: "amber" },
  sourced: { mark: "✓", word: "read in its source", tone: "quiet" },
  chosen: { mark: "–", word: "this project's choice", tone: "quiet" },
  unsaid: { mark: "–", word: "the program's default", tone: "quiet" },
};
export const trustLabel = (trust: Trust): Label => TRUST[trust];

/** A value of a rule book in words: rows one below the other, absent parts left out. */
export function inWords(value: unknown): string[] {
  if (value === null) return ["none"];
  if (typeof value === "boolean") return [value ? "yes" : "no"];
  if (Array.isArray(value)) return value.length ? (value.some(isPart) ? value.map(part) : [value.map(part).join(", ")]) : ["none"];
  return isPart(value) ? Object.entries(value).map(([name, one]) => `${plainName(name)}: ${part(one)}`) : [String(value)];
}

const isPart = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function part(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length ? value.map(part).join(", ") : "none";
  if (!isPart(value)) return String(value);
  return Object.entries(value).filter(([, one]) => one !== null && one !== "").map(([name, one]) => `${plainName(name)} ${part(one)}`).join(" · ");
}

export const plainName = (name: string): string => name.replaceAll("_", " ");
export const sectionOf = (path: string): string => path.slice(0, path.indexOf("."));
export const nameOf = (path: string): string => plainName(path.slice(path.indexOf(".") + 1));

/** Numbers by section, in the order they come. */
export function sections(numbers: BookNumber[]): [string, BookNumber[]][] {
  const found = new Map<string, BookNumber[]>();
  for (const one of numbers) found.set(sectionOf(one.path), [...(found.get(sectionOf(one.path)) ?? []), one]);
  return [...found];
}

/** `12 of 15 (80 %)`; of nothing it says so: a share of nothing is no number. */
export function share(count: number, of: number): string {
  return of ? `${count} of ${of} (${Math.floor((100 * count) / of)} %)` : "none yet";
}

export function duration(hours: number | null): string {
  if (hours === null) return "none yet";
  if (hours < 1 / 60) return "under a minute";
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`;
}

export function measureRows(one: Measure): [string, string, string][] {
  return [
    ["Asked for", String(one.filed), one.taken_back ? `${one.taken_back} taken back before an answer` : ""],
    ["Answered", share(one.answered, one.filed - one.taken_back), one.waiting ? `${one.waiting} wait` : ""],
    ["Answered without a person", share(one.alone, one.answered), "by MOMS, under the rule book"],
    ["Answered within (half of them)", duration(one.median_h), "from filing to the first answer"],
    ["Answered within (nine of ten)", duration(one.slowest_h), "from filing to the first answer"],
    ["Promises kept", share(one.kept, one.due), "granted, then started, and not revoked, delayed or recalled by the operator"],
  ];
}
