// Which tokens a step sees: windows of the training split in a seeded order, each once before any twice; and the
// fixed windows of the validation split. Both follow from seed and step alone, so there is no position to save.
import { InputError } from "../../base/errors.js";
import { random } from "../../base/random.js";
import type { RunConfiguration } from "../configuration.js";
import type { Corpus } from "./corpus.js";

/** Inputs and the tokens that follow them, sequence by sequence: int32 [N], N = batch · context. */
export interface Batch {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

/** The batch of each 0-based step. Passes over the corpus are shuffled anew. */
export function trainingBatches(corpus: Corpus, batch: number, context: number, seed: number): (step: number) => Batch {
  const windows = Math.floor((corpus.tokens.train - 1) / context);
  if (windows < batch) {
    throw new InputError(
      `corpus: the training split must hold at least ${batch * context + 1} tokens, got ${corpus.tokens.train}; give more text, or lower --batch or --context`,
    );
  }
  const root = random(seed).split("data");
  let pass = -1;
  let order: Uint32Array = new Uint32Array(0);
  return (step) => {
    const starts = Array.from({ length: batch }, (_, i) => {
      const drawn = step * batch + i;
      if (Math.floor(drawn / windows) !== pass) {
        pass = Math.floor(drawn / windows);
        order = permutation(windows, pass);
      }
      return (order[drawn % windows] ?? 0) * context;
    });
    return readBatch(corpus, "train", starts, context);
  };

  /** Fisher–Yates. */
  function permutation(length: number, label: number): Uint32Array {
    const stream = root.split(label);
    const shuffled = Uint32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = stream.integer(i + 1);
      const kept = shuffled[i] ?? 0;
      shuffled[i] = shuffled[j] ?? 0;
      shuffled[j] = kept;
    }
    return shuffled;
  }
}

/** `windows` spread evenly over the validation split, or a half of it, in batches of at most `batch`. */
export function validationBatches(
  corpus: Corpus,
  { windows: count, half }: Pick<RunConfiguration["validation"], "windows" | "half">,
  batch: number,
  context: number,
): readonly Batch[] {
  const middle = Math.floor(corpus.tokens.validation / 2);
  const from = half === "second" ? middle : 0;
  const tokens = (half === "first" ? middle : corpus.tokens.validation) - from;
  if (tokens < count * context + 1) {
    throw new InputError(
      `corpus: the validation split must hold at least ${count * context + 1} tokens for ${count} windows, got ${tokens}; give more text, or fewer --validation-windows`,
    );
  }
  const starts = Array.from(
    { length: count },
    (_, i) => from + Math.floor((i * (tokens - context - 1)) / Math.max(1, count - 1)),
  );
  return Array.from({ length: Math.ceil(count / batch) }, (_, k) =>
    readBatch(corpus, "validation", starts.slice(k * batch, (k + 1) * batch), context),
  );
}

function readBatch(corpus: Corpus, split: "train" | "validation", starts: readonly number[], context: number): Batch {
  const inputs = new Int32Array(starts.length * context);
  const targets = new Int32Array(starts.length * context);
  const window = new Uint16Array(context + 1);
  starts.forEach((start, i) => {
    corpus.read(split, start, window);
    inputs.set(window.subarray(0, context), i * context);
    targets.set(window.subarray(1), i * context);
  });
  return { inputs, targets };
}
