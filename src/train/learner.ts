// A model being trained on a backend: one step, one evaluation, and its whole state as plain arrays.
import type { Scalar } from "@tensorflow/tfjs";
import { type Random, random } from "../base/random.js";
import type { RunScores } from "../curve/run-file.js";
import { applications } from "../scheme/applications.js";
import type { Backend } from "./backend.js";
import type { RunConfiguration } from "./configuration.js";
import { forward, parameterSpecs } from "./model.js";
import { adamw, initialOptimizerState, type OptimizerState } from "./optimizer.js";
import { initialWeights, type ParameterSpec, type Parameters, toParameters, type Weights } from "./parameters.js";
import { latentStart } from "./stack.js";
import type { Batch } from "./text/batches.js";

/** Everything that a later step depends on, apart from the configuration and the step's number. */
export interface ModelState {
  readonly weights: Weights;
  readonly optimizer: OptimizerState;
}

export interface Score {
  /** Mean over windows of the cross-entropy, nats per token; of what else is learned, its own loss. */
  readonly loss: number;
  /** Of the mean, over windows. */
  readonly standardError: number;
  /** Of pictures alone. */
  readonly accuracy?: Pick<RunScores, "accuracy" | "accuracyInterval" | "accuracyTop5" | "accuracyUnseenHand">;
}

/** A model that is trained on batches B, whatever its task. */
export interface Trainee<B> {
  /** Steps after which their losses should be read: 1 where that costs nothing, more where it would make a GPU wait. */
  readonly lossCadence: number;
  /** One optimizer step at a number of rounds; a loss that is not finite changes nothing. */
  step(batch: B, learningRate: number, rounds: number, noise: Random): Promise<void>;
  /** Training losses before each of the steps since the last call, nats per token. */
  losses(): Promise<readonly number[]>;
  state(): Promise<ModelState>;
  dispose(): void;
}

/** A language model. */
export interface Learner extends Trainee<Batch> {
  evaluate(batches: readonly Batch[], rounds: number): Promise<Score>;
  /** −log p of each target, nats, in the order of the batch. */
  surprisals(batch: Batch, rounds: number): Promise<ArrayLike<number>>;
}

/** A trainee with what it is taught and scored on: all that the walk of a run knows of its task. */
export interface Pupil extends Omit<Trainee<number>, "step"> {
  /** The training step of a 0-based number. */
  step(at: number, learningRate: number, rounds: number, noise: Random): Promise<void>;
  /** `thorough` takes in what costs as much as all else: the hand that was left out. */
  evaluate(rounds: number, thorough: boolean): Promise<Score>;
}

/** What a learner needs to know of a run. */
export type Trained = Pick<RunConfiguration, "scheme" | "shape" | "batch" | "optimizer" | "seed" | "precision">;

/** The state that a run of these tensors starts from. */
export function initialStateOf(specs: readonly ParameterSpec[], seed: number): ModelState {
  const weights = initialWeights(specs, seed);
  return { weights, optimizer: initialOptimizerState(specs, weights) };
}

/** The state that a language run starts from. */
export const initialState = (run: Trained): ModelState =>
  initialStateOf(parameterSpecs(run.scheme, run.shape), run.seed);

/** The steps of a model on tensors: `lossOf` is differentiated for every parameter that it reaches. */
export function trainee<B>(
  backend: Backend,
  run: Pick<Trained, "optimizer">,
  specs: readonly ParameterSpec[],
  start: ModelState,
  lossOf: (parameters: Parameters, batch: B, rounds: number, noise: Random) => Scalar,
): Trainee<B> & { readonly parameters: Parameters } {
  const { tf } = backend;
  const parameters = toParameters(tf, specs, start.weights);
  const optimizer = adamw(backend, specs, parameters, start.optimizer, run.optimizer);
  const variables = { ...parameters.matrices, ...parameters.vectors };
  const unread: number[] = [];
  return {
    parameters,
    lossCadence: 1,
    step: async (batch, learningRate, rounds, noise) =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(
          () => lossOf(parameters, batch, rounds, noise),
          Object.values(variables),
        );
        const loss = value.dataSync()[0] ?? Number.NaN;
        if (Number.isFinite(loss)) optimizer.step(grads, learningRate);
        unread.push(loss);
      }),
    losses: async () => unread.splice(0),
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

export function learner(backend: Backend, run: Trained, start: ModelState): Learner {
  const { tf, operations } = backend;
  const { scheme, shape } = run;
  const logits = (parameters: Parameters, inputs: Int32Array, rounds: number, noise: Random) =>
    forward(operations, parameters, tf.tensor1d(inputs, "int32"), {
      scheme,
      shape,
      applications: applications(scheme, rounds),
      batch: inputs.length / shape.context,
      latentStart: () => tf.tensor2d(latentStart(inputs.length, shape.width, noise), [inputs.length, shape.width]),
    });
  const { parameters, ...trained } = trainee<Batch>(
    backend,
    run,
    parameterSpecs(scheme, shape),
    start,
    (current, { inputs, targets }, rounds, noise) =>
      operations.meanCrossEntropy(logits(current, inputs, rounds, noise), tf.tensor1d(targets, "int32")),
  );
  const surprisals = ({ inputs, targets }: Batch, rounds: number, noise: Random): ArrayLike<number> =>
    tf.tidy(() =>
      operations.crossEntropy(logits(parameters, inputs, rounds, noise), tf.tensor1d(targets, "int32")).dataSync(),
    );
  return {
    ...trained,
    evaluate: async (batches, rounds) => {
      const noise = random(run.seed).split("evaluation");
      return score(batches.flatMap((batch) => windowMeans(surprisals(batch, rounds, noise), shape.context)));
    },
    surprisals: async (batch, rounds) => surprisals(batch, rounds, random(run.seed).split("evaluation")),
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
