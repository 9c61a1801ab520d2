// Rows of charts as they go into a page: a column once instead of its name in every row, and a text once instead of at every
// point of its scheme. browser/data.js makes rows of them again, chart by chart.
import type { Chart, Row } from "../charts/chart.js";
import { SCHEMA } from "../charts/parts.js";

type Cell = Row[string];

/** One value for all rows; the different values and which of them each row has; or a value a row. */
export type Column =
  | { readonly all: Cell }
  | { readonly of: readonly Cell[]; readonly at: readonly number[] }
  | { readonly each: readonly Cell[] };

export interface Packed {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/** The specs of charts by name, their rows packed, without the theme, which a page brings once. */
export function packedCharts(charts: readonly Chart[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    charts.map(({ name, spec: { config: _, $schema: __, datasets, ...spec } }) => {
      const sets = Object.entries(datasets).map(([set, rows]) => [set, packed(rows)]);
      return [name, { $schema: SCHEMA, ...spec, datasets: Object.fromEntries(sets) }];
    }),
  );
}

/** Each row of a set must have the keys of the first. */
export function packed(rows: readonly Row[]): Packed {
  const names = Object.keys(rows[0] ?? {});
  return { rows: rows.length, columns: Object.fromEntries(names.map((name) => [name, column(rows, name)])) };
}

function column(rows: readonly Row[], name: string): Column {
  const values = rows.map((row) => row[name] ?? null);
  const places = new Map<Cell, number>();
  for (const value of values) if (!places.has(value)) places.set(value, places.size);
  const [first = null] = values;
  if (places.size === 1) return { all: first };
  const repeated = 2 * places.size <= values.length;
  return repeated ? { of: [...places.keys()], at: values.map((value) => places.get(value) ?? -1) } : { each: values };
}
