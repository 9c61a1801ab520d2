// The stack of layers between embedding and head, which apply in the order that a scheme says: pre-norm, RMSNorm, ReLU² of
// 4E, no biases. Language models have one, image–text models two. Recursion changes the order, never the parameters.
import type { Random } from "../base/random.js";
import { fullRounds, layersOfBlocks } from "../scheme/applications.js";
import type { Application, Scheme } from "../scheme/scheme.js";
import type { Operations } from "./operations.js";
import { named, type ParameterSpec, type Parameters, uniformValues } from "./parameters.js";

/** Variance of the random start of latent recurrence; 2/5 as in Huginn (arXiv 2502.05171), uniform here. */
const LATENT_DEVIATION = Math.sqrt(2 / 5);

export const uniform = (deviation: number) => ({ kind: "uniform", deviation }) as const;
export const constant = (value: number) => ({ kind: "constant", value }) as const;

/** The tensors of a stack, their names after `prefix`; what recursion adds (adapters, re-injection) where `recursive`. */
export function stackSpecs(
  scheme: Scheme,
  { width: E, layers }: { readonly width: number; readonly layers: number },
  prefix = "",
  recursive = true,
): readonly ParameterSpec[] {
  const inner = uniform(1 / Math.sqrt(E));
  // Each layer adds twice to the residual stream; scaled so, their sum keeps its size (Radford et al. 2019).
  const residual = (fanIn: number) => uniform(1 / Math.sqrt(fanIn * 2 * layers));
  const specs = [
    ...Array.from({ length: layers }, (_, i): ParameterSpec[] => [
      { name: `layer.${i}.attention.norm`, group: "blocks", shape: [E], init: constant(1) },
      { name: `layer.${i}.attention.qkv`, group: "blocks", shape: [E, 3 * E], init: inner },
      { name: `layer.${i}.attention.output`, group: "blocks", shape: [E, E], init: residual(E) },
      { name: `layer.${i}.mlp.norm`, group: "blocks", shape: [E], init: constant(1) },
      { name: `layer.${i}.mlp.up`, group: "blocks", shape: [E, 4 * E], init: inner },
      { name: `layer.${i}.mlp.down`, group: "blocks", shape: [4 * E, E], init: residual(4 * E) },
    ]).flat(),
    ...(scheme.adapters && recursive
      ? Array.from(
          { length: fullRounds(scheme) },
          (_, r): ParameterSpec => ({ name: `adapter.${r + 1}`, group: "adapters", shape: [E, E], init: constant(0) }),
        )
      : []),
    ...(scheme.reinjection && recursive
      ? [{ name: "reinjection.norm", group: "adapters", shape: [E], init: constant(1) } as const]
      : []),
  ];
  return specs.map((spec) => ({ ...spec, name: `${prefix}${spec.name}` }));
}

/** How a stack is gone through. */
export interface StackPass<Matrix> {
  readonly scheme: Scheme;
  readonly layers: number;
  readonly applications: readonly Application[];
  /** Mixes positions: qkv [N, 3E] → [N, E]. */
  readonly attention: (qkv: Matrix) => Matrix;
  /** A random state [N, E] as latentStart draws it; called by latent recurrence alone. */
  readonly latentStart: () => Matrix;
  readonly prefix?: string;
}

/** The random state that latent recurrence starts from: `rows` · E numbers. */
export const latentStart = (rows: number, width: number, noise: Random): Float32Array =>
  uniformValues(rows * width, LATENT_DEVIATION, noise);

/** The stream x [N, E] after the layers. */
export function stack<Matrix, Vector, Ids, Loss>(
  op: Pick<Operations<Matrix, Vector, Ids, Loss>, "rmsNorm" | "linear" | "reluSquared" | "add">,
  parameters: Parameters<Matrix, Vector>,
  start: Matrix,
  { scheme, layers, applications, attention, latentStart, prefix = "" }: StackPass<Matrix>,
): Matrix {
  const blocks = layersOfBlocks(scheme, layers);
  const vector = (name: string) => named(parameters.vectors, `${prefix}${name}`);
  const matrix = (name: string) => named(parameters.matrices, `${prefix}${name}`);

  const layer = (x: Matrix, i: number): Matrix => {
    const qkv = op.linear(op.rmsNorm(x, vector(`layer.${i}.attention.norm`)), matrix(`layer.${i}.attention.qkv`)); // [N, 3E]
    const h = op.add(x, op.linear(attention(qkv), matrix(`layer.${i}.attention.output`))); // [N, E]
    const up = op.linear(op.rmsNorm(h, vector(`layer.${i}.mlp.norm`)), matrix(`layer.${i}.mlp.up`)); // [N, 4E]
    return op.add(h, op.linear(op.reluSquared(up), matrix(`layer.${i}.mlp.down`))); // [N, E]
  };

  let x = start;
  let remembered = x;
  for (const application of applications) {
    switch (application.kind) {
      case "block":
        for (const i of blocks[application.block] ?? []) x = layer(x, i);
        break;
      case "adapter":
        x = op.add(x, op.linear(x, matrix(`adapter.${application.rounds}`)));
        break;
      case "latent-start":
        remembered = x;
        x = latentStart();
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
  return x;
}
