// A loss at given weights and its gradients, as training has them; for tests that put them beside central differences.
import type { Scalar } from "@tensorflow/tfjs";
import type { Backend } from "../../src/train/backend.js";
import { type ParameterSpec, type Parameters, toParameters, type Weights } from "../../src/train/parameters.js";

export function lossGradients(
  { tf }: Backend,
  specs: readonly ParameterSpec[],
  weights: Weights,
  lossOf: (parameters: Parameters) => Scalar,
): { readonly loss: number; readonly gradients: ReadonlyMap<string, ArrayLike<number>> } {
  const parameters = toParameters(tf, specs, weights);
  const variables = { ...parameters.matrices, ...parameters.vectors };
  const gradients = new Map<string, ArrayLike<number>>();
  let loss = Number.NaN;
  tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => lossOf(parameters), Object.values(variables));
    loss = value.dataSync()[0] ?? Number.NaN;
    for (const [key, variable] of Object.entries(variables)) {
      const gradient = grads[variable.name];
      if (gradient !== undefined) gradients.set(key, gradient.dataSync());
    }
  });
  tf.dispose(Object.values(variables));
  return { loss, gradients };
}
