// TensorBoard event files as a table: a row for scalars that were logged together at one step, in the order of the files.
import { InputError } from "../../base/errors.js";
import type { Source } from "../read/source.js";
import { readEvents } from "../read/tensorboard.js";
import { type Table, tableOf } from "../table.js";

/** @param files the event files of a source, each with its run, in the order in which they were begun. */
export function eventsTable(
  given: string,
  files: readonly { readonly source: Source; readonly run: string }[],
): { readonly table: Table; readonly notes: readonly string[] } {
  const notes = [`read ${files.length} TensorBoard event file${files.length === 1 ? "" : "s"}`];
  const rows: Record<string, number | string>[] = [];
  for (const { source, run } of files) {
    const { scalars, torn } = readEvents(source);
    if (torn) notes.push(`${source.name}: the last record was cut off and left out`);
    for (const { tag, step, value } of scalars) {
      const name = tag === "run" || tag === "step" ? `${tag}_` : tag;
      const last = rows.at(-1);
      if (last !== undefined && last.run === run && last.step === step && !(name in last)) last[name] = value;
      else rows.push({ run, step, [name]: value });
    }
  }
  if (rows.length === 0) throw new InputError(`${given}: event files must hold scalars, got none; log with add_scalar`);
  return { table: tableOf(given, rows), notes };
}
