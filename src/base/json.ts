// Canonical JSON and content hashes: one text, one hash for one value, on every machine.
import { createHash } from "node:crypto";

/** JSON with object keys sorted at every level; numbers as JavaScript prints them; throws on NaN and infinities. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => {
    if (typeof entry === "number" && !Number.isFinite(entry)) {
      throw new TypeError(`canonicalJson: numbers must be finite, got ${entry}; write null for a missing number`);
    }
    if (entry === null || typeof entry !== "object" || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** Hexadecimal SHA-256 of a text or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
