// The operations of the model as kernels on a tape, with their gradients.
import { InputError } from "../../base/errors.js";
import type { AttentionShape, Operations } from "../operations.js";
import { attention } from "./attention.js";
import { attentionDots, attentionGradient } from "./attention-gradient.js";
import {
  add,
  reluSquared,
  reluSquaredGradient,
  reluSquaredGradientOfResult,
  rotate,
  rotateBack,
  sumSlices,
  widen,
} from "./elementwise.js";
import { embedding, embeddingGradient } from "./embedding.js";
import type { Storage } from "./kernel.js";
import { crossEntropy, crossEntropyGradient, meanLoss } from "./loss.js";
import { gainSlices, rmsNorm, rmsNormGain, rmsNormGradient } from "./norm.js";
import { type ProductShape, product, slicesOf } from "./product.js";
import { lasting, type Piece, type Tape, type Value } from "./tape.js";

/** Ids of a batch [N], and where each stands (`segments`), which the gradient of the embedding reads. */
export interface Ids {
  readonly piece: Piece;
  readonly places: Piece;
  readonly rows: number;
}

/** Slots of the ring in which losses wait to be read, and what says which slot is this step's. */
export const LOSS_SLOTS = 64;
export const LOSSES = lasting("losses", LOSS_SLOTS);
export const STEP = lasting("step", 1);
export const rotaryName = (time: number, headWidth: number): string => `rotary ${time} ${headWidth}`;

export type TapeOperations = Operations<Value, Value, Ids, Value>;

/**
 * meanCrossEntropy ends a tape: it writes the loss into its slot, and the gradient of the logits in their place.
 * `storage` is that of factors: norms, turned queries, keys and values, mixed values and activations, which the way back
 * needs again. What is summed stays in 32 bits: products, the residual stream, logits, gradients and weights.
 */
