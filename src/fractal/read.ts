// Files -> documents of surprisals. JSON lines, one document a line, are streamed, so that a corpus needs no memory of
// its own; a table with one row a token is read whole.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { PassThrough, type Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { fileReason, InputError, shown } from "../base/errors.js";
import { isRecord, parseJson } from "../curve/read/json-lines.js";
import { readTable } from "../curve/read/read-table.js";
import { placeOf, type Table } from "../curve/table.js";
import type { Surprisals } from "./record.js";

/** A document of some ten million tokens; longer lines are taken for a file without line ends. */
const LONGEST_LINE = 1 << 28;

export interface SurprisalColumns {
  readonly document: string;
  readonly surprisal: string;
  /** Null puts all documents into one group, named by their file. */
  readonly group: string | null;
}

/**
 * The documents of files, in order. `.jsonl` (`.gz`, or `-` for standard input): {"document", "group", "surprisals": […]}
 * a line. Other tables: a row a token, rows of a document together, columns as named.
 * Throws InputError with file and line.
 *
 * @example
 * import { writeFileSync } from "node:fs";
 * import { readSurprisals } from "rinsight";
 *
 * writeFileSync("surprisals.jsonl", '{"document": "a", "group": "novels", "surprisals": [2.1, 0.4]}');
 * const columns = { document: "document", surprisal: "surprisal", group: null };
 * for await (const { group, values } of readSurprisals(["surprisals.jsonl"], columns)) console.log(group, values.length); // novels 2
 */
export async function* readSurprisals(
  files: readonly string[],
  columns: SurprisalColumns,
): AsyncGenerator<Surprisals, void, undefined> {
  if (files.length === 0) {
    throw new InputError("fractal: FILE must be given, got none; name JSON lines of documents or a table of tokens");
  }
  for (const file of files) {
    if (file === "-" || /\.jsonl(\.gz)?$/.test(file)) yield* streamed(file);
    else yield* tabled((await readTable([file])).table, columns);
  }
}

async function* streamed(file: string): AsyncGenerator<Surprisals, void, undefined> {
  const name = file === "-" ? "standard input" : file;
  let line = 0;
  try {
    for await (const text of createInterface({ input: bytes(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() !== "") yield documentOf(text, name, line);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: must be readable, got ${fileReason(error)}; check the path`);
  }
  if (line === 0) throw new InputError(`${name}: must hold documents, got nothing; check how it was written`);
}

function bytes(file: string): Readable {
  const raw: Readable = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
  let since = 0;
  const guard = new Transform({
    transform(chunk: Buffer, _, done) {
      const end = chunk.lastIndexOf(10);
      since = end < 0 ? since + chunk.length : chunk.length - end - 1;
      done(
        since > LONGEST_LINE
          ? new InputError(`${file}: a line must be at most ${LONGEST_LINE} bytes, got more; write one document a line`)
          : null,
        chunk,
      );
    },
  });
  const plain: Transform = file.endsWith(".gz") ? createGunzip() : new PassThrough();
  // An error of one stage is passed on to the last, whose reader throws it.
  const stages: readonly Readable[] = [raw, plain];
  for (const stage of stages) stage.on("error", (error: Error) => guard.destroy(error));
  return raw.pipe(plain).pipe(guard);
}

function documentOf(text: string, file: string, line: number): Surprisals {
  const where = `${file} line ${line}`;
  const value = parseJson(text, where);
  const list = isRecord(value) ? value.surprisals : undefined;
  if (!isRecord(value) || !Array.isArray(list)) {
    throw new InputError(
      `${where}: must be an object with a list of surprisals, got ${shown(text)}; write {"document": "a", "group": "novels", "surprisals": [2.1, …]}`,
    );
  }
  return {
    document: typeof value.document === "string" ? value.document : `line ${line}`,
    group: typeof value.group === "string" ? value.group : file,
    values: list.map((entry: unknown) => (typeof entry === "number" ? entry : Number.NaN)),
  };
}

function* tabled(table: Table, names: SurprisalColumns): Generator<Surprisals, void, undefined> {
  const column = (name: string) => {
    const found = table.columns.get(name);
    if (found === undefined) {
      throw new InputError(
        `${table.source}: must have a column ${shown(name)}, got ${[...table.columns.keys()].map(shown).join(", ")}; name it with --document, --surprisal or --group`,
      );
    }
    return found;
  };
  const surprisals = column(names.surprisal);
  if (surprisals.kind !== "number") {
    throw new InputError(`${table.source}: column ${shown(names.surprisal)} must hold numbers, got text; name another`);
  }
  const documents = column(names.document);
  const groups = names.group === null ? null : column(names.group);
  const nameAt = (row: number) => String(documents.values[row]);
  const seen = new Set<string>();
  let first = 0;
  for (let row = 1; row <= table.rows; row++) {
    if (row < table.rows && nameAt(row) === nameAt(first)) continue;
    const document = nameAt(first);
    const group = groups === null ? table.source : String(groups.values[first]);
    const key = JSON.stringify([group, document]);
    if (seen.has(key)) {
      throw new InputError(
        `${placeOf(table, first)}: rows of a document must stand together, got ${shown(document)} again; sort by document`,
      );
    }
    seen.add(key);
    yield { document, group, values: Array.from(surprisals.values.subarray(first, row)) };
    first = row;
  }
}
