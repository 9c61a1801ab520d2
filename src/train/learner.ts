// A model being trained on a backend: one step, one evaluation, and its whole state as plain arrays.
import { type Random, random } from "../base/random.js";
import { applications } from "../scheme/applications.js";
import type { Backend } from "./backend.js";
import type { RunConfiguration } from "./configuration.js";
import { forward, parameterSpecs } from "./model.js";
import { adamw, initialOptimizerState, type OptimizerState } from "./optimizer.js";
import { initialWeights, type ParameterSpec, toParameters, type Weights } from "./parameters.js";
import { latentStart } from "./stack.js";
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
  /** Steps after which their losses should be read: 1 where that costs nothing, more where it would make a GPU wait. */
  readonly lossCadence: number;
  /** One optimizer step at a number of rounds; a loss that is not finite changes nothing. */
  step(batch: Batch, learningRate: number, rounds: number, noise: Random): Promise<void>;
  /** Training losses before each of the steps since the last call, nats per token. */
  losses(): Promise<readonly number[]>;
  evaluate(batches: readonly Batch[], rounds: number): Promise<Score>;
  /** −log p of each target, nats, in the order of the batch. */
  surprisals(batch: Batch, rounds: number): Promise<ArrayLike<number>>;
  state(): Promise<ModelState>;
  dispose(): void;
}

/** What a learner needs to know of a run. */
export type Trained = Pick<RunConfiguration, "scheme" | "shape" | "batch" | "optimizer" | "seed" | "precision">;

/** The state that a run starts from. */
export function initialState(run: Trained): ModelState {
  const specs = parameterSpecs(run.scheme, run.shape);
  const weights = initialWeights(specs, run.seed);
  return { weights, optimizer: initialOptimizerState(specs, weights) };
}

export function learner(backend: Backend, run: Trained, start: ModelState): Learner {
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
    latentStart: () => tf.tensor2d(latentStart(tokens, shape.width, noise), [tokens, shape.width]),
  });

  const surprisals = ({ inputs, targets }: Batch, rounds: number, noise: Random): ArrayLike<number> =>
    tf.tidy(() => {
      const logits = forward(operations, parameters, tf.tensor1d(inputs, "int32"), pass(inputs.length, rounds, noise));
      return operations.crossEntropy(logits, tf.tensor1d(targets, "int32")).dataSync();
    });
  const unread: number[] = [];

  return {
    lossCadence: 1,
    step: async ({ inputs, targets }, learningRate, rounds, noise) =>
      tf.tidy(() => {
        const ids = tf.tensor1d(inputs, "int32");
        const next = tf.tensor1d(targets, "int32");
        const { value, grads } = tf.variableGrads(
          () =>
            operations.meanCrossEntropy(forward(operations, parameters, ids, pass(inputs.length, rounds, noise)), next),
          Object.values(variables),
        );
        const loss = value.dataSync()[0] ?? Number.NaN;
        if (Number.isFinite(loss)) optimizer.step(grads, learningRate);
        unread.push(loss);
      }),
    losses: async () => unread.splice(0),
    evaluate: async (batches, rounds) => {
      const noise = random(run.seed).split("evaluation");
      return score(batches.flatMap((batch) => windowMeans(surprisals(batch, rounds, noise), shape.context)));
    },
    surprisals: async (batch, rounds) => surprisals(batch, rounds, random(run.seed).split("evaluation")),
    state: async () => ({
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

/** Mean of each window of `context` losses. */
export function windowMeans(losses: ArrayLike<number>, context: number): number[] {
  return Array.from({ length: losses.length / context }, (_, window) => {
    let sum = 0;
    for (let t = 0; t < context; t++) sum += losses[window * context + t] ?? Number.NaN;
    return sum / context;
  });
}

/** Mean over windows with its standard error. */
export function score(windows: readonly number[]): Score {
  const loss = windows.reduce((sum, value) => sum + value, 0) / windows.length;
  const squares = windows.reduce((sum, value) => sum + (value - loss) * (value - loss), 0);
  return { loss, standardError: Math.sqrt(squares / (windows.length - 1) / windows.length) };
}
