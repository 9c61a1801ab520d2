// From another tool's output to one table with run, scheme, step, tokens and loss: merges what was logged at one step,
// chooses the columns, and says which it took and why.
import { InputError, shown } from "../../base/errors.js";
import { guessColumn } from "../columns.js";
import { columnOf, placeOf, type Table, tableOf } from "../table.js";
import { readRaw } from "./import-source.js";

export interface ImportOptions {
  /** Columns, when the guess is wrong. */
  readonly tokens?: string;
  readonly loss?: string;
  readonly step?: string;
  /** Columns that tell the runs of a table apart; run, Name, run_id and the like when not given. */
  readonly run?: readonly string[];
  /** Tokens a step, where the source logs steps alone. */
  readonly tokensPerStep?: number;
  /** Regular expression with named groups, for plain logs. */
  readonly pattern?: string;
  /** Value of the scheme column; the run's name when not given. */
  readonly scheme?: string;
}

export interface Imported {
  /** Rows with a loss: run, scheme, step, tokens, loss, then what else was logged at that step. */
  readonly table: Table;
  /** What was recognised and taken, and why, in sentences. */
  readonly notes: readonly string[];
}

type Row = Record<string, number | string | null>;
const STEP_NAMES = ["step", "_step", "Step", "global_step", "train/global_step", "iteration", "iter"];

/** Imports a source. Throws InputError where it is not recognised, or holds no loss or no tokens. */
export async function importCurves(source: string, options: ImportOptions = {}): Promise<Imported> {
  const { table, notes, resumes } = await readRaw(source, options.pattern ?? null, options.run);
  const stepName = options.step ?? STEP_NAMES.find((name) => table.columns.get(name)?.kind === "number") ?? null;
  if (stepName !== null) checkNumeric(table, stepName, "--step");
  const loss =
    options.loss === undefined ? chosenLoss(table) : { name: options.loss, why: "it was asked for with --loss" };
  checkNumeric(table, loss.name, "--loss");
  const rows = mergedByStep(table, stepName, resumes ? null : loss.name);
  const tokens = tokensOf(table, rows, stepName, options);
  const points: Row[] = [];
  let without = 0;
  for (const row of rows) {
    const lossValue = row[loss.name];
    if (typeof lossValue !== "number") continue;
    const tokenCount = tokens.of(row);
    if (tokenCount === null) {
      without++;
      continue;
    }
    const { run = "", scheme, loss: _loss, tokens: _tokens, step: _step, ...others } = row;
    const step = stepName === null ? null : (row[stepName] ?? null);
    points.push({ run, scheme: options.scheme ?? scheme ?? run, step, tokens: tokenCount, loss: lossValue, ...others });
  }
  if (points.length === 0) {
    throw new InputError(
      `${table.source}: some rows must hold ${loss.name} and tokens, got none; choose others with --loss and --tokens`,
    );
  }
  const runs = new Set(points.map((point) => point.run)).size;
  return {
    table: tableOf(table.source, points),
    notes: [
      ...notes,
      `took loss from ${loss.name}: ${loss.why}`,
      `took tokens from ${tokens.why()}`,
      ...(without === 0 ? [] : [`left out ${plural(without, "row")} with a loss but no tokens`]),
      `${plural(points.length, "point")} of ${plural(runs, "run")}`,
    ],
  };
}

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

function checkNumeric(table: Table, name: string, flag: string): void {
  const column = columnOf(table, name, flag);
  if (column.kind === "number") return;
  const row = column.values.findIndex((cell) => cell !== "" && Number.isNaN(Number(cell)));
  throw new InputError(
    `${placeOf(table, Math.max(row, 0))} column ${shown(name)}: cell must be a number, got ${shown(column.values[Math.max(row, 0)])}; mend it, or choose another column with ${flag}`,
  );
}

/**
 * Tools log training and validation in separate records: one row a run and step, the last value of each winning.
 * Two values of `loss` at one step are two runs under one name and refused, where it is not null.
 */
function mergedByStep(table: Table, step: string | null, loss: string | null): readonly Row[] {
  const rows = new Map<string, Row>();
  for (let i = 0; i < table.rows; i++) {
    const cells: [string, number | string][] = [];
    for (const [name, column] of table.columns) {
      const value = column.values[i];
      if (value !== undefined && value !== "" && !Number.isNaN(value)) cells.push([name, value]);
    }
    const record: Row = Object.fromEntries(cells);
    const key = step === null ? String(i) : `${record.run ?? ""}\n${record[step] ?? `row ${i}`}`;
    const before = rows.get(key);
    const [earlier, later] = loss === null ? [undefined, undefined] : [before?.[loss], record[loss]];
    if (earlier !== undefined && later !== undefined && earlier !== later) {
      throw new InputError(
        `${placeOf(table, i)} column ${shown(loss)}: a run must have one loss a step, got ${later} after ${earlier} at step ${record[step ?? ""]} of run ${shown(String(record.run ?? ""))}; give the columns that tell runs apart with --run`,
      );
    }
    rows.set(key, { ...before, ...record });
  }
  return [...rows.values()];
}

