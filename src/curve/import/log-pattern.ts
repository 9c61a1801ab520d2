// Plain training logs by a regular expression with named groups: step, tokens, loss, and any others.
// The expression is the user's: it runs under a time limit, since some take forever on a line that almost matches.
import { stripVTControlCharacters } from "node:util";
import { createContext, runInContext } from "node:vm";
import { InputError, reasonOf, shown } from "../../base/errors.js";
import { recordsTable } from "../read/json-lines.js";
import type { Table } from "../table.js";
import { writtenNumber } from "../written-number.js";

const MILLISECONDS = 5000;
const LONGEST_LINE = 10_000;

/** Lines that match, as a table of the named groups. Throws InputError for a bad or slow pattern and where nothing matches. */
export function parsePattern(source: string, text: string, pattern: string): Table {
  const lines = text.split(/\r\n|\n|\r/).map((line) => stripVTControlCharacters(line.slice(0, LONGEST_LINE)));
  const entries = matches(source, lines, pattern);
  if (entries.length > 0) return recordsTable(source, entries);
  throw new InputError(
    `${source}: some lines must match the pattern, got none of ${lines.length}; give --pattern with named groups: 'step (?<step>\\d+).*loss (?<loss>[\\d.]+)'`,
  );
}

function matches(
  source: string,
  lines: readonly string[],
  pattern: string,
): { readonly value: unknown; readonly line: number }[] {
  if (pattern.length > 2000)
    throw new InputError(`--pattern: must have at most 2000 characters, got ${pattern.length}; shorten it`);
  if (!pattern.includes("(?<")) {
    throw new InputError(
      `--pattern: must name its groups, got ${shown(pattern)}; write (?<step>…), (?<tokens>…), (?<loss>…)`,
    );
  }
  try {
    new RegExp(pattern);
  } catch (error) {
    const reason = reasonOf(error).replace(/^.*: /, "");
    throw new InputError(`--pattern: must be a regular expression, got ${shown(pattern)} (${reason}); mend it`);
  }
  let groups: unknown;
  try {
    // The text and the pattern go in as data; what runs is this fixed line, and the limit ends a pattern that never would.
    groups = runInContext(
      'const expression = new RegExp(pattern, "i"); lines.map((line) => expression.exec(line)?.groups ?? null)',
      createContext({ pattern, lines }),
      { timeout: MILLISECONDS },
    );
  } catch (error) {
    // The error comes from another realm: it is no instance of our Error.
    if (
      typeof error === "object" &&
      error !== null &&
      "code" in error &&
      error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
    ) {
      throw new InputError(
        `--pattern: must match ${source} within ${MILLISECONDS / 1000} s, got no end on ${shown(pattern)}; avoid nested repetition such as (a+)+`,
      );
    }
    throw error;
  }
  if (!Array.isArray(groups)) return [];
  return groups.flatMap((found: unknown, i) => {
    if (typeof found !== "object" || found === null) return [];
    const value = Object.fromEntries(
      Object.entries(found).flatMap(([name, cell]) => (typeof cell === "string" ? [[name, numberOrText(cell)]] : [])),
    );
    return [{ value, line: i + 1 }];
  });
}

/** A number at the end of a sentence may carry its full stop. */
function numberOrText(cell: string): number | string {
  const trimmed = cell.trim();
  const written = writtenNumber(/\d\.$/.test(trimmed) ? trimmed.slice(0, -1) : trimmed);
  return written.kind === "number" ? written.value : cell;
}
