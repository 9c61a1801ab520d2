// From another tool's output to one table with run, scheme, step, tokens and loss: chooses the columns, merges what was
// logged at one step, leaves out what is no point of a curve, and says what it took, what it passed over and why.
import { InputError } from "../../base/errors.js";
import { chosenColumn, guessColumn, unitOfColumn } from "../columns.js";
import { openSource, statusOf } from "../read/source.js";
import { type Table, tableOf, textAt } from "../table.js";
import { toNats } from "../unit.js";
import { melted } from "../wide.js";
import { lossColumn, stepColumn, unitByPerplexity } from "./choose.js";
import { folderTable, type ReadFile } from "./folder.js";
import { mergedByStep, type Row } from "./merge.js";
import type { ImportOptions } from "./options.js";
import { plural, pointsOf } from "./points.js";
import { type ReadingOptions, type Recognised, recognised, runName, withRun } from "./recognise.js";
import { type TokenOptions, type Tokens, tokensOf } from "./tokens.js";

export interface Imported {
  /** Rows with a loss: run, scheme, step, tokens, loss (bitsPerByte where that is its unit), then what else was logged. */
  readonly table: Table;
  /** What was recognised, taken and passed over, and why, in sentences. */
  readonly notes: readonly string[];
}

/** What was logged, before columns are chosen. */
export interface Logged {
  readonly table: Table;
  readonly notes: readonly string[];
  /** True where rows stand in the order in which they were logged. */
  readonly chronological: boolean;
}

/** Columns that tools and people name runs by, most telling first. */
const RUN_NAMES = ["run", "run_name", "_run", "run_id", "Run", "Name", "name", "id"];

/** Imports a source. Throws InputError where it is not recognised, or holds no loss or no tokens. */
export async function importCurves(given: string, options: ImportOptions = {}): Promise<Imported> {
  const { table, notes, chronological } = await logged(given, options);
  return curves({ table: options.wide === true ? melted(table) : table, notes, chronological }, options);
}

async function logged(given: string, options: ImportOptions): Promise<Logged> {
  const reading: ReadingOptions = { pattern: options.pattern ?? null, live: false };
  if (given !== "-" && statusOf(given).isDirectory()) return loggedFolder(given, reading);
  const read = await recognised(await openSource(given), reading);
  return loggedSource(read, runName(given), options.run);
}

/** A folder as what was logged, with the files that were read. */
export async function loggedFolder(
  given: string,
  reading: ReadingOptions,
): Promise<Logged & { readonly files: readonly ReadFile[] }> {
  return { ...(await folderTable(given, reading)), chronological: true };
}

/** A recognised file as what was logged: rows of a table in any order, with a column `run`. */
export async function loggedSource(read: Recognised, name: string, run: readonly string[] = []): Promise<Logged> {
  if (read.kind === "run") {
    const { runsTable } = await import("../read/read-run.js");
    return { table: runsTable([read.run]), notes: read.notes, chronological: false };
  }
  if (read.kind === "log") {
    const table = run.length === 0 ? read.table : withRun(read.table, run, name);
    return { table, notes: read.notes, chronological: true };
  }
  const columns = run.length > 0 ? run : runColumns(read.table);
  const taken =
    run.length > 0 || columns.length === 0 ? [] : [`took runs from ${columns.join(" and ")}; --run chooses others`];
  const kind = read.table.columns.has("_step") ? "a Weights & Biases history" : "a table";
  return {
    table: withRun(read.table, columns, name),
    notes: [...read.notes, `read as ${kind}`, ...taken],
    chronological: false,
  };
}

/**
 * The column that names runs, not one where every row has another value, which then names rows; else scheme and seed.
 */
function runColumns(table: Table): readonly string[] {
  const found = RUN_NAMES.find((name) => {
    const column = table.columns.get(name);
    if (column === undefined) return false;
    if (name === "run") return true;
    const values = new Set(Array.from({ length: table.rows }, (_, row) => textAt(column, row)));
    return !values.has("") && (values.size < table.rows || table.rows === 1);
  });
  if (found !== undefined) return [found];
  const scheme = guessColumn(table, "scheme");
  return [...(scheme === null ? [] : [scheme]), ...(table.columns.has("seed") ? ["seed"] : [])];
}

/**
 * The curves in what was logged. `withoutTokens` lets rows pass that only steps count: a caller who takes tokens from a
 * formula needs no more.
 */
export function curves(source: Logged, options: ImportOptions, withoutTokens = false): Imported {
  const { table, chronological } = source;
  const notes = [...source.notes];
  const loss = lossColumn(table, options, notes);
  const step = stepColumn(table, loss, options);
  const epoch = chosenColumn(table, "epoch", "--step")?.name ?? null;
  const counter = step ?? options.tokens ?? chosenColumn(table, "tokens", "--tokens")?.name ?? null;
  const keepSuperseded = options.keepSuperseded === true;
  const ordered = { step: counter, loss, epoch: epoch === step ? null : epoch, chronological, keepSuperseded };
  const { rows, notes: found } = mergedByStep(table, ordered);
  notes.push(...found);
  const tokens = withoutTokens ? tokensOrNone(table, rows, step, options) : tokensOf(table, rows, step, options);
  const unit = options.unit ?? unitByPerplexity(table, loss, notes) ?? unitOfColumn(loss);
  const conversion = toNats(unit, options.bytesPerToken ?? null);
  const taken = { loss, step, tokens, column: conversion.unit === "bpb" ? "bitsPerByte" : "loss" };
  const points = pointsOf(table, rows, taken, conversion.loss, options, notes);
  if (points.length === 0) {
    throw new InputError(
      `${table.source}: some rows must hold ${loss} and tokens, got none; choose others with --loss and --tokens`,
    );
  }
  if (conversion.note !== null) notes.push(conversion.note);
  if (step !== null) notes.push(`took steps from ${step}; --step chooses another`);
  if (tokens !== null) notes.push(`took tokens from ${tokens.why()}`);
  const runs = new Set(points.map((point) => point.run)).size;
  notes.push(`${plural(points.length, "point")} of ${plural(runs, "run")}`);
  return { table: tableOf(table.source, points), notes };
}

/** Throws what tokensOf throws, unless rows have steps to be counted by. */
function tokensOrNone(table: Table, rows: readonly Row[], step: string | null, options: TokenOptions): Tokens | null {
  if (step === null || chosenColumn(table, "tokens", "--tokens") !== null) return tokensOf(table, rows, step, options);
  return null;
}
