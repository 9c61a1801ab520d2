// A model being trained on a backend: one step, one evaluation, and its whole state as plain arrays.
import { type Random, random } from "../base/random.js";
import { applications } from "../scheme/applications.js";
import type { Backend } from "./backend.js";
import type { RunConfiguration } from "./configuration.js";
import { forward, initialWeights, type ParameterSpec, parameterSpecs, toParameters, type Weights } from "./model.js";
import { adamw, initialOptimizerState, type OptimizerState } from "./optimizer.js";
import type { Batch } from "./text/batches.js";

/** Everything that a later step depends on, apart from the configuration and the step's number. */
export interface ModelState {
  readonly weights: Weights;
  readonly optimizer: OptimizerState;
}

export interface Score {
  /** Mean cross-entropy over windows, nats per token. */
  readonly loss: number;
  /** Of the mean, over windows. */
  readonly standardError: number;
}

export interface Learner {
  /** One optimizer step at a number of rounds; the training loss in nats per token, before the step. */
  step(batch: Batch, learningRate: number, rounds: number, noise: Random): number;
  evaluate(batches: readonly Batch[], rounds: number): Score;
  /** −log p of each target, nats, in the order of the batch. */
  surprisals(batch: Batch, rounds: number): ArrayLike<number>;
  state(): ModelState;
  dispose(): void;
}

/** The state that a run starts from. */
export function initialState(run: RunConfiguration): ModelState {
  const specs = parameterSpecs(run.scheme, run.shape);
  const weights = initialWeights(specs, run.seed);
  return { weights, optimizer: initialOptimizerState(specs, weights) };
}

export function learner(backend: Backend, run: RunConfiguration, start: ModelState): Learner {
  const { tf, operations } = backend;
  const { scheme, shape } = run;
  const specs: readonly ParameterSpec[] = parameterSpecs(scheme, shape);
  const parameters = toParameters(tf, specs, start.weights);
  const optimizer = adamw(backend, specs, parameters, start.optimizer, run.optimizer);
  const variables = { ...parameters.matrices, ...parameters.vectors };
  const pass = (tokens: number, rounds: number, noise: Random) => ({
    scheme,
    shape,
    applications: applications(scheme, rounds),
    batch: tokens / shape.context,
    noise,
  });

  const surprisals = ({ inputs, targets }: Batch, rounds: number, noise: Random): ArrayLike<number> =>
    tf.tidy(() => {
      const logits = forward(backend, parameters, tf.tensor1d(inputs, "int32"), pass(inputs.length, rounds, noise));
      return operations.crossEntropy(logits, tf.tensor1d(targets, "int32")).dataSync();
    });

  return {
    step: ({ inputs, targets }, learningRate, rounds, noise) =>
      tf.tidy(() => {
        const ids = tf.tensor1d(inputs, "int32");
        const next = tf.tensor1d(targets, "int32");
        const { value, grads } = tf.variableGrads(
          () =>
            operations.meanCrossEntropy(forward(backend, parameters, ids, pass(inputs.length, rounds, noise)), next),
          Object.values(variables),
        );
        const loss = value.dataSync()[0] ?? Number.NaN;
        if (Number.isFinite(loss)) optimizer.step(grads, learningRate);
        return loss;
      }),
    evaluate: (batches, rounds) => {
      const noise = random(run.seed).split("evaluation");
      return score(batches.flatMap((batch) => windowMeans(surprisals(batch, rounds, noise), shape.context)));
    },
    surprisals: (batch, rounds) => surprisals(batch, rounds, random(run.seed).split("evaluation")),
    state: () => ({
      weights: Object.fromEntries(
        specs.map(({ name }) => {
          const variable = variables[name];
          if (variable === undefined) throw new Error(`learner: no tensor ${name}`);
          return [name, Float32Array.from(variable.dataSync())];
        }),
      ),
      optimizer: optimizer.state(),
    }),
    dispose: () => {
      optimizer.dispose();
      tf.dispose(Object.values(variables));
    },
  };
}

function windowMeans(losses: ArrayLike<number>, context: number): number[] {
  return Array.from({ length: losses.length / context }, (_, window) => {
    let sum = 0;
    for (let t = 0; t < context; t++) sum += losses[window * context + t] ?? Number.NaN;
    return sum / context;
  });
}

function score(windows: readonly number[]): Score {
  const loss = windows.reduce((sum, value) => sum + value, 0) / windows.length;
  const squares = windows.reduce((sum, value) => sum + (value - loss) * (value - loss), 0);
  return { loss, standardError: Math.sqrt(squares / (windows.length - 1) / windows.length) };
}
