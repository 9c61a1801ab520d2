// How fast this machine runs the matrix products of a linear layer: the yardstick for a whole training step.
import type * as Tensorflow from "@tensorflow/tfjs";
import { openHeap } from "./module.js";
import { productsOn } from "./products.js";

/** Of y = x · w with x [rows, inputs], w [inputs, outputs]. */
export interface ProductShape {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** GFLOP/s in the three orientations, 2 · rows · inputs · outputs FLOPs each: y = x · w, dx = dy · wᵀ, dw = xᵀ · dy. */
export interface ProductSpeed {
  readonly forward: number;
  readonly inputGradient: number;
  readonly weightGradient: number;
}

/**
 * Best of the repetitions that fit into `seconds` for each shape and orientation, taken in turns, so that a busy moment
 * of the machine falls on none of them alone. The current tfjs backend must be wasm.
 */
export async function productSpeeds(
  tf: typeof Tensorflow,
  shapes: readonly ProductShape[],
  seconds: number,
): Promise<readonly ProductSpeed[]> {
  const heap = await openHeap(tf);
  const { address } = heap;
  const products = productsOn(heap);
  return tf.tidy(() => {
    const trials = shapes.map(({ rows, inputs, outputs }) => {
      const filled = (count: number) => address(tf.fill([count], 0.5));
      const [x, w, y] = [filled(rows * inputs), filled(inputs * outputs), filled(rows * outputs)];
      const [dx, dw] = [filled(rows * inputs), filled(inputs * outputs)];
      const lengths = [rows, inputs, outputs] as const;
      return {
        flops: 2 * rows * inputs * outputs,
        forward: timed(() => products.forward(x, w, y, ...lengths)),
        inputGradient: timed(() => products.inputGradient(y, w, dx, ...lengths)),
        weightGradient: timed(() => products.weightGradient(x, y, dw, ...lengths)),
      };
    });
    const end = performance.now() + 1000 * seconds;
    do {
      for (const { forward, inputGradient, weightGradient } of trials) {
        forward.repeat();
        inputGradient.repeat();
        weightGradient.repeat();
      }
    } while (performance.now() < end);
    return trials.map(({ flops, forward, inputGradient, weightGradient }) => ({
      forward: flops / forward.best() / 1e6,
      inputGradient: flops / inputGradient.best() / 1e6,
      weightGradient: flops / weightGradient.best() / 1e6,
    }));
  });
}

/** Milliseconds of the fastest call so far. */
function timed(call: () => void): { readonly repeat: () => void; readonly best: () => number } {
  let best = Number.POSITIVE_INFINITY;
  return {
    repeat: () => {
      const start = performance.now();
      call();
      best = Math.min(best, performance.now() - start);
    },
    best: () => best,
  };
}
