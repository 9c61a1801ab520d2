// Trained tensors: what they are, the numbers they start from, and how they come onto a backend.
import type { Rank, Variable } from "@tensorflow/tfjs";
import { type Random, random } from "../base/random.js";
import type { ParameterGroups } from "../scheme/cost.js";
import type { Backend } from "./backend.js";

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

/** Uniform in ±√3·deviation. */
export function uniformValues(length: number, deviation: number, stream: Random): Float32Array {
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
