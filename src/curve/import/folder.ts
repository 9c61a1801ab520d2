// A folder of what another tool logged, as a set of runs: TensorBoard event files, trainer_state.json of Hugging Face
// (the latest checkpoint of each run), or a log or table a run. The run is named by its file, or by its folder where
// all files have one name.
import { type Dirent, readdirSync } from "node:fs";
import path from "node:path";
import { InputError } from "../../base/errors.js";
import { openSource, type Source } from "../read/source.js";
import { stack, type Table } from "../table.js";
import { eventsTable } from "./events.js";
import { type ReadingOptions, recognised, runName, withRun } from "./recognise.js";

const DEEPEST = 6;
const MOST_FILES = 10_000;
const READABLE = /\.(log|out|err|txt|csv|tsv|json|jsonl|parquet)(\.gz)?$/i;

/** A file that was read: its path and the hash of its content, for provenance. */
export interface ReadFile {
  readonly name: string;
  readonly sha256: string;
}

/** The runs of a folder, one under another, with a column `run`. Throws InputError where it holds none. */
export async function folderTable(
  given: string,
  options: ReadingOptions,
): Promise<{ readonly table: Table; readonly notes: readonly string[]; readonly files: readonly ReadFile[] }> {
  const found = filesBelow(given, given);
  const files: ReadFile[] = [];
  const opened = async (file: string) => {
    const source = await openSource(file);
    files.push({ name: file, sha256: source.sha256 });
    return source;
  };
  const below = (file: string): string =>
    path.relative(given, path.dirname(file)) || path.basename(path.resolve(path.dirname(file)));
  const events = found.filter((file) => path.basename(file).includes("tfevents"));
  if (events.length > 0) {
    const sources: { readonly source: Source; readonly run: string }[] = [];
    for (const file of events) sources.push({ source: await opened(file), run: below(file) });
    return { ...eventsTable(given, sources), files };
  }
  const notes: string[] = [];
  const tables: Table[] = [];
  for (const { file, run } of chosen(given, found)) {
    try {
      const read = await recognised(await opened(file), options);
      if (read.kind === "run") continue;
      notes.push(...read.notes);
      tables.push(read.table.columns.has("run") && read.kind === "table" ? read.table : withRun(read.table, [], run));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      files.pop();
      notes.push(`passed over ${error.message}`);
    }
  }
  if (tables.length === 0) {
    throw new InputError(
      `${given}: folder must hold event files, trainer_state.json, logs or tables, got none that could be read; ${notes[0] ?? "name the file itself"}`,
    );
  }
  return { table: stack(tables), notes: merged(notes), files };
}

/** The file of each run and its name. */
function chosen(given: string, found: readonly string[]): readonly { readonly file: string; readonly run: string }[] {
  const states = found.filter((file) => path.basename(file) === "trainer_state.json");
  if (states.length > 0) {
    const latest = new Map<string, string>();
    for (const file of states) {
      const folder = path.dirname(file).replace(/[\\/]?checkpoint-\d+$/, "");
      const before = latest.get(folder);
      if (before === undefined || checkpointStep(file) > checkpointStep(before)) latest.set(folder, file);
    }
    return [...latest].map(([folder, file]) => ({
      file,
      run: path.relative(given, folder === "" ? given : folder) || path.basename(path.resolve(given)),
    }));
  }
  const files = found.filter((file) => READABLE.test(file));
  const names = files.map((file) => path.join(path.relative(given, path.dirname(file)), runName(file)));
  const alike = files.length > 1 && new Set(files.map((file) => path.basename(file))).size === 1;
  return files.map((file, i) => ({ file, run: alike ? path.dirname(names[i] ?? file) : (names[i] ?? file) }));
}

/** The final state of a run lies beside its checkpoints and is later than all of them. */
const checkpointStep = (file: string): number => Number(/checkpoint-(\d+)/.exec(file)?.[1] ?? Number.POSITIVE_INFINITY);

/** What is said of every file alike is said once. */
function merged(notes: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const note of notes) counts.set(note, (counts.get(note) ?? 0) + 1);
  return [...counts].map(([note, count]) => (count === 1 ? note : `${count} files: ${note}`));
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
