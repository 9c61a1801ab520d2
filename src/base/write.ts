// Writing a file so that an interruption leaves the old content or the new, never half of one.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { InputError } from "./errors.js";

/** Writes to a temporary neighbour, syncs, renames over `file`. Throws InputError naming the path when the disk refuses. */
export function writeAtomically(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  let begun = false;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const handle = openSync(temporary, "w");
    begun = true;
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(handle, bytes, offset);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    if (begun) rmSync(temporary, { force: true });
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new InputError(
      `write: ${file} must be writable, got ${reason}; free space or choose another folder with --out`,
    );
  }
}
