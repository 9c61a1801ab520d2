// What a file is, by its content: a run file, a table, or what another tool logged. Tables are left as they are; logs
// get a column `run` and keep the order of the file, in which a resumed run can be told (order.ts).
import { parseDelimited } from "../read/delimited.js";
import { parseJsonLines } from "../read/json-lines.js";
import { isWholeObject, parseJsonObject } from "../read/json-object.js";
import { isParquet, parseParquet } from "../read/parquet.js";
import type { Run } from "../read/read-run.js";
import { baseName, decoded, type Source } from "../read/source.js";
import { isEventFile } from "../read/tensorboard.js";
import { columnOf, type Table, textAt } from "../table.js";
import { eventsTable } from "./events.js";
import { fieldsOf, plainLine } from "./log-fields.js";
import { parseLog } from "./log-lines.js";
import { parsePattern } from "./log-pattern.js";
import { longParts, widened } from "./long.js";
import { chartTable, isChart } from "./wandb.js";

export type Recognised =
  | { readonly kind: "run"; readonly run: Run; readonly notes: readonly string[] }
  | { readonly kind: "table"; readonly table: Table; readonly notes: readonly string[] }
  /** With a column `run`, rows in the order in which they were logged. */
  | { readonly kind: "log"; readonly table: Table; readonly notes: readonly string[] };

export interface ReadingOptions {
  /** Regular expression with named groups, for plain logs. */
  readonly pattern: string | null;
  /** Drops the torn last line of a run that is being written instead of refusing it. */
  readonly live: boolean;
}

/** Reads a source in whatever form it is. Throws InputError where it is damaged or holds nothing that can be read. */
export async function recognised(source: Source, options: ReadingOptions): Promise<Recognised> {
  const { name, bytes } = source;
  const run = runName(name);
  if (isEventFile(bytes)) return { kind: "log", ...eventsTable(name, [{ source, run }]) };
  if (isParquet(source)) return asTable(await parseParquet(source), [], run);
  const { text: raw, notes } = decoded(source);
  const text = raw.replace(/^\ufeff/, "");
  if (options.pattern !== null) {
    const table = parsePattern(name, text, options.pattern);
    return {
      kind: "log",
      table: withRun(table, [], run),
      notes: [...notes, "read as a plain log with the pattern given"],
    };
  }
  if (isJson(text)) {
    const { isRunFile, parseRun } = await import("../read/read-run.js");
    if (isRunFile(text)) return { kind: "run", run: parseRun(name, text, options.live), notes };
    const whole = isWholeObject(text) ? parseJsonObject(name, text) : null;
    if (whole?.name === "log_history") {
      const said = "read as a Hugging Face trainer_state.json (log_history)";
      return { kind: "log", table: withRun(whole.table, [], run), notes: [...notes, said] };
    }
    return asTable(whole?.table ?? parseJsonLines(name, text), notes, run);
  }
  if (isLog(name, text)) {
    const table = parseLog(name, text);
    return { kind: "log", table: withRun(table, [], run), notes: [...notes, ...(table.notes ?? [])] };
  }
  return asTable(parseDelimited(name, text), notes, run);
}

function asTable(table: Table, notes: readonly string[], run: string): Recognised {
  const parts = longParts(table);
  if (parts !== null) {
    const wide = widened(table, parts);
    const runs = parts.run === null ? [] : [parts.run];
    return { kind: "log", table: withRun(wide, runs, run), notes: [...notes, ...(wide.notes ?? [])] };
  }
  const said = [...notes, ...(table.notes ?? [])];
  if (!isChart(table)) return { kind: "table", table, notes: said };
  const chart = chartTable(table);
  return { kind: "log", table: chart.table, notes: [...said, ...chart.notes] };
}

/** "runs/rins-3.log.gz" → "rins-3". */
export const runName = (file: string): string => baseName(file).replace(/(?<=.)(\.\w{1,8})?(\.gz)?$/, "");

/** The table with a column `run`: the values of these columns, or one name for all rows. */
export function withRun(table: Table, columns: readonly string[], run: string): Table {
  const named = columns.map((name) => columnOf(table, name, "--run"));
  const values = Array.from({ length: table.rows }, (_, row) =>
    named.length === 0 ? run : named.map((column) => textAt(column, row)).join(" "),
  );
  return {
    ...table,
    columns: new Map([["run", { kind: "text", values }], ...[...table.columns].filter(([name]) => name !== "run")]),
  };
}

/** JSON, and not a log whose lines begin with [INFO], [2026-01-01 …] or {'loss': … as Python prints it. */
function isJson(text: string): boolean {
  const line = text.trimStart().split(/[\r\n]/, 1)[0] ?? "";
  return /^\{(?!')/.test(line) || /^\[\s*(?:[[{"\]]|$)/.test(line) || /^\[[\d\s,.eE+-]*\]?\s*$/.test(line);
}

const SNIFFED_LINES = 2000;
const SNIFFED_CHARACTERS = 1_000_000;

/** True for a text whose first lines are no table, or whose lines count steps. */
function isLog(name: string, text: string): boolean {
  const lines = text
    .slice(0, SNIFFED_CHARACTERS)
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== "" && !/^\s*#|^"?sep=/i.test(line));
  const first = lines.slice(0, 6).map(plainLine);
  if (first.some((line) => fieldsOf(line).fields.some(({ meaning }) => meaning.quantity === "step"))) return true;
  const [header = ""] = first;
  const cells = (line: string, mark: string): number => line.replace(/"[^"]*"/g, "q").split(mark).length;
  const mark = ["\t", ",", ";"].find((one) => cells(header, one) > 1);
  const table =
    mark === undefined ? !/\s\S/.test(header.trim()) : first.every((line) => cells(line, mark) === cells(header, mark));
  if (table && !/\.(log|out|err)(\.gz)?$/i.test(name)) return false;
  return (
    /\.(log|out|err)(\.gz)?$/i.test(name) ||
    lines
      .slice(0, SNIFFED_LINES)
      .some((line) =>
        fieldsOf(plainLine(line)).fields.some(
          ({ meaning }) => meaning.quantity === "step" || meaning.quantity === "loss",
        ),
      )
  );
}
