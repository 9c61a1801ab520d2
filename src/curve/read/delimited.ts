// CSV and TSV. Unquoted tables (nearly all curves) take a short path of our own, a million rows in about a second;
// quoted ones go through csv-parse.
import { createRequire } from "node:module";
import { InputError, shown } from "../../base/errors.js";
import { ColumnBuilder, finished, type Table } from "../table.js";

const MOST_COLUMNS = 1000;
const LONGEST_CELL = 10_000;
const MISSING = new Set(["", "NA", "N/A", "na", "n/a", "null", "NULL", "None", "nan", "NaN", "NAN", "-nan", "–", "."]);
const INFINITE: ReadonlyMap<string, number> = new Map([
  ["inf", Number.POSITIVE_INFINITY],
  ["+inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["infinity", Number.POSITIVE_INFINITY],
  ["-infinity", Number.NEGATIVE_INFINITY],
]);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A cell's number; null for a missing one; the text itself where it is neither. */
export function cellValue(cell: string): number | string | null {
  const first = cell.charCodeAt(0);
  // Digits, point and signs: a number in nearly every case, and Number() alone is fast.
  if ((first >= 48 && first <= 57) || first === 45 || first === 46 || first === 43) {
    const value = Number(cell);
    if (!Number.isNaN(value) && NUMBER.test(cell)) return value;
  }
  const trimmed = cell.trim();
  if (MISSING.has(trimmed)) return null;
  if (trimmed !== cell && NUMBER.test(trimmed)) return Number(trimmed);
  return INFINITE.get(trimmed.toLowerCase()) ?? trimmed;
}

/** A CSV or TSV text as a table. Throws InputError with line, column, rule, value and remedy. */
export function parseDelimited(source: string, text: string): Table {
  const content = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (content.trim() === "")
    throw new InputError(`${source}: table must have a header and rows, got an empty file; check how it was written`);
  const firstLine = content.trimStart().split(/\r\n|\n|\r/, 1)[0] ?? "";
  const delimiter = ["\t", ",", ";"].find((candidate) => firstLine.includes(candidate)) ?? ",";
  const rows = new Rows(source, delimiter);
  if (content.includes('"')) parseQuoted(source, content, delimiter, rows);
  else parsePlain(content, delimiter, rows);
  return rows.table();
}

/** Takes the header, then rows of cells, and builds columns. */
class Rows {
  private names: readonly string[] = [];
  private builders: readonly ColumnBuilder[] = [];
  private rows = 0;
  /** Line of each row, kept only once lines and rows part (blank lines, quoted line ends). */
  private lines: number[] | null = null;

  constructor(
    private readonly source: string,
    private readonly delimiter: string,
  ) {}

  add(cells: readonly string[], line: number): void {
    if (this.builders.length === 0) {
      this.header(cells, line);
      return;
    }
    if (cells.length !== this.names.length) {
      const numeric = cells.length > this.names.length && cells.every((cell) => /^\s*-?\d+\s*$/.test(cell));
      throw new InputError(
        `${this.source} line ${line}: row must have ${this.names.length} cells as the header has, got ${cells.length}; ${
          numeric && this.delimiter === "," ? "write decimal points, not commas" : "fill or quote the cells"
        }`,
      );
    }
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] ?? "";
      if (cell.length > LONGEST_CELL) {
        throw new InputError(
          `${this.source} line ${line} column ${shown(this.names[i] ?? "")}: cell must have at most ${LONGEST_CELL} characters, got ${cell.length}; remove that column`,
        );
      }
      this.builders[i]?.set(this.rows, cellValue(cell), cell);
    }
    if (this.lines === null && line !== this.rows + 2) this.lines = Array.from({ length: this.rows }, (_, i) => i + 2);
    this.lines?.push(line);
    this.rows++;
  }

  private header(cells: readonly string[], line: number): void {
    const where = `${this.source} line ${line}`;
    if (cells.length > MOST_COLUMNS) {
      throw new InputError(
        `${where}: table must have at most ${MOST_COLUMNS} columns, got ${cells.length}; keep those the fit needs`,
      );
    }
    if (cells.every((cell) => typeof cellValue(cell) === "number")) {
      throw new InputError(
        `${where}: first line must name the columns, got numbers; put a header line such as tokens,loss above them`,
      );
    }
    // pandas writes its index under an empty name.
    this.names = cells.map((cell, i) => cell.trim() || `column${i + 1}`);
    const seen = new Set<string>();
    for (const name of this.names) {
      if (seen.has(name))
        throw new InputError(`${where}: column names must differ, got ${shown(name)} twice; rename one`);
      if (name.length > 300)
        throw new InputError(`${where}: column name must have at most 300 characters, got ${name.length}; shorten it`);
      seen.add(name);
    }
    this.builders = this.names.map(() => new ColumnBuilder());
  }

  table(): Table {
    if (this.rows === 0)
      throw new InputError(
        `${this.source}: table must have rows under its header, got the header alone; check how it was written`,
      );
    const columns = finished(
      new Map(this.names.map((name, i) => [name, this.builders[i] ?? new ColumnBuilder()])),
      this.rows,
    );
    const { source, lines } = this;
    return { source, rows: this.rows, columns, place: (row) => `${source} line ${lines?.[row] ?? row + 2}` };
  }
}

function parsePlain(text: string, delimiter: string, rows: Rows): void {
  let line = 0;
  const carriageOnly = !text.includes("\n") && text.includes("\r");
  const lineEnd = carriageOnly ? "\r" : "\n";
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf(lineEnd, start);
    if (end < 0) end = text.length;
    line++;
    const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    if (stop > start) {
      const content = text.slice(start, stop);
      if (content.trim() !== "") rows.add(content.split(delimiter), line);
    }
    start = end + 1;
  }
}

function parseQuoted(source: string, text: string, delimiter: string, rows: Rows): void {
  // Loaded here, since most tables have no quotes and start-up counts.
  const { CsvError, parse }: typeof import("csv-parse/sync") = createRequire(import.meta.url)("csv-parse/sync");
  try {
    parse(text, {
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 2_000_000,
      on_record: (cells: readonly string[], context) => {
        rows.add(cells, context.lines);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = "lines" in error ? ` line ${String(error.lines)}` : "";
    const [rule, remedy] =
      error.code === "CSV_QUOTE_NOT_CLOSED"
        ? ["quotes must be balanced", "close the quote that is open"]
        : error.code === "CSV_MAX_RECORD_SIZE"
          ? ["row must have at most 2 MB", "close the quotes"]
          : ["quotes must enclose whole cells and be doubled inside", 'write "" for a quote in a cell'];
    throw new InputError(`${source}${line}: ${rule}, got ${error.code}; ${remedy}`);
  }
}
