// Recognises another tool's output and reads it as it is: TensorBoard event files, Hugging Face trainer_state.json,
// Weights & Biases exports, plain logs, tables. Choosing tokens and loss comes after, in import.ts.
import { type Dirent, readdirSync } from "node:fs";
import path from "node:path";
import { InputError, shown } from "../../base/errors.js";
import { isRecord, parseJson, recordsTable } from "../read/json-lines.js";
import { readTable } from "../read/read-table.js";
import { baseName, decoded, openSource, type Source, statusOf } from "../read/source.js";
import { isEventFile, readEvents } from "../read/tensorboard.js";
import { columnOf, type Table, tableOf, textAt } from "../table.js";
import { parseLog } from "./log-lines.js";

/** What was read, as it was logged, with a column `run`. */
export interface RawSource {
  readonly table: Table;
  readonly notes: readonly string[];
  /** True where a resumed run logs its last steps again: the later record of a step is then the right one. */
  readonly resumes: boolean;
}

/** Columns that tools and people name runs by, most telling first. */
const RUN_NAMES = ["run", "run_name", "_run", "run_id", "Run", "Name", "name", "id"];
const DEEPEST = 6;
const MOST_FILES = 10_000;

/** Reads a source in whatever form it is; `run`: columns that tell runs apart. Throws InputError where the form is not known. */
export async function readRaw(given: string, pattern: string | null, run: readonly string[] = []): Promise<RawSource> {
  if (given !== "-" && statusOf(given).isDirectory()) {
    const found = filesBelow(given, given);
    const events = found.filter((file) => path.basename(file).includes("tfevents"));
    if (events.length > 0) return tensorboard(given, events);
    const state = found.find(
      (file) => path.basename(file) === "trainer_state.json" && path.dirname(file) === path.normalize(given),
    );
    const [latest] = found
      .filter((file) => path.basename(file) === "trainer_state.json")
      .sort((a, b) => checkpointStep(b) - checkpointStep(a));
    const chosen = state ?? latest;
    if (chosen !== undefined) return trainerState(openSource(chosen), path.basename(path.resolve(given)));
    throw new InputError(
      `${given}: folder must hold TensorBoard event files or a trainer_state.json, got neither; name the file itself`,
    );
  }
  const source = openSource(given);
  if (isEventFile(source.bytes)) return tensorboard(given, [given]);
  if (pattern !== null) return log(source, pattern);
  if (/\.(log|out|err)(\.gz)?$/i.test(given)) return log(source, null);
  const opening = Buffer.from(source.bytes.subarray(0, 4096)).toString("utf8");
  if (/^\s*\{/.test(opening) && !/^\s*\{[^\n]*\}\s*\n/.test(opening)) {
    const value = parseJson(decoded(source).text, source.name);
    if (isRecord(value) && Array.isArray(value.log_history)) return trainerState(source, path.basename(given, ".json"));
  }
  if (!/^\s*[{[]|^PAR1/.test(opening) && !/^[^\n]*[,\t;]/.test(opening) && source.bytes[1] !== 0)
    return log(source, null);
  return wandbOrTable(given, run);
}

function log(source: Source, pattern: string | null): RawSource {
  const { text, notes } = decoded(source);
  const { table, pattern: used } = parseLog(source.name, text, pattern);
  const how =
    pattern === null ? `with the built-in pattern ${used}; --pattern gives another` : "with the pattern given";
  return {
    table: withRun(table, [], baseName(source.name)),
    notes: [...notes, `read as a plain log ${how}`],
    resumes: true,
  };
}

/** Files below a folder; links are not followed, so that no circle can catch it. */
function filesBelow(folder: string, top: string, depth = 0): string[] {
  const entries: Dirent[] = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.isFile()) found.push(path.join(folder, entry.name));
    else if (entry.isDirectory() && depth < DEEPEST)
      found.push(...filesBelow(path.join(folder, entry.name), top, depth + 1));
    if (found.length > MOST_FILES) {
      throw new InputError(
        `${top}: folder must hold at most ${MOST_FILES} files, got more; name the folder of the runs`,
      );
    }
  }
  return found;
}

const checkpointStep = (file: string): number => Number(/checkpoint-(\d+)/.exec(file)?.[1] ?? -1);

/** One row a run and step, one column a tag; a folder of event files is a run, as in TensorBoard itself. */
function tensorboard(given: string, files: readonly string[]): RawSource {
  const notes = [`read ${files.length} TensorBoard event file${files.length === 1 ? "" : "s"}`];
  const rows = new Map<string, Record<string, number | string>>();
  for (const file of files) {
    const { scalars, torn } = readEvents(openSource(file));
    if (torn) notes.push(`${file}: the last record was cut off and left out`);
    const run = path.relative(given, path.dirname(file)) || path.basename(path.resolve(path.dirname(file)));
    for (const { tag, step, value } of scalars) {
      const key = `${run}\n${step}`;
      const row = rows.get(key) ?? { run, step };
      rows.set(key, row);
      // The last writing of a step wins: a resumed run logs steps again.
      row[tag === "run" || tag === "step" ? `${tag}_` : tag] = value;
    }
  }
  if (rows.size === 0) throw new InputError(`${given}: event files must hold scalars, got none; log with add_scalar`);
  return { table: tableOf(given, [...rows.values()]), notes, resumes: true };
}

function trainerState(source: Source, run: string): RawSource {
  const value = parseJson(decoded(source).text, source.name);
  const history = isRecord(value) ? value.log_history : undefined;
  if (!Array.isArray(history) || history.length === 0) {
    throw new InputError(
      `${source.name}: trainer_state.json must hold log_history, got ${shown(JSON.stringify(history) ?? "none")}; save it at the end of training`,
    );
  }
  const table = recordsTable(
    source.name,
    history.map((entry: unknown, i) => ({ value: entry, line: i + 1 })),
  );
  return {
    table: withRun(table, [], run),
    notes: ["read as a Hugging Face trainer_state.json (log_history)"],
    resumes: true,
  };
}

/** A chart exported from W&B has columns "run - metric", with __MIN and __MAX beside each; a history export is a table. */
async function wandbOrTable(given: string, by: readonly string[]): Promise<RawSource> {
  const { table, notes } = await readTable([given]);
  const charts = [...table.columns.keys()].filter((name) => / - /.test(name) && !/__(MIN|MAX)$/.test(name));
  const step = table.columns.get("Step") ?? table.columns.get("_step");
  if (charts.length === 0 || step?.kind !== "number") {
    const kind = table.columns.has("_step") ? "a Weights & Biases history" : "a table";
    const columns = by.length > 0 ? by : runColumns(table);
    const file = baseName(given).replace(/\.\w+(\.gz)?$/, "");
    const taken =
      by.length > 0 || columns.length === 0 ? [] : [`took runs from column ${columns[0]}; --run chooses another`];
    return { table: withRun(table, columns, file), notes: [...notes, `read as ${kind}`, ...taken], resumes: false };
  }
  const rows: Record<string, number | string>[] = [];
  for (const name of charts) {
    const column = table.columns.get(name);
    const cut = name.lastIndexOf(" - ");
    if (column?.kind !== "number") continue;
    column.values.forEach((value, row) => {
      if (!Number.isNaN(value))
        rows.push({ run: name.slice(0, cut), step: step.values[row] ?? Number.NaN, [name.slice(cut + 3)]: value });
    });
  }
  return {
    table: tableOf(table.source, rows),
    notes: [...notes, `read as a Weights & Biases chart export of ${charts.length} curves`],
    resumes: false,
  };
}

/** The column that names runs; none where every row has another value, which then names rows. */
function runColumns(table: Table): readonly string[] {
  const found = RUN_NAMES.find((name) => {
    const column = table.columns.get(name);
    if (column === undefined) return false;
    if (name === "run") return true;
    const values = new Set(Array.from({ length: table.rows }, (_, row) => textAt(column, row)));
    return !values.has("") && (values.size < table.rows || table.rows === 1);
  });
  return found === undefined ? [] : [found];
}

/** The table with a column `run`: the values of these columns, or one name for all rows. */
function withRun(table: Table, columns: readonly string[], run: string): Table {
  const named = columns.map((name) => columnOf(table, name, "--run"));
  const values = Array.from({ length: table.rows }, (_, row) =>
    named.length === 0 ? run : named.map((column) => textAt(column, row)).join(" "),
  );
  return {
    ...table,
    columns: new Map([["run", { kind: "text", values }], ...[...table.columns].filter(([name]) => name !== "run")]),
  };
}
