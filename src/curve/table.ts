// A table in memory: the shape every importer ends in and every analysis starts from.
// Columns are typed arrays, so that a million rows stay small; NaN stands for a missing number inside a column only
// (it is written as null and printed as "–").
import { InputError, nearestName } from "../base/errors.js";

export type Column =
  | { readonly kind: "number"; readonly values: Float64Array }
  | { readonly kind: "text"; readonly values: readonly string[] };

export interface Table {
  /** Where it came from, for messages: a file name, "standard input". */
  readonly source: string;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
  /** Where a row came from, for messages: "curves.csv line 12". Absent for tables made in memory. */
  readonly place?: (row: number) => string;
}

/** "curves.csv line 12", or "source row 11" where lines are not known. */
export function placeOf(table: Table, row: number): string {
  return table.place?.(row) ?? `${table.source} row ${row}`;
}

/**
 * A table of plain records, columns in order of first appearance; what is absent or null is missing.
 *
 * @example
 * import { tableOf } from "rinsight";
 *
 * const table = tableOf("my losses", [
 *   { scheme: "baseline", tokens: 1e6, loss: 3.2 },
 *   { scheme: "baseline", tokens: 2e6, loss: null },
 * ]);
 * console.log(table.rows); // 2
 */
export function tableOf(source: string, records: readonly Readonly<Record<string, number | string | null>>[]): Table {
  const builders = new Map<string, ColumnBuilder>();
  records.forEach((record, row) => {
    for (const [name, value] of Object.entries(record)) {
      const builder = builders.get(name) ?? new ColumnBuilder();
      builders.set(name, builder);
      builder.set(row, value);
    }
  });
  return { source, rows: records.length, columns: finished(builders, records.length) };
}

/** The columns of builders, each filled up to `rows`. */
export function finished(builders: ReadonlyMap<string, ColumnBuilder>, rows: number): ReadonlyMap<string, Column> {
  return new Map([...builders].map(([name, builder]) => [name, builder.finish(rows)]));
}

/** Text with as many distinct values as this is no grouping column; sharing its strings would cost more than it saves. */
const MOST_SHARED = 100_000;

/** Collects one column row by row: numbers while all cells are numbers, text from the first that is not. */
export class ColumnBuilder {
  private numbers = new Float64Array(64).fill(Number.NaN);
  private texts: string[] | null = null;
  private readonly shared = new Map<string, string>();

  /** `text` is the cell as it was written, kept in a text column. */
  set(row: number, value: number | string | null, text = String(value)): void {
    if (this.texts === null && typeof value === "string") {
      this.texts = Array.from(this.numbers.subarray(0, row), (number) => (Number.isNaN(number) ? "" : String(number)));
    }
    if (this.texts !== null) {
      while (this.texts.length < row) this.texts.push("");
      this.texts[row] = value === null ? "" : this.share(text.trim());
      return;
    }
    if (row >= this.numbers.length) {
      const larger = new Float64Array(Math.max(row + 1, this.numbers.length * 2)).fill(Number.NaN);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers[row] = typeof value === "number" ? value : Number.NaN;
  }

  private share(text: string): string {
    const known = this.shared.get(text);
    if (known !== undefined || this.shared.size >= MOST_SHARED) return known ?? text;
    this.shared.set(text, text);
    return text;
  }

  finish(rows: number): Column {
    if (this.texts !== null) {
      while (this.texts.length < rows) this.texts.push("");
      return { kind: "text", values: this.texts };
    }
    if (this.numbers.length >= rows) return { kind: "number", values: this.numbers.slice(0, rows) };
    const values = new Float64Array(rows).fill(Number.NaN);
    values.set(this.numbers);
    return { kind: "number", values };
  }
}

/** The tables one under another: the union of their columns, what one lacks missing there. */
export function stack(tables: readonly Table[]): Table {
  const [first] = tables;
  if (first !== undefined && tables.length === 1) return first;
  const starts: number[] = [];
  let rows = 0;
  for (const table of tables) {
    starts.push(rows);
    rows += table.rows;
  }
  const names = new Set(tables.flatMap((table) => [...table.columns.keys()]));
  const columns = new Map<string, Column>();
  for (const name of names) {
    const parts = tables.map((table) => table.columns.get(name));
    if (parts.every((part) => part === undefined || part.kind === "number")) {
      const values = new Float64Array(rows).fill(Number.NaN);
      parts.forEach((part, i) => {
        if (part?.kind === "number") values.set(part.values, starts[i]);
      });
      columns.set(name, { kind: "number", values });
    } else {
      const values = tables.flatMap((table, i) => {
        const part = parts[i];
        if (part === undefined) return Array<string>(table.rows).fill("");
        return part.kind === "text" ? part.values : Array.from(part.values, cellText);
      });
      columns.set(name, { kind: "text", values });
    }
  }
  const place = (row: number): string => {
    let index = starts.length - 1;
    while (index > 0 && (starts[index] ?? 0) > row) index--;
    const table = tables[index];
    return table === undefined ? `row ${row}` : placeOf(table, row - (starts[index] ?? 0));
  };
  return { source: tables.map((table) => table.source).join(", "), rows, columns, place };
}

/** A number as it stands in a text cell: empty where missing. */
export function cellText(value: number): string {
  return Number.isNaN(value) ? "" : String(value);
}

/** The column, or InputError naming the ones there are. */
export function columnOf(table: Table, name: string, flag: string): Column {
  const column = table.columns.get(name);
  if (column !== undefined) return column;
  const names = [...table.columns.keys()];
  const nearest = nearestName(name, names);
  throw new InputError(
    `${table.source}: column for ${flag} must be one of ${names.slice(0, 20).join(", ").slice(0, 300)}, got ${JSON.stringify(name.slice(0, 60))}; ${nearest === null ? "name one of them" : `did you mean ${JSON.stringify(nearest.slice(0, 60))}?`}`,
  );
}

/** A cell as text. */
export function textAt(column: Column, row: number): string {
  return column.kind === "text" ? (column.values[row] ?? "") : cellText(column.values[row] ?? Number.NaN);
}
