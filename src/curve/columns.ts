// Which column is meant, when nobody said: names that people use for tokens, loss and scheme, most telling first.
// What was taken is said aloud, and what looks like another quantity (steps, perplexity, bits) is doubted.
import { InputError, type Warning } from "../base/errors.js";
import type { Table } from "./table.js";

const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  tokens: [
    ..."tokens D train_tokens training_tokens num_tokens tokens_seen total_tokens consumed_tokens n_tokens".split(" "),
    ..."train/tokens tokens_total trained_tokens num_input_tokens_seen train_num_input_tokens_seen".split(" "),
  ],
  loss: [
    ..."loss val_loss validation_loss eval_loss valid_loss test_loss val/loss eval/loss validation/loss".split(" "),
    ..."loss_val final_loss L heldout_loss".split(" "),
  ],
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

/** A column for a quantity: the one of that name, else of a name that people use for it; null when there is none. */
export function guessColumn(table: Table, quantity: string): string | null {
  if (table.columns.has(quantity)) return quantity;
  const names = [...table.columns.keys()];
  for (const synonym of SYNONYMS[LETTERS[quantity] ?? quantity] ?? []) {
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
  const steps = names.find((name) => STEPS.test(name));
  const remedy =
    (LETTERS[quantity] ?? quantity) === "tokens" && steps !== undefined && /^[A-Za-z_]\w*$/.test(steps)
      ? `steps are no tokens: give --derive "${quantity}=${steps}*BATCH*CONTEXT" with your numbers`
      : `give ${flag}`;
  throw new InputError(
    `${table.source}: a column must hold ${quantity}, got columns ${names.slice(0, 20).join(", ").slice(0, 300)}; ${remedy}`,
  );
}

const STEPS = /(^|[_/.])(step|steps|iter|iters|iteration|iterations|global_step|epoch|epochs|updates?)$/i;
const PERPLEXITY = /(^|[_/.])(ppl|perplexity|perplexities)($|[_/.])/i;
const BITS = /(^|[_/.])(bpb|bpc|bits|bits_per_byte|bits_per_char|bits_per_token|bitsPerByte)($|[_/.])/i;

/** Doubts about what the chosen columns hold, each with the remedy. */
export function columnDoubts(x: readonly string[], y: string, losses: readonly Float64Array[]): readonly Warning[] {
  const warnings: Warning[] = [];
  for (const name of x) {
    if (STEPS.test(name)) {
      warnings.push({
        code: "steps-for-tokens",
        message: `column ${name} looks like steps, not tokens: the limit and exponent stay right only where tokens per step never change; give --derive "tokens=${name}*BATCH*CONTEXT"`,
      });
    }
  }
  let smallest = Number.POSITIVE_INFINITY;
  for (const loss of losses) for (const value of loss) if (value < smallest) smallest = value;
  if (PERPLEXITY.test(y) || (smallest > 12 && Number.isFinite(smallest))) {
    warnings.push({
      code: "perplexity-for-loss",
      message: `column ${y} looks like perplexity, not nats per token: give --derive "loss=log(${y})" and --y loss`,
    });
  } else if (BITS.test(y)) {
    warnings.push({
      code: "bits-for-nats",
      message: `column ${y} looks like bits, not nats: exponents stay the same, limit and coefficient are in bits; give --derive "loss=${y}*log(2)" and --y loss for nats`,
    });
  }
  return warnings;
}
