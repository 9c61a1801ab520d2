// Plain training logs by a regular expression with named groups: step, tokens, loss, and any others.
// The expression is the user's: it runs under a time limit, since some take forever on a line that almost matches.
import { createContext, runInContext } from "node:vm";
import { InputError, reasonOf, shown } from "../../base/errors.js";
import { recordsTable } from "../read/json-lines.js";
import type { Table } from "../table.js";

const MILLISECONDS = 5000;
const LONGEST_LINE = 10_000;

const NUMBER = "[-+]?[\\d.]+(?:e[-+]?\\d+)?";
/** What common trainers print: nanoGPT ("step 250: train loss 1.9, val loss 2.0"), "step=100 tokens=1e6 loss=3.2", … */
export const DEFAULT_PATTERN = `(?:step|iter|iteration)\\w*\\W{0,3}(?<step>\\d+)(?:.{0,200}?\\btokens\\w*\\W{0,3}(?<tokens>${NUMBER}))?.{0,200}?\\b(?:(?:val|valid|validation|eval|test)\\w*[ _/-]?loss)\\W{0,3}(?<loss>${NUMBER})`;
/** The same for logs that name one loss alone. */
const PLAIN_PATTERN = DEFAULT_PATTERN.replace(/\(\?:\(\?:val[^)]*\)\\w\*\[ _\/-\]\?loss\)/, "loss");

/** Lines that match, as a table of the named groups. Throws InputError for a bad or slow pattern and where nothing matches. */
export function parseLog(
  source: string,
  text: string,
  pattern: string | null,
): { readonly table: Table; readonly pattern: string } {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.slice(0, LONGEST_LINE));
  for (const candidate of pattern === null ? [DEFAULT_PATTERN, PLAIN_PATTERN] : [pattern]) {
    const entries = matches(source, lines, candidate);
    if (entries.length > 0) return { table: recordsTable(source, entries), pattern: candidate };
  }
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

/** "1.5M" and "2B" as logs print counts; a number at the end of a sentence may carry its full stop. */
function numberOrText(cell: string): number | string {
  const parts = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\.?([kMGBT]?)$/i.exec(cell.replace(/(?<=\d),(?=\d{3})/g, ""));
  if (parts?.[1] === undefined) return cell;
  const scale = { k: 1e3, m: 1e6, g: 1e9, b: 1e9, t: 1e12 }[(parts[2] ?? "").toLowerCase()] ?? 1;
  return Number(parts[1]) * scale;
}
