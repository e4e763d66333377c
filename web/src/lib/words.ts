// What a state means to a person, and whose turn it is. Never a colour alone: each has a mark and a word.

import type { Verb } from "./lifecycle.svelte";
import { away } from "./time";
import type { Outage, Quick, Role, Start } from "./types";

export type Tone = "quiet" | "plain" | "amber" | "red";
export interface Label {
  mark: string;
  word: string;
  tone: Tone;
}

const STATUS: Record<string, Label> = {
  pre_approved: { mark: "✓", word: "Pre-approved", tone: "plain" },
  approved: { mark: "✓", word: "Approved", tone: "plain" },
  approved_with_conditions: { mark: "✓", word: "Approved, on conditions", tone: "plain" },
  accepted_exempt: { mark: "✓", word: "Accepted, exempt", tone: "plain" },
  accepted_not_exempt: { mark: "✓", word: "Accepted, not exempt", tone: "plain" },
  at_risk: { mark: "◆", word: "At risk", tone: "amber" },
  denied: { mark: "✕", word: "Denied", tone: "red" },
  revoked: { mark: "✕", word: "Revoked", tone: "red" },
  recalled: { mark: "▲", word: "Recalled", tone: "red" },
};
const STATE: Record<string, Label> = {
  draft: { mark: "○", word: "Draft", tone: "quiet" },
  submitted: { mark: "…", word: "Submitted", tone: "quiet" },
  validated: { mark: "…", word: "Waits for its study", tone: "quiet" },
  in_study: { mark: "◆", word: "With the operator", tone: "amber" },
  negotiating: { mark: "◆", word: "Other dates offered", tone: "amber" },
  opportunity_waiting: { mark: "○", word: "Waits for its unit", tone: "plain" },
  active: { mark: "●", word: "Out now", tone: "plain" },
  pending_complete: { mark: "●", word: "Back, to be confirmed", tone: "plain" },
  completed: { mark: "○", word: "Completed", tone: "quiet" },
  closed: { mark: "○", word: "Closed", tone: "quiet" },
  withdrawn: { mark: "○", word: "Withdrawn", tone: "quiet" },
  cancelled: { mark: "○", word: "Cancelled", tone: "quiet" },
  expired: { mark: "○", word: "Expired", tone: "quiet" },
};
const OUTCOME: Record<string, Label> = {
  approve: { mark: "✓", word: "Approved", tone: "plain" },
  accept: { mark: "✓", word: "Accepted", tone: "plain" },
  counter: { mark: "◆", word: "Other dates offered", tone: "amber" },
  refer: { mark: "◆", word: "A person decides", tone: "amber" },
  deny: { mark: "✕", word: "Denied", tone: "red" },
};
const VERDICT: Record<string, Label> = {
  pass: { mark: "✓", word: "pass", tone: "quiet" },
  condition: { mark: "✓", word: "on condition", tone: "plain" },
  refer: { mark: "◆", word: "a person looks", tone: "amber" },
  missing: { mark: "◆", word: "missing", tone: "amber" },
  fail: { mark: "✕", word: "fail", tone: "red" },
  "not required": { mark: "–", word: "not required", tone: "quiet" },
};
export const DAY: Record<Start["state"], Label> = {
  free: { mark: "○", word: "free", tone: "plain" },
  "needs a study": { mark: "◆", word: "needs a study", tone: "amber" },
  "not available": { mark: "✕", word: "not available", tone: "red" },
};
/** The parts of a decision while it is made, as they are called on the way. */
export const PARTS: Record<string, string> = {
  waits: "Waits its turn",
  book: "Network, with all that is granted out too",
  queue: "Network, with earlier requests that wait out too",
  alone: "Network, with nothing else out",
  "less one": "Which outages it leans on",
  "some of the book": "Which outages stand in the way",
  redispatch: "Redispatch",
  margin: "Resource margin",
  voltage: "Voltage",
  dates: "Other dates",
  worth: "How certain it would be",
};

export const QUICK: Record<Quick["comes_to"], Label> = {
  ...DAY,
  free: { mark: "○", word: "Free as the book stands", tone: "plain" },
  "needs a study": { mark: "…", word: "To be studied", tone: "plain" },
  "not available": { mark: "✕", word: "Not available", tone: "red" },
  "needs a person": { mark: "◆", word: "A person looks", tone: "amber" },
  returned: { mark: "▲", word: "Would be returned", tone: "red" },
};
const OVER = new Set(["completed", "closed", "withdrawn", "cancelled", "expired"]);
const GRANTED = new Set(["pre_approved", "approved", "approved_with_conditions", "accepted_exempt", "accepted_not_exempt", "at_risk"]);

export const isOver = (state: string): boolean => OVER.has(state);

const unknown = (word: string): Label => ({ mark: "?", word: word.replaceAll("_", " "), tone: "plain" });

export function labelOf(outage: Pick<Outage, "state" | "status" | "window">, now?: string): Label {
  if (outage.status === "recalled" && outage.state === "active") return STATUS["recalled"]!;
  if (outage.state === "active" && now && Date.parse(now) > Date.parse(outage.window.end))
    return { mark: "▲", word: "Late back", tone: "red" };
  if (outage.state === "decided") return STATUS[outage.status] ?? unknown(outage.status);
  return STATE[outage.state] ?? unknown(outage.state);
}

export const outcomeLabel = (outcome: string): Label => OUTCOME[outcome] ?? unknown(outcome);
export const verdictLabel = (verdict: string): Label => VERDICT[verdict] ?? unknown(verdict);

