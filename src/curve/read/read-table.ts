// From what a user names to one table: files, folders of run files, standard input, in any of the formats.
import { readdirSync } from "node:fs";
import path from "node:path";
import { InputError } from "../../base/errors.js";
import type { Recognised } from "../import/recognise.js";
import { stack, type Table } from "../table.js";
import type { Run } from "./read-run.js";
import { baseName, decoded, openSource, type Source, statusOf } from "./source.js";

/** What was read, for provenance. */
export interface InputFile {
  /** The path as given (for members of a folder: the folder as given and the file's name). */
  readonly name: string;
  readonly sha256: string;
}

export interface ReadResult {
  readonly table: Table;
  /** The run files among the inputs, whole, in the order of their ids. */
  readonly runs: readonly Run[];
  readonly inputs: readonly InputFile[];
  /** What had to be said while reading: encodings, files that were passed over. */
  readonly notes: readonly string[];
}

/**
 * Reads CSV, TSV, JSON, Parquet, run files, and what other tools log (as `import` does), files and folders of them, each
 * also gzip, `-` for standard input. Several are stacked; a column `file` then tells plain tables apart.
 * @param options.live drops the torn last line of a run that is being written instead of refusing it.
 * @throws InputError with file, line, column, rule, value and remedy.
 *
 * @example
 * import { readTable } from "rinsight";
 *
 * const { table, inputs } = await readTable(["curves.csv"]);
 * console.log([...table.columns.keys()].join()); // scheme,seed,tokens,loss
 * console.log(inputs[0]?.sha256.length); // 64
 */
export async function readTable(
  files: readonly string[],
  options: { readonly live?: boolean } = {},
): Promise<ReadResult> {
  if (files.length === 0)
    throw new InputError("rinsight: FILE must be given, got none; name a table, a run file or a folder of run files");
  const notes: string[] = [];
  const inputs: InputFile[] = [];
  const runs: Run[] = [];
  const tables: Table[] = [];
  const logs: Table[] = [];
  const seen = new Set<string>();
  for (const given of files) {
    const folder = given !== "-" && statusOf(given).isDirectory();
    const before = runs.length;
    for (const file of folder ? members(given) : [given]) {
      const source = await openSource(file);
      if (seen.has(source.sha256)) {
        if (source.bytes.length > 0) notes.push(`${source.name}: passed over, the same content was given before`);
        if (source.bytes.length > 0) continue;
      }
      seen.add(source.sha256);
      if (folder && !(await isRun(source))) {
        notes.push(`${source.name}: passed over, no run file`);
        continue;
      }
      const { recognised, runName } = await import("../import/recognise.js");
      const read = await recognised(source, { pattern: null, live: options.live === true });
      inputs.push({ name: file, sha256: source.sha256 });
      if (read.kind === "run") {
        notes.push(...read.notes);
        runs.push(read.run);
      } else if (read.kind === "table") {
        notes.push(...read.notes);
        tables.push(read.table);
      } else logs.push(await curvesIn(read, runName(file), notes));
    }
    if (folder && runs.length === before) {
      notes.splice(0);
      const { curves, loggedFolder } = await import("../import/import.js");
      const logged = await loggedFolder(given, { pattern: null, live: false });
      const read = curves(logged, {}, true);
      notes.push(...read.notes);
      inputs.push(...logged.files);
      logs.push(read.table);
    }
  }
  // Ids, not file order, decide: renaming a file changes no result.
  runs.sort((a, b) => (a.header.id < b.header.id ? -1 : a.header.id > b.header.id ? 1 : 0));
  const named = tables.length > 1 ? tables.map(withFileColumn) : tables;
  const runTables = runs.length === 0 ? [] : [(await import("./read-run.js")).runsTable(runs)];
  if (runs.length > 1) notes.push(...(await import("./mixed-settings.js")).mixedSettings(runs));
  const table = stack([...runTables, ...logs, ...named]);
  if (table.rows === 0) {
    const diverged = runs.length > 0 && runs.every(({ end }) => end?.status === "diverged");
    throw new InputError(
      `${table.source}: there must be points, got none${
        diverged
          ? `: ${runs.length === 1 ? "the run" : `all ${runs.length} runs`} diverged; lower the learning rate`
          : "; let the runs reach their first evaluation"
      }`,
    );
  }
  return { table, runs, inputs, notes };
}

/** Run files of a folder, sorted by name; what else lies there is no matter. */
function members(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .sort()
    .map((name) => path.join(folder, name))
    .filter((file) => statusOf(file).isFile());
}

async function isRun(source: Source): Promise<boolean> {
  const { isRunFile } = await import("./read-run.js");
  return isRunFile(decoded(source).text);
}

/** The curves of a log: what counts steps alone waits for a formula that says the tokens of a step. */
async function curvesIn(read: Recognised, name: string, notes: string[]): Promise<Table> {
  const { curves, loggedSource } = await import("../import/import.js");
  const found = curves(await loggedSource(read, name), {}, true);
  notes.push(...found.notes);
  return found.table;
}

function withFileColumn(table: Table): Table {
  if (table.columns.has("file")) return table;
  const values = Array<string>(table.rows).fill(baseName(table.source));
  return { ...table, columns: new Map([...table.columns, ["file", { kind: "text", values }]]) };
}
