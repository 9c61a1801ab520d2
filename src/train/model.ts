// The model: a decoder-only pre-norm transformer (RMSNorm, rotary positions, ReLU² of 4E, no biases, untied head)
// whose layers apply in the order that a scheme says. Recursion changes the order, never the parameters.
import type { Rank, Variable } from "@tensorflow/tfjs";
import { type Random, random } from "../base/random.js";
import { fullRounds, layersOfBlocks } from "../scheme/applications.js";
import { type ModelShape, type ParameterGroups, schemeCost } from "../scheme/cost.js";
import type { Application, Scheme } from "../scheme/scheme.js";
import type { Backend } from "./backend.js";
import type { Operations } from "./operations.js";

export interface ParameterSpec {
  readonly name: string;
  readonly group: keyof ParameterGroups;
  readonly shape: readonly number[];
  /** Uniform in ±√3·deviation, or every entry the same. */
  readonly init:
    | { readonly kind: "uniform"; readonly deviation: number }
    | { readonly kind: "constant"; readonly value: number };
}

/** Trained tensors by name. */
export interface Parameters<Matrix = Variable<Rank.R2>, Vector = Variable<Rank.R1>> {
  readonly matrices: Readonly<Record<string, Matrix>>;
  readonly vectors: Readonly<Record<string, Vector>>;
}
/** Their values as they are stored. */
export type Weights = Readonly<Record<string, Float32Array>>;

/** Tried .02, .1, .5 and 1 at width 64: .5 learns fastest over the first 120,000 tokens. */
const EMBEDDING_DEVIATION = 0.5;
/** Variance of the random start of latent recurrence; 2/5 as in Huginn (arXiv 2502.05171), uniform here. */
const LATENT_DEVIATION = Math.sqrt(2 / 5);

/** Every trained tensor of a scheme at a shape, in a fixed order. The counts by group are those of schemeCost. */
export function parameterSpecs(scheme: Scheme, shape: ModelShape): readonly ParameterSpec[] {
  const { width: E, layers, vocabulary: V } = shape;
  const uniform = (deviation: number) => ({ kind: "uniform", deviation }) as const;
  const constant = (value: number) => ({ kind: "constant", value }) as const;
  const inner = uniform(1 / Math.sqrt(E));
  // Each layer adds twice to the residual stream; scaled so, their sum keeps its size (Radford et al. 2019).
  const residual = (fanIn: number) => uniform(1 / Math.sqrt(fanIn * 2 * layers));
  const specs: ParameterSpec[] = [
    { name: "embedding", group: "embedding", shape: [V, E], init: uniform(EMBEDDING_DEVIATION) },
    ...Array.from({ length: layers }, (_, i): ParameterSpec[] => [
      { name: `layer.${i}.attention.norm`, group: "blocks", shape: [E], init: constant(1) },
      { name: `layer.${i}.attention.qkv`, group: "blocks", shape: [E, 3 * E], init: inner },
      { name: `layer.${i}.attention.output`, group: "blocks", shape: [E, E], init: residual(E) },
      { name: `layer.${i}.mlp.norm`, group: "blocks", shape: [E], init: constant(1) },
      { name: `layer.${i}.mlp.up`, group: "blocks", shape: [E, 4 * E], init: inner },
      { name: `layer.${i}.mlp.down`, group: "blocks", shape: [4 * E, E], init: residual(4 * E) },
    ]).flat(),
    ...(scheme.adapters
      ? Array.from(
          { length: fullRounds(scheme) },
          (_, r): ParameterSpec => ({ name: `adapter.${r + 1}`, group: "adapters", shape: [E, E], init: constant(0) }),
        )
      : []),
    ...(scheme.reinjection
      ? [{ name: "reinjection.norm", group: "adapters", shape: [E], init: constant(1) } as const]
      : []),
    { name: "head.norm", group: "head", shape: [E], init: constant(1) },
    { name: "head.output", group: "head", shape: [E, V], init: inner },
  ];
  const total = specs.reduce((sum, spec) => sum + size(spec), 0);
  const expected = schemeCost(scheme, shape).parameters;
  if (total !== expected) throw new Error(`model: ${total} parameters, but the accounting says ${expected}`);
  return specs;
}

export const size = (spec: ParameterSpec): number => spec.shape.reduce((product, side) => product * side, 1);

