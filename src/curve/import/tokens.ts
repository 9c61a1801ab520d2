// Tokens of a row: counted there, or steps times tokens a step, samples times tokens a sample, or between the steps
// nearest to it that have them, since trainers count tokens on other lines than they validate.
import { InputError, shown } from "../../base/errors.js";
import { chosenColumn } from "../columns.js";
import { meaningOf } from "../names.js";
import type { Table } from "../table.js";
import type { Row } from "./merge.js";

export interface TokenOptions {
  /** Column of tokens; by its name when not given. */
  readonly tokens?: string;
  /** Tokens a step, > 0: batch × context. */
  readonly tokensPerStep?: number;
  /** Added to each step before it is multiplied: 1 where the first is called 0. */
  readonly stepOffset?: number;
  /** Tokens a sample, > 0, where samples are counted. */
  readonly sequenceLength?: number;
}

export interface Tokens {
  /** Null where nothing tells them. */
  readonly of: (row: Row) => number | null;
  /** Where they were taken from, once all rows were asked. */
  readonly why: () => string;
}

/** Throws InputError where nothing counts tokens, or a counter never ran. */
export function tokensOf(table: Table, rows: readonly Row[], step: string | null, options: TokenOptions): Tokens {
  const { tokensPerStep, sequenceLength, stepOffset = 0 } = options;
  if (tokensPerStep !== undefined && options.tokens === undefined) {
    if (step === null)
      throw new InputError(`${table.source}: --tokens-per-step must have a step column, got none; give --step`);
    const offset = stepOffset === 0 ? step : `(${step} + ${stepOffset})`;
    return {
      why: () => `${offset} × ${tokensPerStep} (--tokens-per-step)`,
      of: (row) => {
        const at = finite(row[step]);
        return at === null ? null : (at + stepOffset) * tokensPerStep;
      },
    };
  }
  const named = options.tokens ?? chosenColumn(table, "tokens", "--tokens")?.name;
  const samples = chosenColumn(table, "samples", "--tokens")?.name;
  if (named === undefined && samples !== undefined && sequenceLength !== undefined) {
    return counted(table, rows, step, samples, sequenceLength, `${samples} × ${sequenceLength} (--sequence-length)`);
  }
  if (named === undefined) {
    const remedy =
      samples === undefined
        ? "give --tokens COL, or --tokens-per-step (batch × context)"
        : `give --sequence-length, by which ${samples} is multiplied, or --tokens-per-step (batch × context)`;
    throw new InputError(
      `${table.source}: a column must hold tokens, got ${[...table.columns.keys()].slice(0, 20).join(", ").slice(0, 300)}; ${remedy}`,
    );
  }
  const meaning = meaningOf(named);
  const scale = meaning.quantity === "tokens" ? meaning.scale : 1;
  const times = scale === 1 ? "" : ` × ${scale.toExponential().replace("e+", "e")}, as its name says`;
  const why =
    options.tokens === undefined ? "its name says tokens; --tokens chooses another" : "asked for with --tokens";
  return counted(table, rows, step, named, scale, `${named}${times}: ${why}`);
}

function counted(
  table: Table,
  rows: readonly Row[],
  step: string | null,
  name: string,
  factor: number,
  why: string,
): Tokens {
  const present = rows.flatMap((row) => finite(row[name]) ?? []);
  if (present.length > 1 && present.every((value) => value === 0)) {
    throw new InputError(
      `${table.source} column ${shown(name)}: tokens must be counted, got 0 in all ${present.length} rows: the counter never ran; give --tokens-per-step (batch × context), or another column with --tokens`,
    );
  }
  if (step === null) return { why: () => why, of: (row) => scaled(finite(row[name]), factor) };
  const known = knownOf(rows, step, name);
  let between = 0;
  return {
    why: () => `${why}${between === 0 ? "" : `; between its steps for ${between} losses logged at others`}`,
    of: (row) => {
      const [direct, at] = [finite(row[name]), finite(row[step])];
      if (direct !== null || at === null) return scaled(direct, factor);
      between++;
      return scaled(interpolated(known.get(String(row.run ?? "")) ?? [], at), factor);
    },
  };
}

const finite = (value: number | string | undefined): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;
const scaled = (value: number | null, factor: number): number | null => (value === null ? null : value * factor);

interface Known {
  readonly step: number;
  readonly tokens: number;
}

function knownOf(rows: readonly Row[], step: string, name: string): ReadonlyMap<string, readonly Known[]> {
  const known = new Map<string, Known[]>();
  for (const row of rows) {
    const [at, tokens] = [finite(row[step]), finite(row[name])];
    if (at === null || tokens === null) continue;
    const list = known.get(String(row.run ?? "")) ?? [];
    list.push({ step: at, tokens });
    known.set(String(row.run ?? ""), list);
  }
  for (const list of known.values()) list.sort((a, b) => a.step - b.step);
  return known;
}

/** Tokens at a step by a straight line between its neighbours (or from 0 tokens at step 0); null past the last one. */
function interpolated(known: readonly Known[], step: number): number | null {
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((known[middle]?.step ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const after = known[low];
  if (after === undefined) return null;
  if (after.step === step) return after.tokens;
  const before = known[low - 1] ?? { step: 0, tokens: 0 };
  if (after.step === before.step) return after.tokens;
  return before.tokens + ((after.tokens - before.tokens) * (step - before.step)) / (after.step - before.step);
}
