// The points of curves from merged rows: what is no point is left out and counted, a run that diverged says so, and other
// columns go along where no analysis can take them for the loss.
import { meaningOf } from "../names.js";
import { columnOf, type Table, textAt } from "../table.js";
import type { Row } from "./merge.js";
import type { ImportOptions } from "./options.js";
import type { Tokens } from "./tokens.js";

/** The columns that were taken. */
export interface Taken {
  readonly loss: string;
  readonly step: string | null;
  readonly tokens: Tokens | null;
  /** Name of the column of the loss that is written. */
  readonly column: string;
}

export type Point = Record<string, number | string | null>;

/** One point a row with a finite loss and tokens above 0. */
export function pointsOf(
  table: Table,
  rows: readonly Row[],
  taken: Taken,
  convert: (loss: number) => number,
  options: ImportOptions,
  notes: string[],
): readonly Point[] {
  const schemeOf = schemeIn(table, options, notes);
  const lost = lossesOnly(rows, taken.loss);
  const diverged = divergedFrom(lost, taken, notes);
  let [without, atZero, notFinite] = [0, 0, 0];
  const points: Point[] = [];
  for (const row of lost) {
    const value = Number(row[taken.loss]);
    const tokens = taken.tokens === null ? Number.NaN : taken.tokens.of(row);
    if (!Number.isFinite(value)) notFinite++;
    else if (tokens === null) without++;
    else if (tokens === 0) atZero++;
    else {
      const run = String(row.run ?? "");
      const others = Object.entries(row).filter(([name]) => !WRITTEN.has(name) && kept(name, taken));
      points.push({
        run,
        scheme: schemeOf(row),
        step: taken.step === null ? null : (row[taken.step] ?? null),
        ...(taken.tokens === null ? {} : { tokens }),
        [taken.column]: convert(value),
        ...(diverged.has(run) ? { status: "diverged" } : {}),
        ...Object.fromEntries(others),
      });
    }
  }
  if (notFinite > 0) notes.push(`left out ${plural(notFinite, "loss that is", "losses that are")} not finite`);
  if (without > 0) notes.push(`left out ${plural(without, "row")} with a loss but no tokens`);
  if (atZero > 0) notes.push(`left out ${plural(atZero, "point")} at 0 tokens: measured before training`);
  return points;
}

const WRITTEN = new Set(["run", "scheme", "step", "tokens", "loss"]);

/** The loss that was taken stands under its own name alone, and no other that an analysis might take for it is written. */
function kept(name: string, taken: Taken): boolean {
  const meaning = meaningOf(name);
  if (name === taken.loss || name === taken.column) return false;
  return meaning.quantity !== "loss" || meaning.split === "train";
}

const lossesOnly = (rows: readonly Row[], loss: string): readonly Row[] =>
  rows.filter((row) => typeof row[loss] === "number");

/**
 * Runs whose losses are finite up to a step and never after it, with that step, said. Where finite and other ones take
 * turns, nan marks what was not measured.
 */
function divergedFrom(rows: readonly Row[], taken: Taken, notes: string[]): ReadonlySet<string> {
  const since = new Map<string, number | string | null>();
  const mixed = new Set<string>();
  for (const row of rows) {
    const run = String(row.run ?? "");
    if (Number.isFinite(row[taken.loss])) {
      if (since.has(run)) mixed.add(run);
    } else if (!since.has(run)) since.set(run, taken.step === null ? null : (row[taken.step] ?? null));
  }
  for (const run of mixed) since.delete(run);
  for (const [run, step] of since) {
    const from = step === null ? "at its end" : `from step ${step} on`;
    notes.push(`run ${run}: ${taken.loss} is not finite ${from}: the run diverged, and its points say so (status)`);
  }
  return new Set(since.keys());
}

function schemeIn(table: Table, options: ImportOptions, notes: string[]): (row: Row) => string {
  const { scheme, schemeName } = options;
  if (schemeName !== undefined) return () => schemeName;
  if (scheme === undefined) return (row) => String(row.scheme ?? row.run ?? "");
  if (!table.columns.has(scheme)) {
    notes.push(`wrote scheme ${scheme} on every row: no column has that name`);
    return () => scheme;
  }
  // A tracker writes settings on the first row of a run alone.
  const ofRun = new Map<string, string>();
  const [run, column] = [columnOf(table, "run", "--run"), columnOf(table, scheme, "--scheme")];
  for (let row = 0; row < table.rows; row++) {
    const value = textAt(column, row);
    if (value !== "" && !ofRun.has(textAt(run, row))) ofRun.set(textAt(run, row), value);
  }
  notes.push(`took schemes from ${scheme}`);
  return (row) => String(row[scheme] ?? ofRun.get(String(row.run ?? "")) ?? row.run ?? "");
}

/** "1 point", "2 points". */
export const plural = (n: number, noun: string, several = `${noun}s`): string => `${n} ${n === 1 ? noun : several}`;
