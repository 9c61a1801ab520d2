// The columns of what was logged: which holds the loss, which counts beside it, and what unit the numbers themselves tell.
import { InputError } from "../../base/errors.js";
import { numbers } from "../cells.js";
import { chosenColumn } from "../columns.js";
import { meaningOf, type Unit } from "../names.js";
import { columnOf, type Table } from "../table.js";
import type { ImportOptions } from "./options.js";

/** The column of the loss, said with what was passed over. Throws InputError. */
export function lossColumn(table: Table, options: ImportOptions, notes: string[]): string {
  if (options.loss !== undefined) {
    checkNumeric(table, options.loss, "--loss");
    notes.push(`took loss from ${options.loss}: it was asked for with --loss`);
    return options.loss;
  }
  const choice = chosenColumn(table, "loss", "--loss");
  if (choice === null) {
    throw new InputError(
      `${table.source}: a column must hold the loss, got ${[...table.columns.keys()].slice(0, 20).join(", ").slice(0, 300)}; give --loss, or --wide where each column is a curve`,
    );
  }
  const { name, meaning, passed } = choice;
  checkNumeric(table, name, "--loss");
  const validation = meaning.quantity === "loss" && meaning.split === "validation";
  const why = validation ? "its name says validation loss" : "no column says validation loss";
  notes.push(`took loss from ${name} (${filled(table, name)}): ${why}; --loss chooses another`);
  if (passed.length > 0) notes.push(`not taken: ${passed.join(", ")}`);
  return name;
}

function filled(table: Table, name: string): string {
  const column = columnOf(table, name, "--loss");
  if (column.kind === "text") return "";
  let cells = column.notFinite?.size ?? 0;
  column.values.forEach((value, row) => {
    if (!Number.isNaN(value) && column.notFinite?.has(row) !== true) cells++;
  });
  return `${cells} value${cells === 1 ? "" : "s"}`;
}

function checkNumeric(table: Table, name: string, flag: string): void {
  const column = columnOf(table, name, flag);
  if (column.kind === "number") return;
  numbers(table, name, flag);
}

/** The counter that stands beside every loss, most telling first; epochs where nothing else counts. */
export function stepColumn(table: Table, loss: string, options: ImportOptions): string | null {
  if (options.step !== undefined) {
    checkNumeric(table, options.step, "--step");
    return options.step;
  }
  const losses = columnOf(table, loss, "--loss");
  const beside = (name: string): boolean => {
    const column = table.columns.get(name);
    if (column?.kind !== "number" || losses.kind !== "number") return false;
    return losses.values.every((value, row) => Number.isNaN(value) || !Number.isNaN(column.values[row]));
  };
  return (
    chosenColumn(table, "step", "--step", beside)?.name ??
    chosenColumn(table, "step", "--step")?.name ??
    chosenColumn(table, "epoch", "--step")?.name ??
    null
  );
}

/**
 * Trainers that log a perplexity beside the loss tell by it what the loss is in: fairseq writes bits. Null where there is
 * none, or where it is neither e nor 2 to the power of the loss.
 */
export function unitByPerplexity(table: Table, loss: string, notes: string[]): Unit | null {
  const meaning = meaningOf(loss);
  const losses = columnOf(table, loss, "--loss");
  if (meaning.quantity !== "loss" || meaning.unit !== "nats" || losses.kind !== "number") return null;
  for (const [name, column] of table.columns) {
    const other = meaningOf(name);
    if (other.quantity !== "loss" || other.unit !== "ppl" || other.split !== meaning.split || column.kind !== "number")
      continue;
    const pairs = [...losses.values.keys()].filter(
      (row) => (losses.values[row] ?? 0) > 0.1 && (column.values[row] ?? 0) > 1,
    );
    const ratios = pairs.map((row) => Math.log(column.values[row] ?? 1) / (losses.values[row] ?? 1));
    if (ratios.length > 0 && ratios.every((ratio) => Math.abs(ratio - Math.LN2) < 0.01)) {
      notes.push(`${name} is 2 to the power of ${loss}: the loss is in bits`);
      return "bits";
    }
  }
  return null;
}