const VALIDATION = /(^|[/_. ])(val|valid|validation|eval|test|heldout)([/_. ]|$)/i;

/** Validation before training loss; the shortest of several names. */
function chosenLoss(table: Table): { readonly name: string; readonly why: string } {
  const numeric = [...table.columns].filter(([, column]) => column.kind === "number").map(([name]) => name);
  const losses = numeric
    .filter((name) => /loss|(^|[/_])(nll|xent|cross_entropy)$/i.test(name))
    .sort((a, b) => a.length - b.length);
  const validation = losses.find((name) => VALIDATION.test(name));
  if (validation !== undefined)
    return { name: validation, why: "its name says validation loss; --loss chooses another" };
  const any = guessColumn(table, "loss") ?? losses[0];
  if (any !== undefined) return { name: any, why: "no column says validation loss; --loss chooses another" };
  throw new InputError(
    `${table.source}: a column must hold the loss, got ${[...table.columns.keys()].slice(0, 20).join(", ").slice(0, 300)}; give --loss`,
  );
}

/** Tokens of a row: logged there, times tokens a step, or between the steps nearest to it that have them. */
function tokensOf(
  table: Table,
  rows: readonly Row[],
  step: string | null,
  options: ImportOptions,
): { readonly why: () => string; readonly of: (row: Row) => number | null } {
  const { tokensPerStep } = options;
  if (tokensPerStep !== undefined && options.tokens === undefined) {
    if (step === null)
      throw new InputError(`${table.source}: --tokens-per-step must have a step column, got none; give --step`);
    return {
      why: () => `${step} × ${tokensPerStep} (--tokens-per-step)`,
      of: (row) => {
        const at = numeric(row[step]);
        return at === null ? null : at * tokensPerStep;
      },
    };
  }
  const name = options.tokens ?? guessColumn(table, "tokens") ?? tokenName(table);
  if (name === null) {
    throw new InputError(
      `${table.source}: a column must hold tokens, got ${[...table.columns.keys()].slice(0, 20).join(", ").slice(0, 300)}; give --tokens COL, or --tokens-per-step (batch × context)`,
    );
  }
  checkNumeric(table, name, "--tokens");
  const why =
    options.tokens === undefined ? "its name says tokens; --tokens chooses another" : "it was asked for with --tokens";
  if (step === null) return { why: () => `${name}: ${why}`, of: (row) => numeric(row[name]) };
  const known = new Map<string, { readonly step: number; readonly tokens: number }[]>();
  for (const row of rows) {
    const [at, tokens] = [numeric(row[step]), numeric(row[name])];
    if (at === null || tokens === null) continue;
    const list = known.get(String(row.run ?? "")) ?? [];
    list.push({ step: at, tokens });
    known.set(String(row.run ?? ""), list);
  }
  for (const list of known.values()) list.sort((a, b) => a.step - b.step);
  let interpolated = false;
  return {
    why: () => `${name}: ${why}${interpolated ? "; between its steps where the loss was logged at others" : ""}`,
    of: (row) => {
      const [direct, at] = [numeric(row[name]), numeric(row[step])];
      if (direct !== null || at === null) return direct;
      interpolated = true;
      return between(known.get(String(row.run ?? "")) ?? [], at);
    },
  };
}

const numeric = (value: number | string | null | undefined): number | null =>
  typeof value === "number" ? value : null;

function tokenName(table: Table): string | null {
  const found = [...table.columns].filter(
    ([name, column]) => column.kind === "number" && /tokens/i.test(name) && !/per_?sec|\/s$/i.test(name),
  );
  return found[0]?.[0] ?? null;
}

/** Tokens at a step by a straight line between its neighbours (or from 0 tokens at step 0); null past the last one. */
function between(known: readonly { readonly step: number; readonly tokens: number }[], step: number): number | null {
  const after = known.find((entry) => entry.step >= step);
  const before = known.findLast((entry) => entry.step <= step) ?? { step: 0, tokens: 0 };
  if (after === undefined) return null;
  if (after.step === before.step) return after.tokens;
  return before.tokens + ((after.tokens - before.tokens) * (step - before.step)) / (after.step - before.step);
}
