// One JSON object that holds a whole table: columns as lists or as objects by row (what pandas and Keras write), or a
// single list of objects under a name (trainer_state.json of Hugging Face has its records under log_history).
import { InputError } from "../../base/errors.js";
import type { Table } from "../table.js";
import { isRecord, parseJson, recordsTable } from "./json-lines.js";

/** True for a text that is one object and not an object a line. */
export function isWholeObject(text: string): boolean {
  const opening = text.trimStart();
  if (!opening.startsWith("{")) return false;
  const line = opening.slice(0, opening.search(/\r|\n|$/)).trimEnd();
  if (!line.endsWith("}") || /"log_history"\s*:\s*\[/.test(line)) return true;
  // Every line of JSON lines is whole; the lines of one object written with indents are not.
  return opening.trimEnd() === line && /^\{\s*"[^"]*"\s*:\s*[[{]/.test(line);
}

/** The table in one object, and the name its records stand under; null for an object on one line that is a plain row. */
export function parseJsonObject(
  source: string,
  text: string,
): { readonly table: Table; readonly name: string | null } | null {
  const whole = parseJson(text, source);
  if (!isRecord(whole)) return null;
  if (Array.isArray(whole.log_history) && whole.log_history.length === 0)
    throw new InputError(`${source}: log_history must hold records, got none; save the state at the end of training`);
  const entries = Object.entries(whole);
  const lists = entries.filter(([, value]) => Array.isArray(value) && value.length > 0 && value.every(isRecord));
  const list = lists.find(([name]) => name === "log_history") ?? (lists.length === 1 ? lists[0] : undefined);
  if (list !== undefined && Array.isArray(list[1])) {
    const records = list[1].map((value: unknown, i) => ({ value, line: i + 1 }));
    return { table: recordsTable(source, records), name: list[0] };
  }
  const series = seriesOf(whole);
  if (series.length > 0) return { table: recordsTable(source, series), name: null };
  const columns = entries.flatMap(([name, value]) => {
    const cells = Array.isArray(value)
      ? value.map((cell: unknown, i) => [String(i), cell] as const)
      : isRecord(value)
        ? Object.entries(value)
        : [];
    return cells.length > 0 && cells.every(([, cell]) => !isRecord(cell) && !Array.isArray(cell))
      ? [{ name, cells }]
      : [];
  });
  const [first] = columns;
  const keys = first?.cells.map(([key]) => key).join();
  const unequal = columns.some(({ cells }) => cells.map(([key]) => key).join() !== keys);
  if (first === undefined || columns.length < 2 || columns.length < entries.length || unequal) {
    if (!text.trim().includes("\n")) return null;
    throw new InputError(
      `${source}: one JSON object must hold columns of one length or one list of records, got ${entries
        .map(([name]) => name)
        .join(", ")
        .slice(0, 200)}; write one object a line`,
    );
  }
  const records = first.cells.map((_, row) => ({
    value: Object.fromEntries(columns.map(({ name, cells }) => [name, cells[row]?.[1]])),
    line: row + 1,
  }));
  return { table: recordsTable(source, records), name: null };
}

/** {title: {series: {x: […], y: […]}}} throughout, as ClearML reports scalars: a record a point, its column title/series. */
function seriesOf(whole: Readonly<Record<string, unknown>>): { readonly value: unknown; readonly line: number }[] {
  const records: { value: unknown; line: number }[] = [];
  for (const [title, plots] of Object.entries(whole)) {
    if (!isRecord(plots)) return [];
    for (const [name, plot] of Object.entries(plots)) {
      const { x, y } = isRecord(plot) ? plot : {};
      if (!Array.isArray(x) || !Array.isArray(y) || x.length !== y.length) return [];
      for (const [i, step] of x.entries()) {
        records.push({ value: { step, [`${title}/${name}`]: y[i] }, line: records.length + 1 });
      }
    }
  }
  return records;
}