export type Turn = "owner" | "operator" | "nobody";

/** Whose turn it is, and to do what. */
export function nextStep(outage: Outage, now: string): { turn: Turn; says: string } {
  const { state, status, window } = outage;
  if (OVER.has(state)) return { turn: "nobody", says: "Nothing: it is over" };
  if (state === "negotiating") return { turn: "owner", says: "Take a window that is offered, or decline" };
  if (state === "in_study") return { turn: "operator", says: "An engineer decides" };
  if (state === "submitted" || state === "validated") return { turn: "operator", says: "To be decided" };
  if (state === "draft") return { turn: "owner", says: "File it" };
  if (state === "opportunity_waiting") return { turn: "nobody", says: "Starts when its unit is off" };
  if (state === "pending_complete") return { turn: "operator", says: "The control room confirms the return" };
  if (state === "active") return { turn: "owner", says: `Report the return, due ${away(window.end, now)}` };
  if (status === "denied") return { turn: "owner", says: "Ask for dates that are free" };
  if (status === "revoked") return { turn: "owner", says: "Talk to the operator about other dates" };
  if (GRANTED.has(status))
    return Date.parse(window.start) > Date.parse(now)
      ? { turn: "nobody", says: `Starts ${away(window.start, now)}` }
      : { turn: "operator", says: "The control room reports it out" };
  return { turn: "nobody", says: "" };
}

export type Pile = "all" | "turn" | "operator" | "granted" | "refused" | "over";
export const PILES: [Pile, string][] = [
  ["all", "All"],
  ["turn", "Owner's turn"],
  ["operator", "With the operator"],
  ["granted", "Granted"],
  ["refused", "Denied"],
  ["over", "Over"],
];

export function inPile(outage: Outage, pile: Pile, now: string): boolean {
  if (pile === "all") return true;
  if (pile === "over") return OVER.has(outage.state);
  if (pile === "turn") return nextStep(outage, now).turn === "owner";
  if (pile === "operator") return nextStep(outage, now).turn === "operator";
  if (pile === "refused") return outage.state === "decided" && (outage.status === "denied" || outage.status === "revoked");
  return !OVER.has(outage.state) && (GRANTED.has(outage.status) || outage.state === "active");
}

export const KINDS: [string, string][] = [
  ["planned", "Planned: long known"],
  ["maintenance", "Maintenance: to be done soon"],
  ["urgent", "Urgent: cannot wait for the lead time"],
  ["opportunity", "Opportunity: only if a unit is off anyway"],
  ["hotline", "Hotline work: nothing is taken out"],
  ["informational", "For information"],
];
export const NATURES: Record<"transmission" | "generation", [string, string][]> = {
  transmission: [
    ["LM", "Line maintenance"], ["LR", "Line rebuild"], ["TM", "Transformer maintenance"], ["TR", "Transformer repair"],
    ["TT", "Transformer test"], ["BM", "Breaker maintenance"], ["BR", "Breaker repair"], ["SM", "Switch maintenance"],
    ["SR", "Switch repair"], ["RW", "Relay work"], ["AO", "Associated equipment out"], ["NE", "New equipment"],
    ["RE", "Replacement"], ["OE", "Retirement"], ["HS", "Hot spot"], ["DR", "Damage"], ["TC", "Telecommunication"],
    ["PR", "Somebody else's work nearby"], ["OT", "Other"],
  ],
  generation: [
    ["OV", "Overhaul"], ["BO", "Boroscope inspection"], ["CI", "Combustion inspection"], ["BS", "Blackstart test"],
    ["CW", "Cooling water"], ["EX", "Exhaust"], ["FW", "Feedwater"], ["FL", "Fuel limitation"], ["FP", "Fuel problem"],
    ["GW", "Gas pipeline"], ["IP", "Inlet air"], ["LS", "No steam load"], ["SE", "Seasonal"], ["TW", "Steam turbine limited"],
    ["TL", "Tube leak"], ["VR", "Vibration"], ["MO", "Mothball"], ["OT", "Other"],
  ],
};

const DEEDS: Record<Verb, { short: string; title: string; button: string; done: string }> = {
  start: { short: "It is out", title: "Report that it is out of service", button: "It is out", done: "out of service" },
  end: { short: "It is back", title: "Report that it is back in service", button: "It is back", done: "back in service" },
  confirm: { short: "Confirm", title: "Confirm that it is back in service", button: "Confirm", done: "confirmed, complete" },
  recall: { short: "Recall", title: "Call it back", button: "Call it back", done: "called back" },
  extend: { short: "Extend", title: "Ask for a later end", button: "Ask", done: "extended" },
};
export const deedWords = (verb: Verb) => DEEDS[verb];

const OPERATORS = new Set<Role>(["engineer", "control_room", "planner", "administrator", "auditor", "system"]);
const FILES = new Set<Role>(["owner", "agent", "engineer"]);
export const isOperator = (role: Role): boolean => OPERATORS.has(role);
export const maySettle = (role: Role): boolean => role === "engineer";
/** Who only looks keeps nothing. */
export const maySave = (role: Role): boolean => role !== "auditor" && role !== "public";
export const mayFile = (role: Role): boolean => FILES.has(role);
const REPORTS = new Set<Role>([...FILES, "field", "control_room"]);
export const mayReport = (role: Role): boolean => REPORTS.has(role);
export const ROLE: Record<Role, string> = {
  owner: "owner", agent: "agent", field: "field crew", engineer: "outage engineer", control_room: "control room",
  planner: "planner", auditor: "auditor", administrator: "administrator", public: "public", system: "system",
};
