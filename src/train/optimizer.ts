// AdamW over all parameters of a model: global-norm clip, decay on matrices alone, bias correction by running
// products, so that no power function (which machines round differently) enters a run.
import type { NamedTensorMap, Variable } from "@tensorflow/tfjs";
import type { Backend } from "./backend.js";
import type { OptimizerSettings } from "./configuration.js";
import { named, type ParameterSpec, type Parameters, type Weights } from "./parameters.js";

/** βᵏ after the k updates that a tensor has had. */
export type Decays = Readonly<Record<string, readonly [beta1Power: number, beta2Power: number]>>;

/** All that the optimizer remembers, as it is stored. */
export interface OptimizerState {
  readonly first: Weights;
  readonly second: Weights;
  readonly decays: Decays;
}

export interface Optimizer {
  /** Global norm of the gradients before the clip. A parameter without a gradient (an adapter not drawn) is left alone. */
  step(gradients: NamedTensorMap, learningRate: number): number;
  state(): OptimizerState;
  dispose(): void;
}

export function initialOptimizerState(specs: readonly ParameterSpec[], weights: Weights): OptimizerState {
  const zeros = () =>
    Object.fromEntries(specs.map(({ name }) => [name, new Float32Array(named(weights, name).length)]));
  return { first: zeros(), second: zeros(), decays: Object.fromEntries(specs.map(({ name }) => [name, [1, 1]])) };
}

interface Slot {
  readonly parameter: Variable;
  readonly firstMoment: Variable;
  readonly secondMoment: Variable;
  readonly weightDecay: number;
  beta1Power: number;
  beta2Power: number;
}

/** An optimizer that goes on from `start`. Gradients are keyed by the variables' own names, as tf.variableGrads gives them. */
export function adamw(
  { tf, optimizer }: Backend,
  specs: readonly ParameterSpec[],
  parameters: Parameters,
  start: OptimizerState,
  settings: OptimizerSettings,
): Optimizer {
  const slots = new Map<string, Slot>();
  for (const { name, shape } of specs) {
    const parameter =
      shape.length === 1 ? named<Variable>(parameters.vectors, name) : named<Variable>(parameters.matrices, name);
    const moment = (values: Float32Array) => tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), false));
    const [beta1Power, beta2Power] = named(start.decays, name);
    slots.set(name, {
      parameter,
      firstMoment: moment(named(start.first, name)),
      secondMoment: moment(named(start.second, name)),
      weightDecay: shape.length === 1 ? 0 : settings.weightDecay,
      beta1Power,
      beta2Power,
    });
  }
  const values = (pick: (slot: Slot) => Variable): Weights =>
    Object.fromEntries([...slots].map(([name, slot]) => [name, Float32Array.from(pick(slot).dataSync())]));

  return {
    step: (gradients, learningRate) => {
      let squares = 0;
      for (const { parameter } of slots.values()) {
        const gradient = gradients[parameter.name];
        if (gradient !== undefined) squares += optimizer.sumOfSquares(gradient);
      }
      const norm = Math.sqrt(squares);
      const gradientScale = norm > settings.clipNorm ? settings.clipNorm / norm : 1;
      for (const slot of slots.values()) {
        const gradient = gradients[slot.parameter.name];
        if (gradient === undefined) continue;
        slot.beta1Power *= settings.beta1;
        slot.beta2Power *= settings.beta2;
        optimizer.adamwStep(
          { parameter: slot.parameter, gradient, firstMoment: slot.firstMoment, secondMoment: slot.secondMoment },
          {
            learningRate,
            beta1: settings.beta1,
            beta2: settings.beta2,
            epsilon: settings.epsilon,
            weightDecay: slot.weightDecay,
            biasCorrection1: 1 - slot.beta1Power,
            biasCorrection2: 1 - slot.beta2Power,
            gradientScale,
          },
        );
      }
      return norm;
    },
    state: () => ({
      first: values((slot) => slot.firstMoment),
      second: values((slot) => slot.secondMoment),
      decays: Object.fromEntries([...slots].map(([name, slot]) => [name, [slot.beta1Power, slot.beta2Power] as const])),
    }),
    dispose: () => {
      for (const { firstMoment, secondMoment } of slots.values()) tf.dispose([firstMoment, secondMoment]);
    },
  };
}
