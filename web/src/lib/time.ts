// Market time is UTC-5 all year, with no daylight saving: the only clock the pages show.

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const OFFSET_MS = -5 * HOUR_MS;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
export const ZONE = "EST";

/** The instant as market wall clock, `2027-08-17 08:00`; a label that is no instant comes back as it is. */
export function market(instant: string | number | null): string {
  const ms = typeof instant === "number" ? instant : instant === null ? Number.NaN : Date.parse(instant);
  if (Number.isNaN(ms)) return instant === null ? "" : String(instant);
  return new Date(ms + OFFSET_MS).toISOString().slice(0, 16).replace("T", " ");
}

export function weekday(instant: string | number): string {
  const ms = typeof instant === "number" ? instant : Date.parse(instant);
  return WEEKDAYS[new Date(ms + OFFSET_MS).getUTCDay()] ?? "";
}

/** `Tue 2027-08-17 08:00 → 18:00 EST`; the day of the end only where it is another. */
export function span(window: { start: string; end: string }): string {
  const [from, to] = [market(window.start), market(window.end)];
  const same = from.slice(0, 10) === to.slice(0, 10);
  const end = same ? to.slice(11) : `${weekday(window.end)} ${to}`;
  return `${weekday(window.start)} ${from} → ${end} ${ZONE}`;
}

/** How long, in the largest unit that fits: `10 h`, `3 d 4 h`. */
export function lasts(window: { start: string; end: string }): string {
  return hours((Date.parse(window.end) - Date.parse(window.start)) / HOUR_MS);
}

export function hours(count: number): string {
  if (!Number.isFinite(count)) return "";
  if (count < 48) {
    const minutes = Math.round(count * 60);
    const rest = minutes % 60;
    return [minutes >= 60 || !rest ? `${(minutes - rest) / 60} h` : "", rest ? `${rest} min` : ""].filter(Boolean).join(" ");
  }
  const days = Math.floor(count / 24);
  const rest = +(count - 24 * days).toFixed(1);
  return rest ? `${days} d ${rest} h` : `${days} d`;
}

/** What a date-and-time field holds, `2027-08-17T08:00`, as an instant with the market's offset; null where it is none. */
export function fromField(text: string): string | null {
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(text);
  if (!found || Number.isNaN(Date.parse(`${found[1]}T${found[2]}:00-05:00`))) return null;
  return `${found[1]}T${found[2]}-05:00`;
}

/** An instant as a date-and-time field holds it. */
export function toField(instant: string | number): string {
  return market(instant).replace(" ", "T");
}

/** The market day of an instant, `2027-08-17`. */
export function day(instant: string | number): string {
  return market(instant).slice(0, 10);
}

export function addDays(isoDay: string, count: number): string {
  return new Date(Date.parse(`${isoDay}T00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** From now to then, as a person says it: `in 12 d`, `3 h ago`. */
export function away(instant: string, now: string): string {
  const h = (Date.parse(instant) - Date.parse(now)) / HOUR_MS;
  const size = Math.abs(h);
  const text = size < 1 ? `${Math.round(size * 60)} min` : size < 48 ? `${Math.round(size)} h` : `${Math.round(size / 24)} d`;
  return h >= 0 ? `in ${text}` : `${text} ago`;
}