/** Start values; a tensor's own stream hangs on its name alone, so all schemes of a seed start from the same numbers. */
export function initialWeights(specs: readonly ParameterSpec[], seed: number): Weights {
  const root = random(seed).split("init");
  return Object.fromEntries(
    specs.map((spec) => {
      if (spec.init.kind === "constant") return [spec.name, new Float32Array(size(spec)).fill(spec.init.value)];
      return [spec.name, uniformValues(size(spec), spec.init.deviation, root.split(spec.name))];
    }),
  );
}

function uniformValues(length: number, deviation: number, stream: Random): Float32Array {
  const bound = Math.sqrt(3) * deviation;
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = bound * (2 * stream.uniform() - 1);
  return values;
}

/** The weights as tensors of a backend. */
export function toParameters(tf: Backend["tf"], specs: readonly ParameterSpec[], weights: Weights): Parameters {
  const matrices: Record<string, Variable<Rank.R2>> = {};
  const vectors: Record<string, Variable<Rank.R1>> = {};
  for (const { name, shape } of specs) {
    const [rows = 0, columns] = shape;
    const values = named(weights, name);
    if (columns === undefined) vectors[name] = tf.tidy(() => tf.variable(tf.tensor1d(values)));
    else matrices[name] = tf.tidy(() => tf.variable(tf.tensor2d(values, [rows, columns])));
  }
  return { matrices, vectors };
}

/** The entry of a record that the specs say is there. */
export function named<T>(record: Readonly<Record<string, T>>, name: string): T {
  const value = record[name];
  if (value === undefined) throw new Error(`model: no tensor ${name}`);
  return value;
}

export interface ForwardPass<Matrix> {
  readonly shape: ModelShape;
  readonly scheme: Scheme;
  readonly applications: readonly Application[];
  readonly batch: number;
  /** A random state [N, E] as latentStart draws it; called by latent recurrence alone. */
  readonly latentStart: () => Matrix;
}

/** The random state that latent recurrence starts from: `rows` · E numbers. */
export const latentStart = (rows: number, width: number, noise: Random): Float32Array =>
  uniformValues(rows * width, LATENT_DEVIATION, noise);

/** Logits [N, V] for ids int32 [N], N = batch · context, sequence by sequence. */
export function forward<Matrix, Vector, Ids, Loss>(
  op: Operations<Matrix, Vector, Ids, Loss>,
  parameters: Parameters<Matrix, Vector>,
  ids: Ids,
  pass: ForwardPass<Matrix>,
): Matrix {
  const { heads, context } = pass.shape;
  const attentionShape = { batch: pass.batch, time: context, heads };
  const blocks = layersOfBlocks(pass.scheme, pass.shape.layers);
  const vector = (name: string) => named(parameters.vectors, name);
  const matrix = (name: string) => named(parameters.matrices, name);

  const layer = (x: Matrix, i: number): Matrix => {
    const qkv = op.linear(op.rmsNorm(x, vector(`layer.${i}.attention.norm`)), matrix(`layer.${i}.attention.qkv`)); // [N, 3E]
    const mixed = op.attention(qkv, attentionShape); // [N, E]
    const h = op.add(x, op.linear(mixed, matrix(`layer.${i}.attention.output`)));
    const up = op.linear(op.rmsNorm(h, vector(`layer.${i}.mlp.norm`)), matrix(`layer.${i}.mlp.up`)); // [N, 4E]
    return op.add(h, op.linear(op.reluSquared(up), matrix(`layer.${i}.mlp.down`))); // [N, E]
  };

  let x = op.embedding(matrix("embedding"), ids); // [N, E]
  let remembered = x;
  for (const application of pass.applications) {
    switch (application.kind) {
      case "block":
        for (const i of blocks[application.block] ?? []) x = layer(x, i);
        break;
      case "adapter":
        x = op.add(x, op.linear(x, matrix(`adapter.${application.rounds}`)));
        break;
      case "latent-start":
        remembered = x;
        x = pass.latentStart();
        break;
      case "latent-inject":
        x = op.add(x, remembered);
        break;
      case "remember":
        remembered = x;
        break;
      case "reinject":
        x = op.add(op.rmsNorm(x, vector("reinjection.norm")), remembered);
        break;
    }
  }
  return op.linear(op.rmsNorm(x, vector("head.norm")), matrix("head.output")); // [N, V]
}
