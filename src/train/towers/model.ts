// Towers: a vision transformer over patches and a text transformer over caption tokens, each around a stack of layers,
// with learned positions, no mask, and mean pooling; or the vision tower alone under a head over classes.
import { fullRounds } from "../../scheme/applications.js";
import { type Task, type Tower, towersOf } from "../../scheme/task.js";
import { type Costed, runCost, towerApplications } from "../../scheme/task-cost.js";
import type { Backend } from "../backend.js";
import { named, type ParameterSpec, type Parameters, size } from "../parameters.js";
import { constant, stack, stackSpecs, uniform } from "../stack.js";

/** Logit scale of SigLIP: τ starts at log 10. */
const LOG_SCALE = Math.LN10;
const EMBEDDING_DEVIATION = 0.5;
/** Positions start small beside what stands there. */
const POSITION_DEVIATION = 0.1;

export interface TowerRun extends Costed {
  readonly task: Task;
}

/** Every trained tensor, in a fixed order. The counts by group are those of runCost. */
export function towerSpecs(run: TowerRun): readonly ParameterSpec[] {
  const { scheme, shape, task, batch } = run;
  const { width: E } = shape;
  const ofTower = ({ name, inputs, time, outputs, recursive }: Tower): readonly ParameterSpec[] => [
    {
      name: `${name}.embedding`,
      group: "embedding",
      shape: [inputs, E],
      // A patch is a sum over its numbers, of mean square about 1 once they are standardised; a token is one row.
      init: uniform(name === "image" ? EMBEDDING_DEVIATION / Math.sqrt(inputs) : EMBEDDING_DEVIATION),
    },
    { name: `${name}.positions`, group: "embedding", shape: [time, E], init: uniform(POSITION_DEVIATION) },
    ...stackSpecs(scheme, shape, `${name}.`, recursive),
    { name: `${name}.head.norm`, group: "head", shape: [E], init: constant(1) },
    { name: `${name}.head.output`, group: "head", shape: [E, outputs], init: uniform(1 / Math.sqrt(E)) },
  ];
  const specs = [
    ...towersOf(task, scheme, shape).flatMap(ofTower),
    ...(task.kind === "image-text"
      ? ([
          { name: "logit.scale", group: "head", shape: [1], init: constant(LOG_SCALE) },
          // σ(b) = 1/n, the share of positives in a batch of n: no step is lost on learning it (−10 in SigLIP, for
          // batches of thousands).
          { name: "logit.bias", group: "head", shape: [1], init: constant(-Math.log(Math.max(2, batch) - 1)) },
        ] as const)
      : []),
  ];
  const total = specs.reduce((sum, spec) => sum + size(spec), 0);
  const expected = runCost(run).parameters;
  if (total !== expected) throw new Error(`towers: ${total} parameters, but the accounting says ${expected}`);
  return specs;
}

/** Patches of pictures [n · T, P] or token ids of captions [n · T], T the tower's own. */
export type TowerInput = Float32Array | Int32Array;

/** One vector an example: [n, outputs]; the shared space of image–text, not yet of length 1, or logits over classes. */
export function towerForward(
  { tf, operations: op }: Pick<Backend, "tf" | "operations">,
  parameters: Parameters,
  input: TowerInput,
  tower: Tower,
  { scheme, shape }: TowerRun,
  rounds: number,
) {
  const { name, time, inputs } = tower;
  const matrix = (part: string) => named(parameters.matrices, `${name}.${part}`);
  const rows = input instanceof Int32Array ? input.length : input.length / inputs;
  const examples = rows / time;
  const positions = tf.tensor1d(
    Int32Array.from({ length: rows }, (_, i) => i % time),
    "int32",
  );
  const content =
    input instanceof Int32Array
      ? op.embedding(matrix("embedding"), tf.tensor1d(input, "int32"))
      : op.linear(tf.tensor2d(input, [rows, inputs]), matrix("embedding")); // [n · T, E]
  const x = stack(op, parameters, op.add(content, op.embedding(matrix("positions"), positions)), {
    scheme,
    layers: shape.layers,
    applications: towerApplications(scheme, tower, rounds),
    attention: (qkv) => op.fullAttention(qkv, { batch: examples, time, heads: shape.heads }),
    latentStart: () => tf.zeros([rows, shape.width]),
    prefix: `${name}.`,
  }); // [n · T, E]
  const pooled = op.meanPool(op.rmsNorm(x, named(parameters.vectors, `${name}.head.norm`)), time); // [n, E]
  return op.linear(pooled, matrix("head.output")); // [n, outputs]
}

/** Each row over its length, √(Σx² + 1e-6 · E): an RMSNorm whose gain is 1/√E everywhere. */
export function toUnitLength(
  { tf, operations }: Pick<Backend, "tf" | "operations">,
  x: ReturnType<typeof towerForward>,
) {
  const [, width] = x.shape;
  return operations.rmsNorm(x, tf.tensor1d(new Float32Array(width).fill(1 / Math.sqrt(width))));
}

/** Of all pictures with all captions; both [n, E]. */
export function towerSimilarities(
  backend: Pick<Backend, "tf" | "operations">,
  parameters: Parameters,
  { patches, captions }: { readonly patches: Float32Array; readonly captions: Int32Array },
  run: TowerRun,
  rounds: number = fullRounds(run.scheme),
) {
  const [image, text] = towersOf(run.task, run.scheme, run.shape);
  if (image === undefined || text === undefined) throw new Error("towers: pictures and captions need two towers");
  return backend.operations.similarities(
    toUnitLength(backend, towerForward(backend, parameters, patches, image, run, rounds)),
    toUnitLength(backend, towerForward(backend, parameters, captions, text, run, rounds)),
  );
}
