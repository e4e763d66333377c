// The control room: what is not as planned, and the shifts.

import type { Contact } from "./request";
import type { Role } from "./who";

/** An outage that is not as planned, and who of the control room has taken it. */
export interface Alarm {
  outage: string;
  reference: string;
  organisation: string;
  assets: string[];
  what: string;
  name: string;
  priority: number;
  since: string;
  revision: number;
  acknowledged: { by: string; role: Role; at: string; note: string } | null;
}

export interface RoomDay {
  now: string;
  alarms: Alarm[];
}

/** An outage on the sheet of a shift. */
export interface SheetLine {
  outage: string;
  reference: string;
  organisation: string;
  assets: string[];
  start: string;
  end: string;
  state: string;
  status: string;
  kind: string;
  recall_h: number | null;
  contacts: Contact[];
  conditions: string[];
}

export interface HandOver {
  id: string;
  by: string;
  at: string;
  until: string;
  notes: string;
  sheet: { out: number; starts: number; back: number; out_ids: string[]; alarms: Alarm[] };
  taken_by: string | null;
  taken_at: string | null;
}

export interface Shift extends RoomDay {
  until: string;
  out: SheetLine[];
  starts: SheetLine[];
  back: SheetLine[];
  last: HandOver | null;
}