export function operationsOn(tape: Tape, storage: Storage = "f32"): TapeOperations {
  const matrix = (rows: number, columns: number, inputs: readonly Value[], kept: Storage = "f32"): Value =>
    tape.value(tape.passing(rows * columns, kept), rows, columns, inputs, kept);
  /** Where the value stands in 32 bits. */
  const wide = ({ piece, rows, columns, storage: kept }: Value): Piece => {
    if (kept === "f32") return piece;
    const widened = tape.passing(rows * columns);
    tape.dispatch(widen(rows * columns), piece, widened);
    return widened;
  };

  /** A product whose result is given to the gradient of `of`: straight into a lasting one, in slices where that is faster. */
  const giveProduct = (of: Value, shape: ProductShape, left: Piece, right: Piece): void => {
    if (of.gradient.kind === "none") return;
    const count = shape.rows * shape.columns;
    if (of.gradient.kind === "passed") {
      const result = tape.passing(count);
      tape.dispatch(product(shape, 1, false), left, right, result);
      tape.give(of, result);
      return;
    }
    const slices = slicesOf(shape);
    if (slices === 1) tape.dispatch(product(shape, 1, true), left, right, of.gradient.to);
    else {
      const parts = tape.passing(slices * count);
      tape.dispatch(product(shape, slices, false), left, right, parts);
      tape.dispatch(sumSlices(slices, count), parts, of.gradient.to);
    }
  };

  return {
    embedding: (table, ids) => {
      const value = matrix(ids.rows, table.columns, [table]);
      tape.dispatch(embedding(ids.rows, table.columns), table.piece, ids.piece, value.piece);
      tape.onReturn(value, (dy) => {
        if (table.gradient.kind !== "added") throw new Error("embedding: the table must be a parameter");
        tape.dispatch(embeddingGradient(table.rows, table.columns), ids.places, dy, table.gradient.to);
      });
      return value;
    },

    rmsNorm: (x, gain) => {
      check(gain.columns === x.columns, `rmsNorm: gain must have ${x.columns} entries, got ${gain.columns}`);
      const value = matrix(x.rows, x.columns, [x, gain], storage);
      const inverse = tape.passing(x.rows);
      const from = wide(x);
      tape.dispatch(rmsNorm(x.rows, x.columns, storage), from, gain.piece, value.piece, inverse);
      tape.onReturn(value, (dy) => {
        if (gain.gradient.kind === "added") {
          const slices = tape.passing(gainSlices(x.rows) * x.columns);
          tape.dispatch(rmsNormGain(x.rows, x.columns), from, inverse, dy, slices);
          tape.dispatch(sumSlices(gainSlices(x.rows), x.columns), slices, gain.gradient.to);
        }
        if (x.gradient.kind !== "none") {
          const dx = tape.passing(x.rows * x.columns);
          tape.dispatch(rmsNormGradient(x.rows, x.columns), from, gain.piece, inverse, dy, dx);
          tape.give(x, dx);
        }
      });
      return value;
    },

    linear: (x, w) => {
      const [rows, inputs, outputs] = [x.rows, x.columns, w.columns];
      check(w.rows === inputs, `linear: w must have ${inputs} rows, got ${w.rows}; one for each column of x`);
      const value = matrix(rows, outputs, [x, w]);
      const shape: ProductShape = { rows, columns: outputs, depth: inputs, transposed: "none", storage: x.storage };
      tape.dispatch(product(shape, 1, false), x.piece, w.piece, value.piece);
      tape.onReturn(value, (dy) => {
        giveProduct(
          w,
          { rows: inputs, columns: outputs, depth: rows, transposed: "left", storage: x.storage },
          x.piece,
          dy,
        );
        giveProduct(x, { rows, columns: inputs, depth: outputs, transposed: "right", storage: "f32" }, dy, w.piece);
      });
      return value;
    },

    attention: (qkv, shape: AttentionShape) => {
      const { batch, time, heads } = shape;
      const width = qkv.columns / 3;
      const headWidth = width / heads;
      check(qkv.rows === batch * time, `attention: qkv must have batch · time = ${batch * time} rows, got ${qkv.rows}`);
      check(
        Number.isInteger(headWidth / 2),
        `attention: qkv must have 3 · heads · K columns with K even, got ${qkv.columns} for ${heads} heads`,
      );
      const value = matrix(qkv.rows, width, [qkv], storage);
      const table = lasting(rotaryName(time, headWidth), time * headWidth);
      const turned = tape.passing(qkv.rows * qkv.columns, storage);
      const logSums = tape.passing(batch * heads * time);
      tape.dispatch(rotate(shape, headWidth, storage), wide(qkv), table, turned);
      tape.dispatch(attention(shape, headWidth, storage), turned, value.piece, logSums);
      tape.onReturn(value, (dy) => {
        const dots = tape.passing(batch * heads * time);
        const dqkv = tape.passing(qkv.rows * qkv.columns);
        tape.dispatch(attentionDots(shape, headWidth, storage), value.piece, dy, dots);
        for (const side of ["queries", "keys"] as const) {
          tape.dispatch(attentionGradient(shape, headWidth, side, storage), turned, dy, logSums, dots, dqkv);
        }
        tape.dispatch(rotateBack(shape, headWidth), dqkv, table);
        tape.give(qkv, dqkv);
      });
      return value;
    },

    reluSquared: (x) => {
      const count = x.rows * x.columns;
      const value = matrix(x.rows, x.columns, [x], storage);
      const from = wide(x);
      tape.dispatch(reluSquared(count, storage), from, value.piece);
      tape.onReturn(value, (dy) => {
        const dx = tape.passing(count);
        if (storage === "f32") tape.dispatch(reluSquaredGradient(count), from, dy, dx);
        else tape.dispatch(reluSquaredGradientOfResult(count), value.piece, dy, dx);
        tape.give(x, dx);
      });
      return value;
    },

    add: (x, y) => {
      check(
        x.rows === y.rows && x.columns === y.columns,
        `add: both must have one shape, got [${x.rows},${x.columns}] and [${y.rows},${y.columns}]; nothing is broadcast`,
      );
      const value = matrix(x.rows, x.columns, [x, y]);
      tape.dispatch(add(x.rows * x.columns), wide(x), wide(y), value.piece);
      tape.onReturn(value, (dy) => {
        tape.give(x, dy);
        tape.give(y, dy);
      });
      return value;
    },

    crossEntropy: (logits, targets) => {
      const { rows, columns: vocabulary } = logits;
      check(targets.rows === rows, `crossEntropy: targets must have ${rows} entries, got ${targets.rows}; one a row`);
      const value = matrix(1, rows, [logits]);
      tape.dispatch(crossEntropy(rows, vocabulary, false), logits.piece, targets.piece, value.piece);
      tape.onReturn(value, (dy) => {
        const dlogits = tape.passing(rows * vocabulary);
        const gradient = crossEntropyGradient(rows, vocabulary);
        tape.dispatch(gradient, logits.piece, targets.piece, value.piece, dy, dlogits);
        tape.give(logits, dlogits);
      });
      return value;
    },

    meanCrossEntropy: (logits, targets) => {
      const { rows, columns: vocabulary } = logits;
      check(targets.rows === rows, `crossEntropy: targets must have ${rows} entries, got ${targets.rows}; one a row`);
      const losses = tape.passing(rows);
      tape.dispatch(crossEntropy(rows, vocabulary, true), logits.piece, targets.piece, losses);
      tape.dispatch(meanLoss(rows), losses, STEP, LOSSES);
      tape.give(logits, logits.piece);
      return { piece: LOSSES, rows: 1, columns: 1, storage: "f32", gradient: { kind: "none" } };
    },
  };
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new InputError(message);
}
