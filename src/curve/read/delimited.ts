// CSV and TSV. Unquoted tables (nearly all curves) take a short path of our own, a million rows in about a second;
// quoted ones go through csv-parse.
import { createRequire } from "node:module";
import { InputError, shown } from "../../base/errors.js";
import { ColumnBuilder, finished, type Table } from "../table.js";
import { type DecimalMark, writtenNumber } from "../written-number.js";

const MOST_COLUMNS = 1000;
const LONGEST_CELL = 10_000;
const LONGEST_LINE = 2_000_000;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A cell's number where it is a plain one or says nan or inf; null for a missing one; the text itself for all others. */
export function cellValue(cell: string, mark: DecimalMark = "."): number | string | null {
  const first = cell.charCodeAt(0);
  // Digits, point and signs: a number in nearly every case, and Number() alone is fast.
  if (mark === "." && ((first >= 48 && first <= 57) || first === 45 || first === 46 || first === 43)) {
    const value = Number(cell);
    if (Number.isFinite(value) && NUMBER.test(cell)) return value;
  }
  const trimmed = cell.trim();
  const written = writtenNumber(trimmed, mark);
  if (written.kind === "missing") return null;
  if (written.kind === "not-finite") return written.value;
  return written.kind === "number" && written.form === "plain" ? written.value : trimmed;
}

/** A CSV or TSV text as a table. Throws InputError with line, column, rule, value and remedy. */
export function parseDelimited(source: string, text: string): Table {
  const content = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (content.trim() === "")
    throw new InputError(`${source}: table must have a header and rows, got an empty file; check how it was written`);
  const { skipped, delimiter, header } = preamble(content);
  const body = content.slice(skipped);
  const before = content.slice(0, skipped).split(/\r\n|\n|\r/).length - 1;
  const mark = delimiter === ";" && DECIMAL_COMMA.test(body) ? "," : ".";
  const rows = new Rows(source, delimiter, mark, before);
  if (header !== null) rows.add(header.split(delimiter), 0);
  if (body.includes('"')) parseQuoted(source, body, delimiter, rows);
  else parsePlain(body, delimiter, rows);
  return rows.table();
}

/** A number with a decimal comma between semicolons. */
const DECIMAL_COMMA = /(?:^|;)[ \t"]*[+-]?\d+,\d+(?:[eE][+-]?\d+)?[ \t"]*(?:;|$)/m;
const DELIMITERS = ["\t", ",", ";"];

/**
 * What stands above the rows: comments, and the "sep=;" that spreadsheets write. The delimiter is the one said, or the
 * most frequent. Where the first line is numbers, the comment above it may be the header, as numpy writes it.
 */
function preamble(text: string): {
  readonly skipped: number;
  readonly delimiter: string;
  readonly header: string | null;
} {
  let skipped = 0;
  let [said, comment]: (string | null)[] = [null, null];
  for (;;) {
    const line = /^[^\r\n]*(?:\r\n|\n|\r)?/.exec(text.slice(skipped, skipped + LONGEST_LINE))?.[0] ?? "";
    const separator = /^"?sep=(.)"?\s*$/i.exec(line)?.[1];
    if (line === "" || (separator === undefined && line.trim() !== "" && !/^\s*#/.test(line))) {
      const count = (mark: string): number => line.split(mark).length;
      const [most = ","] = [...DELIMITERS].sort((a, b) => count(b) - count(a));
      const delimiter = said ?? most;
      const numeric = line.split(delimiter).every((cell) => typeof cellValue(cell) === "number");
      const named = numeric && comment?.split(delimiter).length === count(delimiter);
      return { skipped, delimiter, header: named ? (comment ?? null) : null };
    }
    if (separator !== undefined) said = separator;
    else if (line.trim() !== "") comment = line.trim().replace(/^#+\s*/, "");
    skipped += line.length;
  }
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
    private readonly mark: DecimalMark,
    /** Lines above the header. */
    private readonly above: number,
  ) {}

  add(cells: readonly string[], bodyLine: number): void {
    const line = bodyLine + this.above;
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
      this.builders[i]?.set(this.rows, cellValue(cell, this.mark), cell);
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
      this.mark,
    );
    const { source, lines } = this;
    const notes = this.mark === "," ? [`${source}: read commas between semicolons as decimal commas`] : [];
    return { source, rows: this.rows, columns, notes, place: (row) => `${source} line ${lines?.[row] ?? row + 2}` };
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
