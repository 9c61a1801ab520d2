// What a table's cells say to an analysis: numbers, yes and no, conditions, the keys of groups and runs.
import { InputError, shown } from "../base/errors.js";
import { compileRowExpression } from "../base/expression/compile.js";
import { parseExpression } from "../base/expression/parse.js";
import { naturalOrder } from "../base/natural-order.js";
import { meaningOf } from "./names.js";
import { type Column, columnOf, placeOf, type Table, textAt } from "./table.js";
import { type Written, writtenNumber } from "./written-number.js";

/** A column as numbers. A cell that is none is named with its line. */
export function numbers(table: Table, name: string, flag: string): Float64Array {
  const column = columnOf(table, name, flag);
  if (column.kind === "number") return column.values;
  return Float64Array.from(column.values, (cell, row) => {
    const written = writtenNumber(cell, column.mark);
    if (written.kind === "number" && (written.form !== "comma" || column.mark === ",")) return written.value;
    if (written.kind === "not-finite") return written.value;
    if (written.kind === "missing") return Number.NaN;
    throw new InputError(
      `${placeOf(table, row)} column ${shown(name)}: cell must be a number, got ${shown(cell)}; ${cellRemedy(cell, written)}`,
    );
  });
}

function cellRemedy(cell: string, written: Written): string {
  if (written.kind === "ambiguous")
    return `it reads as ${written.decimal} or as ${written.grouped}: write the one that is meant`;
  if (/\d[.,]\d/.test(cell) && written.kind === "number")
    return "write all numbers of the column with one decimal mark";
  if (/%$/.test(cell)) return "write a plain number without the percent sign";
  if (/^[+-]?[\d.]+(e[+-]?\d+)?\s*[a-zµ/]+/i.test(cell)) return "write plain numbers, units in the header";
  return "mend it, or choose another column";
}

/** How the cells of these columns were read, where they were no plain numbers. */
export function writtenNotes(table: Table, names: readonly string[]): readonly string[] {
  return [...new Set(names)].flatMap((name) => {
    const column = table.columns.get(name);
    const note = column?.kind === "number" ? column.written?.note : undefined;
    return note === undefined || note === "" ? [] : [note];
  });
}

/** A column of yes and no; null without the column. */
export function flags(column: Column | undefined): readonly boolean[] | null {
  if (column === undefined) return null;
  if (column.kind === "number") return Array.from(column.values, (value) => value === 1);
  return column.values.map((cell) => /^(true|yes|1)$/i.test(cell));
}

/** A --where formula as a function of the row: 0 where it does not hold. */
export function condition(table: Table, where: string): (row: number) => number {
  const formula = parseExpression(where, "--where");
  return compileRowExpression(formula, (name) => table.columns.get(name), [...table.columns.keys()], "--where");
}

/** What tells the groups of rows apart. */
export function grouping(table: Table, names: readonly string[]): (row: number) => string {
  const columns = names.map((name) => columnOf(table, name, "--by"));
  const [first] = columns;
  if (first === undefined) return () => "";
  if (columns.length === 1) return (row) => textAt(first, row);
  return (row) => JSON.stringify(columns.map((column) => textAt(column, row)));
}

/** Natural order, part by part: by number where both are numbers, s2 before s10, and the same on every machine. */
export function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) {
    const [left = "", right = ""] = [a[i], b[i]];
    if (left === right) continue;
    const difference = left === "" || right === "" ? Number.NaN : Number(left) - Number(right);
    return Number.isNaN(difference) || difference === 0 ? naturalOrder(left, right) : difference;
  }
  return 0;
}

/**
 * The run of each row: all its points share its error. A seed alone names none, since at every horizon a run of its own may
 * have started from it.
 */
export function runColumn(table: Table): ((row: number) => string) | null {
  const column = table.columns.get("run");
  return column === undefined ? null : (row) => textAt(column, row);
}

/** Values in the unit that a header speaks of: "Tokens (B)" over .5 … 16 is .5e9 … 16e9. */
export function scaled(name: string, values: Float64Array, notes: string[]): Float64Array {
  const meaning = meaningOf(name);
  if (meaning.quantity !== "tokens" || meaning.scale === 1) return values;
  const { scale } = meaning;
  const largest = values.reduce((most, value) => (value > most ? value : most), 0);
  if (largest * scale > LARGEST_TOKENS) {
    throw new InputError(
      `column ${shown(name)}: tokens must be counted in units of ${scale} as its name says, got ${largest}; rename it tokens if it counts tokens`,
    );
  }
  notes.push(`took column ${name} × ${scale.toExponential().replace("e+", "e")}, as its name says`);
  return values.map((value) => value * scale);
}

/** More tokens than this were trained on by nobody. */
const LARGEST_TOKENS = 1e17;

/** Rows whose loss says nan or inf. */
export function notFiniteRows(table: Table, name: string): ReadonlySet<number> {
  const column = table.columns.get(name);
  if (column?.kind === "number") return column.notFinite ?? new Set();
  return new Set(column?.values.flatMap((cell, row) => (/^[+-]?(nan|inf|infinity)$/i.test(cell) ? [row] : [])));
}
