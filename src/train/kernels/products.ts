// The three matrix products of a linear layer, cut among the threads of the heap: rows of y and dx, columns of dw. No sum
// is cut, so that threads change no bit.
import type { Heap } from "./module.js";

/** Takes addresses; x [rows, inputs], w [inputs, outputs], y [rows, outputs], gradients like what they are of. */
export interface Products {
  /** y = x · w. */
  forward(x: number, w: number, y: number, rows: number, inputs: number, outputs: number): void;
  /** dx = dy · wᵀ. */
  inputGradient(dy: number, w: number, dx: number, rows: number, inputs: number, outputs: number): void;
  /** dw = xᵀ · dy. */
  weightGradient(x: number, dy: number, dw: number, rows: number, inputs: number, outputs: number): void;
}

/** Rows and columns of a register block. */
const ROWS = 4;
const COLUMNS = 8;

export function productsOn({ kernels, split }: Pick<Heap, "kernels" | "split">): Products {
  return {
    forward: (x, w, y, rows, inputs, outputs) => {
      split(rows, ROWS, kernels.scratchBytes(inputs, outputs), (from, count, scratch) => [
        "forward",
        ...[x + 4 * from * inputs, w, y + 4 * from * outputs, scratch, count, inputs, outputs],
      ]);
    },
    inputGradient: (dy, w, dx, rows, inputs, outputs) => {
      split(rows, ROWS, kernels.scratchBytes(inputs, outputs), (from, count, scratch) => [
        "inputGradient",
        ...[dy + 4 * from * outputs, w, dx + 4 * from * inputs, scratch, count, inputs, outputs],
      ]);
    },
    weightGradient: (x, dy, dw, rows, inputs, outputs) => {
      split(outputs, COLUMNS, kernels.scratchBytes(inputs, outputs), (from, count, scratch) => [
        "weightGradient",
        ...[x, dy, dw, scratch, rows, inputs, outputs, from, count],
      ]);
    },
  };
}
