// From another tool's output to one table with run, scheme, step, tokens and loss: chooses the columns, merges what was
// logged at one step, leaves out what is no point of a curve, and says what it took, what it passed over and why.
import { InputError } from "../../base/errors.js";
import { numbers } from "../cells.js";
import { chosenColumn, guessColumn, unitOfColumn } from "../columns.js";
import { meaningOf, type Unit } from "../names.js";
import { openSource, statusOf } from "../read/source.js";
import { columnOf, type Table, tableOf, textAt } from "../table.js";
import { toNats } from "../unit.js";
import { melted } from "../wide.js";
import { folderTable, type ReadFile } from "./folder.js";
import { mergedByStep, type Row } from "./merge.js";
import { type ReadingOptions, type Recognised, recognised, runName, withRun } from "./recognise.js";
import { type TokenOptions, type Tokens, tokensOf } from "./tokens.js";

export interface ImportOptions extends TokenOptions {
  /** Columns, when the guess is wrong. */
  readonly loss?: string;
  readonly step?: string;
  /** Columns that tell the runs of a table apart; run, Name, run_id and the like when not given. */
  readonly run?: readonly string[];
  /** Regular expression with named groups, for plain logs. */
  readonly pattern?: string;
  /** Column of the scheme, or where there is none of that name its value; the run's name when not given. */
  readonly scheme?: string;
  /** Value of the scheme column, whatever columns there are. */
  readonly schemeName?: string;
  /** Unit of the loss; what its name says when not given. */
  readonly unit?: Unit;
  /** Mean bytes a token, > 0, by which bits per byte become nats per token. */
  readonly bytesPerToken?: number;
  /** Keeps what a resumed run logged again or left behind. */
  readonly keepSuperseded?: boolean;
  /** Every column that is no counter is a curve of its own. */
  readonly wide?: boolean;
}

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
  const read = await recognised(openSource(given), reading);
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

const plural = (n: number, noun: string, several = `${noun}s`): string => `${n} ${n === 1 ? noun : several}`;

/** Throws what tokensOf throws, unless rows have steps to be counted by. */
function tokensOrNone(table: Table, rows: readonly Row[], step: string | null, options: TokenOptions): Tokens | null {
  if (step === null || chosenColumn(table, "tokens", "--tokens") !== null) return tokensOf(table, rows, step, options);
  return null;
}

function lossColumn(table: Table, options: ImportOptions, notes: string[]): string {
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
  return plural(cells, "value");
}

function checkNumeric(table: Table, name: string, flag: string): void {
  const column = columnOf(table, name, flag);
  if (column.kind === "number") return;
  numbers(table, name, flag);
}

/** The counter that stands beside every loss, most telling first; epochs where nothing else counts. */
function stepColumn(table: Table, loss: string, options: ImportOptions): string | null {
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
function unitByPerplexity(table: Table, loss: string, notes: string[]): Unit | null {
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

interface Taken {
  readonly loss: string;
  readonly step: string | null;
  readonly tokens: Tokens | null;
  /** Name of the column of the loss that is written. */
  readonly column: string;
}

type Point = Record<string, number | string | null>;

function pointsOf(
  table: Table,
  rows: readonly Row[],
  taken: Taken,
  convert: (loss: number) => number,
  options: ImportOptions,
  notes: string[],
): readonly Point[] {
  const schemeOf = schemeIn(table, options, notes);
  const lost = lossesOnly(rows, taken.loss);
  const diverged = divergedFrom(lost, taken, notes);
  let [without, atZero, notFinite] = [0, 0, 0];
  const points: Point[] = [];
  for (const row of lost) {
    const value = Number(row[taken.loss]);
    const tokens = taken.tokens === null ? Number.NaN : taken.tokens.of(row);
    if (!Number.isFinite(value)) notFinite++;
    else if (tokens === null) without++;
    else if (tokens === 0) atZero++;
    else {
      const run = String(row.run ?? "");
      const others = Object.entries(row).filter(([name]) => !WRITTEN.has(name) && kept(name, taken));
      points.push({
        run,
        scheme: schemeOf(row),
        step: taken.step === null ? null : (row[taken.step] ?? null),
        ...(taken.tokens === null ? {} : { tokens }),
        [taken.column]: convert(value),
        ...(diverged.has(run) ? { status: "diverged" } : {}),
        ...Object.fromEntries(others),
      });
    }
  }
  if (notFinite > 0) notes.push(`left out ${plural(notFinite, "loss that is", "losses that are")} not finite`);
  if (without > 0) notes.push(`left out ${plural(without, "row")} with a loss but no tokens`);
  if (atZero > 0) notes.push(`left out ${plural(atZero, "point")} at 0 tokens: measured before training`);
  return points;
}

const WRITTEN = new Set(["run", "scheme", "step", "tokens", "loss"]);

/** The loss that was taken stands under its own name alone, and no other that an analysis might take for it is written. */
function kept(name: string, taken: Taken): boolean {
  const meaning = meaningOf(name);
  if (name === taken.loss || name === taken.column) return false;
  return meaning.quantity !== "loss" || meaning.split === "train";
}

const lossesOnly = (rows: readonly Row[], loss: string): readonly Row[] =>
  rows.filter((row) => typeof row[loss] === "number");

/**
 * Runs whose losses are finite up to a step and never after it, with that step, said. Where finite and other ones take
 * turns, nan marks what was not measured.
 */
function divergedFrom(rows: readonly Row[], taken: Taken, notes: string[]): ReadonlySet<string> {
  const since = new Map<string, number | string | null>();
  const mixed = new Set<string>();
  for (const row of rows) {
    const run = String(row.run ?? "");
    if (Number.isFinite(row[taken.loss])) {
      if (since.has(run)) mixed.add(run);
    } else if (!since.has(run)) since.set(run, taken.step === null ? null : (row[taken.step] ?? null));
  }
  for (const run of mixed) since.delete(run);
  for (const [run, step] of since) {
    const from = step === null ? "at its end" : `from step ${step} on`;
    notes.push(`run ${run}: ${taken.loss} is not finite ${from}: the run diverged, and its points say so (status)`);
  }
  return new Set(since.keys());
}

function schemeIn(table: Table, options: ImportOptions, notes: string[]): (row: Row) => string {
  const { scheme, schemeName } = options;
  if (schemeName !== undefined) return () => schemeName;
  if (scheme === undefined) return (row) => String(row.scheme ?? row.run ?? "");
  if (!table.columns.has(scheme)) {
    notes.push(`wrote scheme ${scheme} on every row: no column has that name`);
    return () => scheme;
  }
  // A tracker writes settings on the first row of a run alone.
  const ofRun = new Map<string, string>();
  const [run, column] = [columnOf(table, "run", "--run"), columnOf(table, scheme, "--scheme")];
  for (let row = 0; row < table.rows; row++) {
    const value = textAt(column, row);
    if (value !== "" && !ofRun.has(textAt(run, row))) ofRun.set(textAt(run, row), value);
  }
  notes.push(`took schemes from ${scheme}`);
  return (row) => String(row[scheme] ?? ofRun.get(String(row.run ?? "")) ?? row.run ?? "");
}
