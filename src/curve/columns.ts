// Which column is meant, when nobody said: by what its name means (names.ts), most telling first. What was taken and
// what was passed over is said aloud, and what looks like another quantity (steps, perplexity, bits) is doubted.
import { InputError, type Warning } from "../base/errors.js";
import { type Meaning, meaningOf, UNIT_WORDS, type Unit } from "./names.js";
import type { Column, Table } from "./table.js";
import { writtenNumber } from "./written-number.js";

const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  scheme: "scheme arm variant method recursion architecture arch group model".split(" "),
  parameters: "parameters N params num_params n_params parameter_count model_size total_params".split(" "),
  flops: "flops C compute train_flops training_flops compute_flops C_flops total_flops".split(" "),
  rounds: "rounds r T loops depth_rounds recurrences".split(" "),
};
/** Letters that laws of the literature use for these quantities. */
const LETTERS: Readonly<Record<string, string>> = {
  D: "tokens",
  N: "parameters",
  C: "flops",
  L: "loss",
  r: "rounds",
  T: "rounds",
};

/** A column that was chosen among others. */
export interface Choice {
  readonly name: string;
  readonly meaning: Meaning;
  /** The other columns of its quantity, with how many cells each has, in words. */
  readonly passed: readonly string[];
}

/**
 * The column for a quantity by its name, null where there is none.
 * @throws InputError naming both where two columns of one rank hold different numbers.
 */
export function chosenColumn(
  table: Table,
  quantity: "loss" | "tokens" | "step" | "samples" | "epoch",
  flag: string,
  among: (name: string) => boolean = () => true,
): Choice | null {
  const found = [...table.columns].flatMap(([name, column]) => {
    const meaning = meaningOf(name);
    if (meaning.quantity !== quantity || !among(name)) return [];
    const cells = filled(column);
    return cells === 0 ? [] : [{ name, meaning, cells, rank: meaning.rank }];
  });
  found.sort((a, b) => a.rank - b.rank);
  const [first, ...others] = found;
  if (first === undefined) return null;
  const rivals = others.filter(({ name, rank }) => rank === first.rank && !sameNumbers(table, first.name, name));
  if (rivals.length > 0) {
    const names = [first, ...rivals].map(({ name }) => name);
    const wide = quantity === "loss" ? ", or --wide where each is a curve of its own" : "";
    throw new InputError(
      `${table.source}: one column must hold ${quantity === "loss" ? "the loss" : quantity}, got ${names.join(" and ").slice(0, 300)}; choose with ${flag} ${quoted(first.name)}${wide}`,
    );
  }
  return {
    name: first.name,
    meaning: first.meaning,
    passed: others.map(({ name, cells }) => `${name} (${cells})`),
  };
}

/** Cells that hold something; 0 for text that is not numbers in the main, where one bad cell is to be named later. */
function filled(column: Column): number {
  if (column.kind === "number") {
    const finite = column.values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
    return finite + [...(column.notFinite ?? [])].filter((row) => Number.isNaN(column.values[row])).length;
  }
  const cells = column.values.filter((cell) => cell !== "");
  const numbers = cells.filter((cell) => writtenNumber(cell, column.mark).kind !== "text").length;
  return numbers * 2 >= cells.length ? cells.length : 0;
}

function sameNumbers(table: Table, one: string, other: string): boolean {
  const [a, b] = [table.columns.get(one), table.columns.get(other)];
  if (a?.kind !== "number" || b?.kind !== "number") return false;
  return a.values.every((value, row) => Object.is(value, b.values[row]));
}

/** A name as a shell and --derive take it. */
export const quoted = (name: string): string => (/^[\w./-]+$/.test(name) ? name : `'${name}'`);
const inFormula = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``);

/** A column for a quantity: the one of that name, else of a name that people use for it; null when there is none. */
export function guessColumn(table: Table, quantity: string): string | null {
  const meant = LETTERS[quantity] ?? quantity;
  if (meant === "tokens" && table.columns.has(quantity)) return quantity;
  if (meant === "tokens" || meant === "loss") {
    return chosenColumn(table, meant, meant === "loss" ? "--y" : "--x")?.name ?? null;
  }
  if (table.columns.has(quantity)) return quantity;
  const names = [...table.columns.keys()];
  for (const synonym of SYNONYMS[meant] ?? []) {
    const found =
      names.find((name) => name === synonym) ??
      (synonym.length > 1 ? names.find((name) => name.toLowerCase() === synonym.toLowerCase()) : undefined);
    if (found !== undefined) return found;
  }
  return null;
}

/** The column for a law's variable or the loss, or InputError that lists the columns and shows what to type. */
export function requiredColumn(table: Table, quantity: string, flag: string): string {
  const found = guessColumn(table, quantity);
  if (found !== null) return found;
  const names = [...table.columns.keys()];
  const steps = chosenColumn(table, "step", "--x")?.name;
  const loss = (LETTERS[quantity] ?? quantity) === "loss";
  const remedy =
    (LETTERS[quantity] ?? quantity) === "tokens" && steps !== undefined
      ? `steps are no tokens: give --derive "${quantity}=${inFormula(steps)}*BATCH*CONTEXT" with your numbers`
      : `give ${flag}${loss ? ", or --wide where each column is a curve" : ""}`;
  throw new InputError(
    `${table.source}: a column must hold ${quantity}, got columns ${names.slice(0, 20).join(", ").slice(0, 300)}; ${remedy}`,
  );
}

/** What a column of the loss is measured in, by its name; nats per token where the name says nothing. */
export function unitOfColumn(name: string): Unit {
  const meaning = meaningOf(name);
  return meaning.quantity === "loss" ? meaning.unit : "nats";
}

/**
 * Doubts about what the chosen columns hold, each with a remedy that can be typed.
 * @param unit what the caller said the loss is in; null where nobody did.
 */
export function columnDoubts(
  x: readonly string[],
  y: string,
  unit: Unit | null,
  losses: readonly Float64Array[],
): readonly Warning[] {
  const warnings: Warning[] = [];
  for (const name of x) {
    const { quantity } = meaningOf(name);
    if (quantity !== "step" && quantity !== "epoch") continue;
    warnings.push({
      code: "steps-for-tokens",
      message: `column ${name} looks like steps, not tokens: the limit and exponent stay right only where tokens per step never change; give --derive "tokens=${inFormula(name)}*BATCH*CONTEXT"`,
    });
  }
  if (unit !== null) return warnings;
  let smallest = Number.POSITIVE_INFINITY;
  for (const loss of losses) for (const value of loss) if (value < smallest) smallest = value;
  const named = unitOfColumn(y);
  if (named === "ppl" || (smallest > 12 && Number.isFinite(smallest))) {
    warnings.push({
      code: "perplexity-for-loss",
      message: `column ${y} looks like perplexity, not nats per token: give --unit ppl, which takes logarithms`,
    });
  } else if (named !== "nats") {
    const remedy = named === "bits" ? "--unit bits" : "--unit bpb --bytes-per-token N with that of your tokenizer";
    warnings.push({
      code: "bits-for-nats",
      message: `column ${y} looks like ${UNIT_WORDS[named]}, not nats per token: exponents stay the same, limit and coefficient are in ${UNIT_WORDS[named]}; give ${remedy} for nats per token`,
    });
  }
  return warnings;
}
