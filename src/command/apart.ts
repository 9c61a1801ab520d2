// A result never goes over the data that it was made from: --out with the name of an input is a slip, and what it would
// destroy is not to be had again.
import { existsSync, statSync } from "node:fs";
import { InputError, shown } from "../base/errors.js";

/** Throws InputError where `out` is one of the files that were read, under whatever name. */
export function keepApart(out: string | undefined, inputs: readonly string[]): void {
  const place = out === undefined ? undefined : identity(out);
  const same = place === undefined ? undefined : inputs.find((input) => input !== "-" && identity(input) === place);
  if (same === undefined) return;
  throw new InputError(`--out: must be another file than the data, got ${shown(out)}; name a new one`);
}

/** Device and number of what is at a path; undefined for nothing, and for what is no plain file. */
function identity(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const status = statSync(file, { bigint: true });
  return status.isFile() ? `${status.dev}/${status.ino}` : undefined;
}
