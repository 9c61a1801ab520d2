// How much of anything is read, so that what expands or goes on without end is refused before it fills the memory.
// --limits rows=5e7,line=1e8 sets others, for data that are larger and machines that hold them; scripts and processes that
// a command starts have them from RINSIGHT_LIMITS.
import { InputError, shown } from "../../base/errors.js";

export interface Limits {
  /** Of a file, expanded. Text ends at 536,870,888 characters in any case: a string of V8 holds no more. */
  readonly bytes: number;
  /** Of a table. */
  readonly rows: number;
  /** Bytes of one line. */
  readonly line: number;
}

const DEFAULTS: Limits = { bytes: 5e8, rows: 1e7, line: 2e7 };

/** The defaults with "name=number,…" in their place. Throws InputError for another name, or what is no positive number. */
export function limitsFrom(text: string, where = VARIABLE): Limits {
  const given = text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part): [string, number] => {
      const [name = "", value = ""] = part.split("=").map((side) => side.trim());
      if (!Object.hasOwn(DEFAULTS, name) || !(Number(value) >= 1 && Number.isFinite(Number(value)))) {
        throw new InputError(
          `${where}: must read ${Object.keys(DEFAULTS).join("=…,")}=…, got ${shown(part)}; write for example rows=5e7`,
        );
      }
      return [name, Math.floor(Number(value))];
    });
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

const VARIABLE = "RINSIGHT_LIMITS";

/** The limits that hold now. */
export const limits = (): Limits => limitsFrom(process.env[VARIABLE] ?? "");

/** Moves the limits of this process and of those that it starts. Throws InputError as limitsFrom. */
export function moveLimits(text: string): void {
  limitsFrom(text, "--limits");
  process.env[VARIABLE] = `${process.env[VARIABLE] ?? ""},${text}`;
}

/** What may be done about a limit, at the end of a message. */
export const raise = (name: keyof Limits): string => `keep what the fit needs, or give --limits ${name}=…`;

/** Takes the bytes of a text part by part; throws InputError at a line that is too long, or at more lines than a table may have rows. */
export function lineCheck(source: string, { line, rows }: Limits = limits()): (part: Uint8Array) => void {
  let [lines, length] = [0, 0];
  return (part) => {
    for (let start = 0; start < part.length; ) {
      const found = part.indexOf(10, start);
      length += (found < 0 ? part.length : found) - start;
      if (length > line) {
        throw new InputError(
          `${source} line ${lines + 1}: line must have at most ${line / 1e6} MB, got more; ${raise("line")}`,
        );
      }
      // The header's, and one a row.
      if (lines > rows) {
        throw new InputError(`${source}: file must have at most ${rows} lines, got more; ${raise("rows")}`);
      }
      if (found < 0) return;
      [lines, length, start] = [lines + 1, 0, found + 1];
    }
  };
}
