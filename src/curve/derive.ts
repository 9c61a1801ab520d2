// Columns that a formula adds to a table: --derive "tokens=flops/(6*N)". Names that are no identifiers go in backquotes.
import { InputError, shown } from "../base/errors.js";
import { compileRowExpression } from "../base/expression/compile.js";
import { parseExpression } from "../base/expression/parse.js";
import { columnOf, type Table } from "./table.js";

/** The table with the derived columns added, in order; a mapped name stands for its column. Throws InputError. */
export function withDerived(
  table: Table,
  derive: readonly string[],
  map: Readonly<Record<string, string>> = {},
): Table {
  const columns = new Map(table.columns);
  const renamed = Object.entries(map).filter(([name]) => !columns.has(name));
  for (const [name, given] of renamed) {
    const column = columns.get(given);
    if (column !== undefined) columns.set(name, column);
  }
  for (const definition of derive) {
    const parts = /^\s*([A-Za-z_][\w.]*)\s*=(?!=)(.*)$/s.exec(definition);
    if (parts?.[1] === undefined || parts[2] === undefined) {
      throw new InputError(
        `--derive: must read NAME=FORMULA, got ${shown(definition)}; write for example tokens=step*524288`,
      );
    }
    const where = `--derive ${parts[1]}`;
    const formula = parseExpression(parts[2], where);
    const value = compileRowExpression(formula, (name) => columns.get(name), [...columns.keys()], where);
    columns.set(parts[1], {
      kind: "number",
      values: Float64Array.from({ length: table.rows }, (_, row) => value(row)),
    });
  }
  // What is mapped may itself be derived.
  for (const [name, given] of renamed) columns.set(name, columnOf({ ...table, columns }, given, `--map ${name}`));
  return { ...table, columns };
}
