// A table in memory: the shape every importer ends in and every analysis starts from.
// Columns are typed arrays, so that a million rows stay small; NaN stands for a missing number inside a column only
// (it is written as null and printed as "–").
import { InputError, nearestName } from "../base/errors.js";
import { meaningOf } from "./names.js";
import { type DecimalMark, writtenColumn } from "./written-number.js";

export type Column =
  | {
      readonly kind: "number";
      readonly values: Float64Array;
      /** Rows whose cell says nan or inf: measured and no number, where a missing one was not measured. */
      readonly notFinite?: ReadonlySet<number>;
      /** Where cells were not plain numbers ("500M"): the cells as they stand, and how one of them was read. */
      readonly written?: { readonly texts: readonly string[]; readonly note: string };
    }
  | {
      readonly kind: "text";
      readonly values: readonly string[];
      /** Decimal mark of the numbers among the cells; a point when not given. */
      readonly mark?: DecimalMark;
    };

export interface Table {
  /** Where it came from, for messages: a file name, "standard input". */
  readonly source: string;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
  /** What had to be said while reading. */
  readonly notes?: readonly string[];
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

/** The columns of builders, each filled up to `rows`; `mark` parts the fraction of their numbers off. */
export function finished(
  builders: ReadonlyMap<string, ColumnBuilder>,
  rows: number,
  mark: DecimalMark = ".",
): ReadonlyMap<string, Column> {
  return new Map([...builders].map(([name, builder]) => [name, builder.finish(name, rows, mark)]));
}

/** Numbers remember so many of their cells as they were written, for the case that the column turns out to be text. */
const MOST_WRITTEN = 65_536;
/** Text with as many distinct values as this is no grouping column; sharing its strings would cost more than it saves. */
const MOST_SHARED = 100_000;

/** Collects one column row by row: plain numbers while all cells are, text from the first that is not. */
export class ColumnBuilder {
  private numbers = new Float64Array(64).fill(Number.NaN);
  private readonly written: string[] = [];
  private texts: string[] | null = null;
  /** Text that begins too late for all cells before it to be known as they were written: numbers are then written alike. */
  private late = false;
  private readonly shared = new Map<string, string>();
  private readonly notFinite = new Set<number>();

  /** A number that is not finite was written so; `text` is the cell as it was written, kept in a text column. */
  set(row: number, value: number | string | null, text = value === null ? "" : String(value)): void {
    if (this.texts === null && typeof value === "string") {
      this.late = row > MOST_WRITTEN;
      this.texts = Array.from(this.numbers.subarray(0, row), (number, i) => {
        const missing = Number.isNaN(number) && !this.notFinite.has(i);
        if (missing || !this.late) return (this.written[i] ?? "").trim();
        return String(number);
      });
    }
    if (this.texts !== null) {
      while (this.texts.length < row) this.texts.push("");
      this.texts[row] = this.share(this.late && typeof value === "number" ? String(value) : text.trim());
      return;
    }
    if (row < MOST_WRITTEN) this.written[row] = text;
    if (row >= this.numbers.length) {
      const larger = new Float64Array(Math.max(row + 1, this.numbers.length * 2)).fill(Number.NaN);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers[row] = typeof value === "number" ? value : Number.NaN;
    if (typeof value === "number" && !Number.isFinite(value)) this.notFinite.add(row);
  }

  private share(text: string): string {
    const known = this.shared.get(text);
    if (known !== undefined || this.shared.size >= MOST_SHARED) return known ?? text;
    this.shared.set(text, text);
    return text;
  }

  /** Text whose cells are all numbers as people write them becomes numbers that remember their cells. */
  finish(name: string, rows: number, mark: DecimalMark): Column {
    if (this.texts !== null) {
      while (this.texts.length < rows) this.texts.push("");
      return numbersOrText(name, this.texts, mark);
    }
    const values = this.numbers.length >= rows ? this.numbers.slice(0, rows) : new Float64Array(rows).fill(Number.NaN);
    if (this.numbers.length < rows) values.set(this.numbers);
    return this.notFinite.size === 0
      ? { kind: "number", values }
      : { kind: "number", values, notFinite: this.notFinite };
  }
}

function numbersOrText(name: string, texts: readonly string[], mark: DecimalMark): Column {
  const meaning = meaningOf(name);
  const counts = meaning.quantity === "step" || (meaning.quantity === "tokens" && meaning.scale === 1);
  const read = writtenColumn(texts, mark, counts);
  if (read === null || read.values.every(Number.isNaN)) return { kind: "text", values: texts, mark };
  const { values, note } = read;
  return {
    kind: "number",
    values,
    ...(read.notFinite.length === 0 ? {} : { notFinite: new Set(read.notFinite) }),
    written: { texts, note: note === null ? "" : `column ${name}: ${note}` },
  };
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
    const texts = (): string[] =>
      tables.flatMap((table, i) => {
        const part = parts[i];
        return Array.from({ length: table.rows }, (_, row) => (part === undefined ? "" : textAt(part, row)));
      });
    if (parts.every((part) => part === undefined || part.kind === "number")) {
      const values = new Float64Array(rows).fill(Number.NaN);
      const notFinite = new Set<number>();
      const notes = new Set<string>();
      parts.forEach((part, i) => {
        if (part?.kind !== "number") return;
        const start = starts[i] ?? 0;
        values.set(part.values, start);
        for (const row of part.notFinite ?? []) notFinite.add(start + row);
        if (part.written !== undefined) notes.add(part.written.note);
      });
      columns.set(name, {
        kind: "number",
        values,
        ...(notFinite.size === 0 ? {} : { notFinite }),
        ...(notes.size === 0 ? {} : { written: { texts: texts(), note: [...notes].filter(Boolean).join("; ") } }),
      });
    } else {
      const mark = parts.some((part) => part?.kind === "text" && part.mark === ",") ? "," : ".";
      columns.set(name, { kind: "text", values: texts(), mark });
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

/** A cell as text; one that says nan or inf says so. */
export function textAt(column: Column, row: number): string {
  if (column.kind === "text") return column.values[row] ?? "";
  const value = column.values[row] ?? Number.NaN;
  return column.written?.texts[row] ?? (column.notFinite?.has(row) === true ? String(value) : cellText(value));
}
