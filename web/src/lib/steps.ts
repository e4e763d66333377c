// The steps of the tour, each about a real element of a screen.

export interface Step {
  path: string;
  /** The element that the step is about. */
  at: string;
  title: string;
  says: string;
  /** For whom; everybody where it is left out. */
  only?: "owner" | "operator";
}

export const STEPS: Step[] = [
  { path: "", at: "nav", title: "The screens", says: "Everything is one of these. g and then a letter goes to each; ? lists all keys and words at any time." },
  { path: "", at: "header .clock", title: "One clock", says: "All times are market time, EST all year. The band below it says how old what you see is, and warns when the service does not answer." },
  { path: "/ask", at: "#main form, #main .panel", title: "Ask for an outage", says: "Name the equipment and the hours. See the answer first: it is the real answer, with its reasons, and nothing is written.", only: "owner" },
  { path: "/requests", at: "#main .panel", title: "Requests", says: "Each line says how it stands and whose turn it is. Open one to read its record: the sentence first, then every rule with value and limit, and other dates that were studied." },
  { path: "/inbox", at: "#main .panel", title: "What needs a person", says: "Only what MOMS must not decide by itself, with what is missing. j and k move, a and d answer.", only: "operator" },
  { path: "/windows", at: "#main .panel", title: "Free days", says: "For one piece of equipment: which days are free, which need a study, which are taken, and why." },
  { path: "/today", at: "#main h1", title: "Today", says: "What is not as planned comes first: late, recalled, failed, at risk. Below it the day as it should be." },
  { path: "/timeline", at: "#main h1", title: "Timeline and map", says: "The season as bars, by area or owner, and the same outages on a map. Both have a table that says the same." },
  { path: "/rules", at: "#main .panel", title: "Rules", says: "Every answer names its rules; here is what each asks, with its numbers and where they come from. They hold for everybody alike." },
];

export function stepsFor(operator: boolean): Step[] {
  return STEPS.filter((step) => !step.only || (step.only === "operator") === operator);
}
