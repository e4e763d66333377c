import { describe, expect, it } from "vitest";
import { bytes, fileLabel, mayAdd } from "../src/lib/files";
import { coded, decoded } from "../src/lib/passkey";
import type { OutageFile } from "../src/lib/types";

const file = (state: OutageFile["state"]): OutageFile => ({
  id: "f", outage: "o", name: "a.pdf", kind: "application/pdf", size: 1, sha256: "", by: "ann", role: "owner", at: "", state, says: "", looked_at: null, open: false,
});

describe("a file", () => {
  it("says how big it is", () => {
    expect([1, 1023, 1024, 1536, 8 * 1024 * 1024, 150 * 1024].map(bytes)).toEqual(["1 B", "1023 B", "1 KiB", "1.5 KiB", "8 MiB", "150 KiB"]);
  });

  it("says what is to be said of it, by words and not by colour alone", () => {
    expect(fileLabel(file("clean"))).toBeNull();
    for (const state of ["held", "infected", "unscanned"] as const) expect(fileLabel(file(state))?.word).toBeTruthy();
  });

  it("is added by who works on outages and not by who only looks", () => {
    expect(["owner", "field", "engineer"].every(mayAdd)).toBe(true);
    expect(["auditor", "public", "administrator"].some(mayAdd)).toBe(false);
  });
});

describe("bytes of a passkey", () => {
  it("are base64url without padding, there and back", () => {
    // RFC 4648, section 10, and two bytes that plain base64 writes with signs that no address has.
    const known: [number[], string][] = [[[], ""], [[102], "Zg"], [[102, 111], "Zm8"], [[102, 111, 111], "Zm9v"], [[251, 255], "-_8"]];
    for (const [raw, text] of known) {
      expect(coded(Uint8Array.from(raw).buffer)).toBe(text);
      expect([...decoded(text)]).toEqual(raw);
    }
    const all = Uint8Array.from({ length: 256 }, (_, k) => k);
    expect(decoded(coded(all.buffer))).toEqual(all);
  });
});
