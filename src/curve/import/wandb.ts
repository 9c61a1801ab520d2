// A chart exported from Weights & Biases: a column of the horizontal axis, and for each run "run - metric" with its
// "run - metric__MIN" and "__MAX", which differ where the chart shows groups of runs or bins of steps.
import { InputError } from "../../base/errors.js";
import { type Table, tableOf, textAt } from "../table.js";

const BAND = /__(MIN|MAX)$/;
const parts = (name: string): readonly [string, string] | null => {
  const cut = name.lastIndexOf(" - ");
  return cut < 1 || BAND.test(name) ? null : [name.slice(0, cut), name.slice(cut + 3)];
};

/** True for a table of curves: an axis, and columns of runs and metrics alone. */
export function isChart(table: Table): boolean {
  const names = [...table.columns.keys()];
  const curves = names.filter((name) => parts(name) !== null);
  return curves.length > 0 && names.length - curves.length - names.filter((name) => BAND.test(name)).length <= 1;
}

/** One row a run and value of the axis. Throws InputError where the axis is a time, which counts nothing. */
export function chartTable(table: Table): { readonly table: Table; readonly notes: readonly string[] } {
  const names = [...table.columns.keys()];
  const axis = names.find((name) => parts(name) === null && !BAND.test(name));
  const column = axis === undefined ? undefined : table.columns.get(axis);
  if (axis === undefined || column?.kind !== "number" || /time|created|date/i.test(axis)) {
    throw new InputError(
      `${table.source}: a chart must be drawn over steps or tokens, got ${axis ?? "no axis"}; choose another x axis in Weights & Biases and export it again`,
    );
  }
  const rows = new Map<string, Record<string, number | string>>();
  const runs = new Set<string>();
  let banded = 0;
  for (const name of names) {
    const [run, metric] = parts(name) ?? [];
    const values = table.columns.get(name);
    if (run === undefined || metric === undefined || values?.kind !== "number") continue;
    if (differs(table, name)) banded++;
    runs.add(run);
    column.values.forEach((at, row) => {
      const value = values.values[row] ?? Number.NaN;
      if (Number.isNaN(value) && values.notFinite?.has(row) !== true) return;
      const key = `${run}\n${textAt(column, row)}`;
      const record = rows.get(key) ?? { run, [axis]: at };
      rows.set(key, record);
      record[metric] = value;
    });
  }
  const band =
    banded === 0
      ? []
      : [
          `${banded} of its curves have bands: means over groups of runs or bins of steps, not single runs; export without grouping and smoothing for those`,
        ];
  return {
    table: tableOf(table.source, [...rows.values()]),
    notes: [`read as a Weights & Biases chart of ${runs.size} run${runs.size === 1 ? "" : "s"} over ${axis}`, ...band],
  };
}

function differs(table: Table, name: string): boolean {
  const [low, high] = [`${name}__MIN`, `${name}__MAX`].map((one) => table.columns.get(one));
  if (low?.kind !== "number" || high?.kind !== "number") return false;
  return low.values.some((value, row) => value < (high.values[row] ?? value));
}
