// What is read because of where it lies (a manifest, a plan, a text of a corpus) must be a file: a pipe that nobody
// writes to would be waited for without end, and a device may have no end.
import { readFileSync, type Stats, statSync } from "node:fs";
import { InputError } from "./errors.js";

const KINDS: readonly (readonly [is: (status: Stats) => boolean, name: string])[] = [
  [(status) => status.isDirectory(), "a folder"],
  [(status) => status.isFIFO(), "a pipe"],
  [(status) => status.isSocket(), "a socket"],
];

/**
 * What is at a path, also through links, where it is a file.
 * @throws InputError for anything else that is there; the system's own error for what is not.
 */
export function regularFile(file: string): Stats {
  const status = statSync(file);
  if (status.isFile()) return status;
  const kind = KINDS.find(([is]) => is(status))?.[1] ?? "a device";
  throw new InputError(`${file}: must be a file, got ${kind}; put the file in its place`);
}

/** The text of a regular file. Throws as regularFile. */
export function readRegularFile(file: string): string {
  regularFile(file);
  return readFileSync(file, "utf8");
}
