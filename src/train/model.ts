// The language model: a decoder-only transformer with rotary positions and an untied head around one stack of layers.
import { type ModelShape, schemeCost } from "../scheme/cost.js";
import type { Application, Scheme } from "../scheme/scheme.js";
import type { Operations } from "./operations.js";
import { named, type ParameterSpec, type Parameters, size } from "./parameters.js";
import { constant, stack, stackSpecs, uniform } from "./stack.js";

/** Tried .02, .1, .5 and 1 at width 64: .5 learns fastest over the first 120,000 tokens. */
const EMBEDDING_DEVIATION = 0.5;

/** Every trained tensor of a scheme at a shape, in a fixed order. The counts by group are those of schemeCost. */
export function parameterSpecs(scheme: Scheme, shape: ModelShape): readonly ParameterSpec[] {
  const { width: E, vocabulary: V } = shape;
  const specs: ParameterSpec[] = [
    { name: "embedding", group: "embedding", shape: [V, E], init: uniform(EMBEDDING_DEVIATION) },
    ...stackSpecs(scheme, shape),
    { name: "head.norm", group: "head", shape: [E], init: constant(1) },
    { name: "head.output", group: "head", shape: [E, V], init: uniform(1 / Math.sqrt(E)) },
  ];
  const total = specs.reduce((sum, spec) => sum + size(spec), 0);
  const expected = schemeCost(scheme, shape).parameters;
  if (total !== expected) throw new Error(`model: ${total} parameters, but the accounting says ${expected}`);
  return specs;
}

export interface ForwardPass<Matrix> {
  readonly shape: ModelShape;
  readonly scheme: Scheme;
  readonly applications: readonly Application[];
  readonly batch: number;
  /** A random state [N, E] as latentStart draws it; called by latent recurrence alone. */
  readonly latentStart: () => Matrix;
}

/** Logits [N, V] for ids int32 [N], N = batch · context, sequence by sequence. */
export function forward<Matrix, Vector, Ids, Loss>(
  op: Operations<Matrix, Vector, Ids, Loss>,
  parameters: Parameters<Matrix, Vector>,
  ids: Ids,
  { shape, scheme, applications, batch, latentStart }: ForwardPass<Matrix>,
): Matrix {
  const attentionShape = { batch, time: shape.context, heads: shape.heads };
  const x = stack(op, parameters, op.embedding(named(parameters.matrices, "embedding"), ids), {
    scheme,
    layers: shape.layers,
    applications,
    attention: (qkv) => op.attention(qkv, attentionShape),
    latentStart,
  }); // [N, E]
  return op.linear(op.rmsNorm(x, named(parameters.vectors, "head.norm")), named(parameters.matrices, "head.output")); // [N, V]
}
