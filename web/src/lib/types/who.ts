// Who one is, and which installation this is.

export type Role =
  | "owner" | "agent" | "field" | "engineer" | "control_room" | "planner" | "auditor" | "administrator" | "public" | "system";

export interface Who {
  name: string;
  organisation: string;
  role: Role;
  csrf: string | null;
}

export interface About {
  now: string;
  simulated: boolean;
  grid: string;
  notes: string[];
  rule_book: string;
  operator: string;
  version: string;
  control_phone: string | null;
}

export interface Passkey {
  id: string;
  label: string;
  made_at: string;
  seen_at: string;
}

export interface OwnSession {
  id: string;
  made_at: string;
  seen_at: string;
  by: string;
  here: boolean;
}
