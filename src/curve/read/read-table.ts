// From what a user names to one table: files, folders of run files, standard input, in any of the formats.
import { readdirSync } from "node:fs";
import path from "node:path";
import { InputError } from "../../base/errors.js";
import { stack, type Table } from "../table.js";
import { parseDelimited } from "./delimited.js";
import { parseJsonLines } from "./json-lines.js";
import { isParquet, parseParquet } from "./parquet.js";
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
 * Reads CSV, TSV, JSON lines, Parquet, run files and folders of run files, each also gzip, `-` for standard input.
 * Several are stacked; a column `file` then tells plain tables apart.
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
  const seen = new Set<string>();
  for (const given of files) {
    const folder = given !== "-" && statusOf(given).isDirectory();
    for (const file of folder ? members(given) : [given]) {
      const source = openSource(file);
      if (seen.has(source.sha256)) {
        if (source.bytes.length > 0) notes.push(`${source.name}: passed over, the same content was given before`);
        if (source.bytes.length > 0) continue;
      }
      seen.add(source.sha256);
      const content = await parsed(source, folder, options.live === true, notes);
      if (content === null) continue;
      inputs.push({ name: file, sha256: source.sha256 });
      if ("header" in content) runs.push(content);
      else tables.push(content);
    }
    if (folder && runs.length === 0) {
      throw new InputError(`${given}: folder must hold run files (*.jsonl), got none; name the files themselves`);
    }
  }
  // Ids, not file order, decide: renaming a file changes no result.
  runs.sort((a, b) => (a.header.id < b.header.id ? -1 : a.header.id > b.header.id ? 1 : 0));
  const named = tables.length > 1 ? tables.map(withFileColumn) : tables;
  const runTables = runs.length === 0 ? [] : [(await import("./read-run.js")).runsTable(runs)];
  if (runs.length > 1) notes.push(...(await import("./mixed-settings.js")).mixedSettings(runs));
  const table = stack([...runTables, ...named]);
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
    .map((name) => path.join(folder, name));
}

async function parsed(source: Source, member: boolean, live: boolean, notes: string[]): Promise<Table | Run | null> {
  if (isParquet(source)) return parseParquet(source);
  const { text, notes: said } = decoded(source);
  notes.push(...said);
  if (/^\ufeff?\s*[{[]/.test(text)) {
    const { isRunFile, parseRun } = await import("./read-run.js");
    if (isRunFile(text)) return parseRun(source.name, text, live);
    if (!member) return parseJsonLines(source.name, text.replace(/^\ufeff/, ""));
  }
  if (!member) return parseDelimited(source.name, text);
  notes.push(`${source.name}: passed over, no run file`);
  return null;
}

function withFileColumn(table: Table): Table {
  if (table.columns.has("file")) return table;
  const values = Array<string>(table.rows).fill(baseName(table.source));
  return { ...table, columns: new Map([...table.columns, ["file", { kind: "text", values }]]) };
}
