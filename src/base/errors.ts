// The three ways Rinsight says no, and the coded warnings it attaches to results.
// Every message reads `where: rule, got value; what to do`.

/**
 * The caller can mend it: a bad flag, file, column, scheme. Exit code 2.
 *
 * @example
 * import { InputError, lawByName } from "rinsight";
 *
 * try {
 *   lawByName("power-low");
 * } catch (error) {
 *   console.log(error instanceof InputError); // true
 * }
 */
export class InputError extends Error {
  override readonly name = "InputError";
}

/**
 * The data cannot give an estimate at all. Exit code 1.
 *
 * @example
 * import { FitError, fit, observe, powerLawWithLimit, tableOf } from "rinsight";
 *
 * const { groups } = observe(tableOf("mine", [{ tokens: 1e6, loss: 3.2 }]), ["tokens"]);
 * try {
 *   groups.map((group) => fit(powerLawWithLimit, group));
 * } catch (error) {
 *   console.log(error instanceof FitError); // true
 * }
 */
export class FitError extends Error {
  override readonly name = "FitError";
}

/** A recomputed number differs from the published one. Exit code 1. */
export class ReproductionError extends Error {
  override readonly name = "ReproductionError";
}

/** A doubt about a result: a stable code for machines, a sentence with the remedy for people. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/**
 * The name among `known` nearest to a misspelt `given` (edit distance at most a third of its length), or null.
 * For "unknown scheme, got rinz; did you mean rins?".
 */
export function nearestName(given: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(given.slice(0, 64).toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(substitution, swap, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length] ?? 0;
}

/** A value of the user's as it may stand in a one-line message: quoted, control characters escaped, cut at 60. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "a file in place of a folder",
  EISDIR: "a folder",
  EEXIST: "something else in its place",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "a read-only disk",
  ENOSPC: "a full disk",
  EDQUOT: "a full quota",
  EFBIG: "a limit on the size of files",
  EIO: "an error of the disk",
  ENAMETOOLONG: "a name that is too long",
  ELOOP: "links in a circle",
  EMFILE: "too many open files",
};

/** The system's code of an error ("ENOENT"), or the error as text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Why the system refused a file, in the words of every message: "no such file". */
export function fileReason(error: unknown): string {
  const code = codeOf(error);
  return FILE_REASONS[code] ?? code;
}

/** One line on what the system refused, with the file and the call; null for an error that is none of the system's. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof Error && "code" in error && "syscall" in error)) return null;
  const file = "path" in error && typeof error.path === "string" ? shown(error.path) : "the system";
  return `rinsight: ${file} must allow ${String(error.syscall)}, got ${fileReason(error)}; mend that and start again`;
}

/** The message of an error that is not ours, as it may stand in a line of ours: control characters out, cut at 100. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the terminal
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return plain.length > 100 ? `${plain.slice(0, 99)}…` : plain;
}
