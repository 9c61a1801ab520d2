// Writing a file so that an interruption leaves the old content or the new, never half of one.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { fileReason, InputError } from "./errors.js";

/**
 * Makes a folder and those above it; returns those that were not there, outermost first.
 * One by one: mkdir with `recursive` never returns where the system takes no folders (/proc).
 */
export function makeFolder(folder: string): readonly string[] {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !existsSync(at) && at !== path.dirname(at); at = path.dirname(at)) {
    missing.unshift(at);
  }
  for (const at of missing) {
    try {
      mkdirSync(at);
    } catch (error) {
      // Another process may have made it in between.
      if (!existsSync(at)) throw error;
    }
  }
  return missing;
}

/** What `action` gives; a refusal of the disk (full, read-only, no permission) becomes an InputError that names `file`. */
export function onDisk<T>(file: string, action: () => T, advice = "choose another folder with --out"): T {
  try {
    return action();
  } catch (error) {
    // Anything without a code of the system is a mistake of ours.
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new InputError(`write: ${file} must be writable, got ${fileReason(error)}; free space or ${advice}`);
  }
}

/** Writes all of `bytes` to an open file, from `position` or where the file stands; one write may take only a part. */
export function writeWhole(handle: number, bytes: Uint8Array, position: number | null = null): void {
  for (let offset = 0; offset < bytes.length; ) {
    const at = position === null ? null : position + offset;
    offset += writeSync(handle, bytes, offset, bytes.length - offset, at);
  }
}

/** Writes to a temporary neighbour, syncs, renames over `file`. Throws InputError naming the path when the disk refuses. */
export function writeAtomically(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  onDisk(file, () => {
    let begun = false;
    try {
      makeFolder(path.dirname(file));
      const handle = openSync(temporary, "w");
      begun = true;
      try {
        writeWhole(handle, typeof content === "string" ? Buffer.from(content) : content);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, file);
    } catch (error) {
      if (begun) rmSync(temporary, { force: true });
      throw error;
    }
  });
}
