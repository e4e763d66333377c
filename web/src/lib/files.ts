// How files at an outage read, and which may be added.

import type { OutageFile } from "./types";
import type { Label } from "./words";

export const MOST_BYTES = 8 * 1024 * 1024;
/** What the service takes; it looks at the bytes too. */
export const KINDS = ".pdf,.jpg,.jpeg,.png,.txt";

const ADDERS = ["owner", "agent", "field", "engineer", "control_room", "planner"];
export const mayAdd = (role: string): boolean => ADDERS.includes(role);

/** `812 B`, `3.4 KiB`, `8 MiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const [size, unit] = count < 1024 * 1024 ? [count / 1024, "KiB"] : [count / 1024 / 1024, "MiB"];
  return `${Number.isInteger(size) || size >= 100 ? Math.round(size) : size.toFixed(1)} ${unit}`;
}

/** What has to be said of a file beside its name; nothing where all is well. */
export function fileLabel(file: OutageFile): Label | null {
  if (file.state === "infected") return { mark: "✕", word: "something was found in it", tone: "red" };
  if (file.state === "held") return { mark: "◆", word: "held: nothing has looked at it", tone: "amber" };
  if (file.state === "unscanned") return { mark: "–", word: "nothing looks into files here", tone: "quiet" };
  return null;
}
