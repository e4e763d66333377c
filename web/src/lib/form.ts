// The request as it is typed, and as the service reads it.

import { fromField } from "./time";
import type { Wanted } from "./types";

export interface Typed {
  assets: string[];
  start: string;
  end: string;
  earliest: string;
  latest: string;
  kind: string;
  nature: string;
  reference: string;
  recall: string;
  emergency: string;
  contact: string;
  phone: string;
  description: string;
  agreed: boolean;
  /** References of one's own outages that must end before it begins, one a line. */
  after: string;
  group: string;
}

export const EMPTY: Typed = {
  assets: [], start: "", end: "", earliest: "", latest: "", kind: "maintenance", nature: "", reference: "", recall: "4",
  emergency: "2", contact: "", phone: "", description: "", agreed: false, after: "", group: "",
};

export interface Fault {
  field: string;
  says: string;
  fix: string | null;
  level?: string;
  rule?: string;
}

/** What is missing or cannot be, found before the service is asked; the service has the last word. */
export function faults(typed: Typed): Fault[] {
  const found: Fault[] = [];
  const need = (field: string, says: string, fix: string) => found.push({ field, says, fix });
  if (!typed.assets.length) need("assets", "No equipment is chosen", "search for a line, transformer or unit by name or id");
  const [start, end] = [fromField(typed.start), fromField(typed.end)];
  if (!start) need("window.start", "No start", "give day and time");
  if (!end) need("window.end", "No end", "give day and time");
  if (start && end && Date.parse(end) <= Date.parse(start)) need("window.end", "The end is not after the start", "give a later end");
  if (!typed.nature) need("nature", "The nature of the work is not said", "choose one");
  for (const [field, text] of [["recall_h", typed.recall], ["emergency_return_h", typed.emergency]] as const)
    if (text.trim() && !(Number(text) >= 0)) need(field, `${text} is no number of hours`, "write hours, as 4 or 0.5");
  if (typed.contact.trim() && !typed.phone.trim()) need("phone", "The contact has no telephone", "give one that is answered day and night");
  return found;
}

/** What the form finds and what the service finds, once each: where both speak of how a field is written, in the form's words. */
export function together(own: Fault[], service: Fault[]): Fault[] {
  const mine = new Set(own.map((fault) => fieldOf(fault.field)));
  return [...own, ...service.filter((fault) => !(fault.rule?.startsWith("READ-") && mine.has(fieldOf(fault.field))))];
}

/** The reference where none is given: what and when, so that the same ask twice is the same request. */
export function reference(typed: Typed): string {
  return typed.reference.trim() || `${typed.assets.join(" ")} ${typed.start}`.trim().slice(0, 100);
}

/** The document that is filed. Which organisation asks comes from who is signed in, or from the owner of the equipment. */
export function document(typed: Typed, organisation: string): Wanted {
  // What is no number goes as it is typed: the service says so, and does not take it for nothing said.
  const number = (text: string) => (text.trim() ? (Number.isNaN(Number(text)) ? text.trim() : Number(text)) : null) as number | null;
  return {
    external_id: reference(typed),
    organisation,
    category: typed.assets.some((a) => a.startsWith("gen:")) ? "generation" : "transmission",
    kind: typed.kind,
    nature: typed.nature,
    assets: typed.assets,
    window: { start: fromField(typed.start) ?? typed.start, end: fromField(typed.end) ?? typed.end },
    earliest_start: typed.earliest ? (fromField(typed.earliest) ?? typed.earliest) : null,
    latest_end: typed.latest ? (fromField(typed.latest) ?? typed.latest) : null,
    recall_h: number(typed.recall),
    emergency_return_h: number(typed.emergency),
    description: typed.description.trim() || undefined,
    agreed_load_at_risk: typed.agreed,
    after: lines(typed.after),
    group: typed.group.trim() || undefined,
    contacts: typed.contact.trim() ? [{ name: typed.contact.trim(), phone: typed.phone.trim() }] : [],
  };
}

/** What is written one a line, each once. */
function lines(text: string): string[] {
  return [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];
}

/** The field of the form at which a fault of the service is shown; "" where it belongs to none. */
export function fieldOf(name: string | null): string {
  if (!name) return "";
  if (name === "window") return "window.start";
  if (name.startsWith("contacts[") && name.endsWith(".phone")) return "phone";
  return Object.keys(LABELS).find((one) => name === one || name.startsWith(`${one}.`) || name.startsWith(`${one}[`)) ?? "";
}

/** The fields of the form in its order, and what they are called there. */
export const LABELS: Record<string, string> = {
  assets: "Equipment", "window.start": "Out of service from", "window.end": "Back in service at", nature: "Nature of the work",
  kind: "Kind", recall_h: "Recall time, hours", emergency_return_h: "In an emergency, hours", contacts: "Who answers",
  phone: "Telephone, day and night", description: "What is done", external_id: "Your reference",
  earliest_start: "Could start as early as", latest_end: "Must be back by", after: "Only after", group: "Together with", agreed_load_at_risk: "Load at risk",
};
