// JSON lines (and one JSON array of objects) as a table: one object a line, one column a key.
import { InputError, reasonOf, shown } from "../../base/errors.js";
import { ColumnBuilder, finished, type Table } from "../table.js";
import { cellValue } from "./delimited.js";
import { limits, raise } from "./limits.js";

const MOST_COLUMNS = 1000;
const DEEPEST = 4;

/**
 * One JSON value, with the bare NaN and Infinity that Python writes as texts, which a table reads.
 * Throws InputError naming the place.
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    try {
      return JSON.parse(text.replace(/(?<=[:,[]\s*)-?(?:NaN|Infinity)(?=\s*[,}\]])/g, '"$&"'));
    } catch {
      const reason = reasonOf(error);
      throw new InputError(`${where}: must be whole JSON, got ${shown(text)} (${reason}); mend or remove it`);
    }
  }
}

/** True for a plain JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON lines as a table. Nested keys are joined with a dot, lists are left out. Throws InputError with the line. */
export function parseJsonLines(source: string, text: string): Table {
  const trimmed = text.trimStart();
  const entries: { readonly value: unknown; readonly line: number }[] = [];
  if (trimmed.startsWith("[")) {
    const list = parseJson(trimmed, source);
    if (!Array.isArray(list))
      throw new InputError(`${source}: must be a list of objects, got ${shown(trimmed)}; write one object a row`);
    for (const [i, value] of list.entries()) entries.push({ value, line: i + 1 });
  } else {
    let line = 0;
    for (const content of text.split(/\r\n|\n|\r/)) {
      line++;
      if (content.trim() !== "") entries.push({ value: parseJson(content, `${source} line ${line}`), line });
    }
  }
  if (entries.length === 0) throw new InputError(`${source}: table must have rows, got none; check how it was written`);
  return recordsTable(source, entries);
}

/** Objects, each with the line it came from, as a table. */
export function recordsTable(
  source: string,
  entries: readonly { readonly value: unknown; readonly line: number }[],
): Table {
  if (entries.length > limits().rows)
    throw new InputError(
      `${source}: table must have at most ${limits().rows} rows, got ${entries.length}; ${raise("rows")}`,
    );
  const builders = new Map<string, ColumnBuilder>();
  entries.forEach(({ value, line }, row) => {
    if (!isRecord(value)) {
      throw new InputError(
        `${source} line ${line}: row must be an object, got ${shown(JSON.stringify(value) ?? "nothing")}; write {"tokens": …, "loss": …}`,
      );
    }
    const take = (record: Readonly<Record<string, unknown>>, prefix: string, depth: number): void => {
      for (const [key, entry] of Object.entries(record)) {
        const name = prefix + key;
        if (isRecord(entry) && depth < DEEPEST) take(entry, `${name}.`, depth + 1);
        if (entry === null || typeof entry === "object") continue;
        let builder = builders.get(name);
        if (builder === undefined) {
          builder = new ColumnBuilder();
          if (builders.size >= MOST_COLUMNS) {
            throw new InputError(
              `${source} line ${line}: table must have at most ${MOST_COLUMNS} columns, got more; keep those the fit needs`,
            );
          }
          builders.set(name, builder);
        }
        // Exporters write numbers as strings, NaN and Infinity above all: JSON has neither.
        builder.set(
          row,
          typeof entry === "string" ? cellValue(entry) : typeof entry === "number" ? entry : String(entry),
          String(entry),
        );
      }
    };
    take(value, "", 0);
  });
  const lines = entries.map(({ line }) => line);
  return {
    source,
    rows: entries.length,
    columns: finished(builders, entries.length),
    place: (row) => `${source} line ${lines[row] ?? row + 1}`,
  };
}
