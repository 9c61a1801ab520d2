// Writing a file so that an interruption leaves the old content or the new, never half of one.
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { threadId } from "node:worker_threads";
import { codeOf, fileReason, InputError } from "./errors.js";
import { isRunning, ownPlace } from "./process-identity.js";

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

/** Writes all of `content` to `file`, anew, and makes sure that it is on the disk. */
export function writeSynced(file: string, content: string | Uint8Array): void {
  const handle = openSync(file, "w");
  try {
    writeWhole(handle, typeof content === "string" ? Buffer.from(content) : content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes sure that the names in `folder` are on the disk: a rename alone may be lost with the power. */
export function syncFolder(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, "r");
  } catch (error) {
    if (["EISDIR", "EPERM", "EACCES"].includes(codeOf(error))) return; // Windows, and folders that may not be read.
    throw error;
  }
  try {
    fsyncSync(handle);
  } catch (error) {
    if (!["EINVAL", "EPERM", "ENOTSUP"].includes(codeOf(error))) throw error; // Some network disks do it by themselves.
  } finally {
    closeSync(handle);
  }
}

/** The neighbour that this process writes before it is renamed to `file`. */
export const temporaryOf = (file: string): string => `${file}.${ownPlace}-${process.pid}-${threadId}.tmp`;

const TEMPORARY = /\.([0-9a-f]{8})-(\d+)-\d+\.tmp$/;
/** Whether a process elsewhere lives cannot be seen: what it left untouched for so long is left for good. */
const FORGOTTEN_MS = 24 * 3600 * 1000;

/** Removes the temporary neighbours of `file` that dead processes left. What cannot be removed stays: it does no harm. */
export function tidyTemporaries(file: string): void {
  const folder = path.dirname(file);
  try {
    for (const name of readdirSync(folder)) {
      const [suffix, place, pid] = name.startsWith(path.basename(file)) ? (TEMPORARY.exec(name) ?? []) : [];
      if (suffix === undefined || name.length !== path.basename(file).length + suffix.length) continue;
      const left = path.join(folder, name);
      const dead =
        place === ownPlace
          ? !isRunning(Number(pid))
          : Date.now() - (lstatSync(left, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > FORGOTTEN_MS;
      if (dead) rmSync(left, { recursive: true, force: true });
    }
  } catch {
    // A folder that cannot be read or written: what is written next says so.
  }
}

/**
 * Writes to a temporary neighbour, syncs, renames over `file`; through a link, over the file that it leads to. A device or
 * a pipe is written to as it is: a rename would put a plain file in its place. Throws InputError naming the path when the
 * disk refuses.
 */
export function writeAtomically(file: string, content: string | Uint8Array, advice?: string): void {
  onDisk(
    file,
    () => {
      const status = statSync(file, { throwIfNoEntry: false });
      if (status !== undefined && !status.isFile() && !status.isDirectory()) return writeFileSync(file, content);
      replace(status === undefined ? file : realpathSync(file), content);
    },
    advice,
  );
}

function replace(file: string, content: string | Uint8Array): void {
  const temporary = temporaryOf(file);
  makeFolder(path.dirname(file));
  tidyTemporaries(file);
  try {
    writeSynced(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}
