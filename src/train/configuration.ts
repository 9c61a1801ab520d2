// What decides a run, as plain data: the same configuration gives the same run file, and its hash is the run's name.
// Plans write configurations, the trainer reads them, a verifier takes them back out of the header of a run file.
import { z } from "zod";
import { InputError, shown } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/json.js";
import { validated } from "../base/schema.js";
import { checkShape, type ModelShape } from "../scheme/cost.js";
import { type Scheme, TOWERS } from "../scheme/scheme.js";
import type { Signature, Step } from "../scheme/signature.js";
import { checkTask, type Task, tokensPerExample } from "../scheme/task.js";
import { runCost } from "../scheme/task-cost.js";
import { cooldownStart, type ScheduleSettings } from "./schedule.js";

export const BACKENDS = ["tensorflow", "webgpu", "wasm", "cpu"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** AdamW (Loshchilov & Hutter 2019); decay on matrices alone. */
export interface OptimizerSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Bound on the global norm of the gradient. */
  readonly clipNorm: number;
}

/** A token count at which the run's own schedule ends. */
export interface Horizon {
  /** A whole number of steps: a multiple of batch · context. */
  readonly tokens: number;
  /** The training FLOPs it stands for, equal across schemes: the key that pairs their points. Null when tokens were given. */
  readonly flops: number | null;
}

export const VALIDATION_HALVES = ["first", "second"] as const;
export type ValidationHalf = (typeof VALIDATION_HALVES)[number];

export interface RunConfiguration {
  /** Absent for language, so that its runs keep their names. */
  readonly task?: Task | undefined;
  readonly scheme: Scheme;
  readonly shape: ModelShape;
  /** B: sequences, pairs or pictures a step. */
  readonly batch: number;
  readonly corpus: {
    readonly name: string;
    /** Content hash of the cleaned text, or of the pictures and their names, and of the split. */
    readonly hash: string;
    /** Where classes are learned, that of bytes, which nothing is read with. */
    readonly tokenizer: "bpe" | "byte";
    readonly tokenizerHash: string;
  };
  /** Increasing in tokens. */
  readonly horizons: readonly Horizon[];
  readonly schedule: ScheduleSettings;
  readonly optimizer: OptimizerSettings;
  readonly validation: {
    /**
     * Fixed windows of `context` tokens, spread evenly over the validation split, or the half of it that `half` names;
     * of pictures, how many held-out ones the loss is taken over.
     */
    readonly windows: number;
    /** So that rates are chosen on one half and scored on the other. Absent for the whole split. */
    readonly half?: ValidationHalf | undefined;
    /** Mid-run points an octave of tokens on the trunk, from the first horizon's half on. */
    readonly pointsPerOctave: number;
  };
  readonly seed: number;
  readonly backend: BackendName;
  /** What activations are kept in for the way back, on webgpu; sums are in 32 bits. Absent for 32 bits. */
  readonly precision?: "f16" | undefined;
}

export const DEFAULT_OPTIMIZER: OptimizerSettings = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clipNorm: 1,
};

export const DEFAULT_SCHEDULE: ScheduleSettings = {
  learningRate: 8e-3,
  warmupSteps: 40,
  timescale: 400,
  cooldownFraction: 0.2,
};

export const DEFAULT_VALIDATION: RunConfiguration["validation"] = { windows: 128, pointsPerOctave: 2 };

const count = z.number().int().positive();
// The bound comes before int(), whose own bound, that of exact integers, would be named first otherwise.
const countTo = (most: number) => z.number().max(most).int().positive();
const step: z.ZodType<Step> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("block"), block: z.number().int().min(0), rounds: count }),
    z.strictObject({ kind: z.literal("group"), steps: z.array(step).min(1), rounds: count }),
  ]),
);
const signature: z.ZodType<Signature> = z.strictObject({ steps: z.array(step).min(1) });
const scheme: z.ZodType<Scheme> = z.strictObject({
  name: z.string().min(1).max(300),
  label: z.string().min(1).max(1000),
  signature,
  blockSizes: z.array(z.number().positive()).min(1),
  rounds: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("fixed") }),
    z.strictObject({ kind: z.literal("stochastic"), skipProbability: z.number().min(0).lt(1) }),
    z.strictObject({ kind: z.literal("latent"), meanRounds: z.number().positive() }),
    z.strictObject({ kind: z.literal("growing"), share: z.number().gt(0).lt(1) }),
  ]),
  adapters: z.boolean(),
  reinjection: z.literal(true).optional(),
  tower: z.enum(TOWERS).optional(),
});
const picture = z.strictObject({
  side: countTo(256),
  patch: countTo(256),
  channels: z.union([z.literal(1), z.literal(3)]),
});
const upTo = (most: number) => z.number().min(0).max(most);
const augment = z
  .strictObject({ shift: upTo(0.5), zoom: upTo(0.5), turn: upTo(1), colour: upTo(1) })
  .optional()
  .describe("How far a training picture is moved each time it is seen; as it is by default");
export const taskSchema: z.ZodType<Task> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("image-text"), picture, augment }),
  z.strictObject({ kind: z.literal("image-class"), data: z.enum(["mnist", "emoji"]), picture, augment }),
]);
const configuration: z.ZodType<RunConfiguration> = z.strictObject({
  task: taskSchema.optional(),
  scheme,
  shape: z.strictObject({
    width: countTo(65_536),
    layers: countTo(1024),
    heads: countTo(1024),
    context: countTo(1_048_576),
    vocabulary: countTo(65_536).min(2),
  }),
  batch: countTo(65_536),
  corpus: z.strictObject({
    name: z.string(),
    hash: z.string(),
    tokenizer: z.enum(["bpe", "byte"]),
    tokenizerHash: z.string(),
  }),
  horizons: z.array(z.strictObject({ tokens: count, flops: z.number().positive().nullable() })).min(1),
  schedule: z.strictObject({
    learningRate: z.number().positive().max(10),
    warmupSteps: z.number().int().min(0),
    timescale: z.number().positive(),
    cooldownFraction: z.number().gt(0).lt(1),
  }),
  optimizer: z.strictObject({
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: z.number().positive(),
    weightDecay: z.number().min(0),
    clipNorm: z.number().positive(),
  }),
  validation: z.strictObject({
    windows: z.number().int().min(2),
    half: z.enum(VALIDATION_HALVES).optional(),
    pointsPerOctave: countTo(64),
  }),
  seed: z.number().int().min(0),
  backend: z.enum(BACKENDS),
  precision: z.literal("f16").optional(),
});

/** The flag of rinsight train that sets a field. */
const FLAGS: Readonly<Record<string, string>> = {
  "shape.width": "--width",
  "shape.layers": "--layers",
  "shape.heads": "--heads",
  "shape.context": "--context",
  "shape.vocabulary": "--vocab",
  batch: "--batch",
  horizons: "--horizons or --flops",
  "schedule.learningRate": "--lr",
  "schedule.warmupSteps": "--warmup",
  "schedule.timescale": "--timescale",
  "schedule.cooldownFraction": "--cooldown",
  "optimizer.weightDecay": "--weight-decay",
  "validation.windows": "--validation-windows",
  seed: "--seed",
  backend: "--backend",
};

/** Whom an error speaks to: what opens it, and what sets a field there; null for what nothing sets. */
export interface Audience {
  readonly where: string;
  setBy(field: string): string | null;
}

/** Those who typed rinsight train; a field may be given by what it lies in ("horizons.0.tokens"). */
const TRAIN: Audience = {
  where: "configuration",
  setBy: (field) => Object.entries(FLAGS).find(([name]) => `${field}.`.startsWith(`${name}.`))?.[1] ?? null,
};

/** `value` as a configuration, every rule checked. Throws InputError naming the first field that breaks one. */
export function checkConfiguration(value: unknown, { where, setBy }: Audience = TRAIN): RunConfiguration {
  const run = validated(configuration, value, where, (field) => {
    const setter = setBy(field);
    return setter === null ? "see rinsight train --help" : `give another ${setter}`;
  });
  checkShape(run.shape);
  checkPrecision(run);
  checkTask(run.task, run.scheme, run.shape);
  if (run.task !== undefined) {
    if (run.validation.half !== undefined) {
      throw new InputError(
        `${where}: validation.half must be left out of runs on pictures, got ${run.validation.half}; their held-out concepts are scored as one`,
      );
    }
    if (run.backend === "webgpu") {
      throw new InputError(
        `${where}: runs on pictures must be trained on ${BACKENDS.filter((name) => name !== "webgpu").join(", ")}, got webgpu; give another ${setBy("backend")}`,
      );
    }
  }
  const { rounds } = run.scheme;
  if (rounds.kind === "growing" && rounds.share !== run.schedule.cooldownFraction) {
    throw new InputError(
      `${where}: growing rounds must grow in the cool-down, a share of ${run.schedule.cooldownFraction} of the steps, got ${rounds.share}; make the two equal`,
    );
  }
  let previous = 0;
  for (const { tokens } of run.horizons) {
    const stepTokens = tokensPerStep(run);
    if (tokens <= previous || tokens % stepTokens !== 0) {
      throw new InputError(
        `${where}: horizons must increase in multiples of batch × ${run.task === undefined ? "context" : "tokens an example"} = ${stepTokens} tokens, got ${shown(tokens)}; round it`,
      );
    }
    const start = cooldownStart(tokens / stepTokens, run.schedule);
    if (start < Math.max(1, run.schedule.warmupSteps)) {
      throw new InputError(
        `${where}: a cool-down must start after the warm-up of ${run.schedule.warmupSteps} steps, got step ${start} for the horizon of ${tokens} tokens; lower ${setBy("schedule.warmupSteps")} or ${setBy("batch")}, or raise ${setBy("horizons")}`,
      );
    }
    previous = tokens;
  }
  return run;
}

function checkPrecision({ precision, backend, shape: { width, heads } }: RunConfiguration): void {
  if (precision === undefined) return;
  if (backend !== "webgpu") {
    throw new InputError(
      `configuration: half precision must train on webgpu, got ${backend}; give --backend webgpu or leave --precision out`,
    );
  }
  if (width % (8 * heads) !== 0) {
    throw new InputError(
      `configuration: half precision must have heads of a multiple of 8, got ${width} / ${heads}; give another --width or --heads`,
    );
  }
}

/** D a step: batch · context; of pictures with captions, patches count too. */
export const tokensPerStep = (run: Pick<RunConfiguration, "batch" | "shape" | "task">): number =>
  run.batch * tokensPerExample(run);

/** A horizon rounded to the nearest whole step, at least one. */
export function wholeSteps(tokens: number, stepTokens: number): number {
  return Math.max(1, Math.round(tokens / stepTokens)) * stepTokens;
}

/** First 16 hex digits of the SHA-256 of the canonical configuration: the run's name. */
export const runId = (run: RunConfiguration): string => sha256(canonicalJson(run)).slice(0, 16);

/** Horizons from budgets of training FLOPs or of tokens, each rounded to the nearest whole step; equal ones once. */
export function horizonsOf(
  scheme: Scheme,
  shape: ModelShape,
  batch: number,
  budgets: { readonly unit: "flops" | "tokens"; readonly values: readonly number[] },
  task?: Task,
): readonly Horizon[] {
  const { flopsPerToken } = runCost({ scheme, shape, batch, task });
  const stepTokens = tokensPerStep({ batch, shape, task });
  const horizons = budgets.values
    .map((value) =>
      budgets.unit === "flops"
        ? { tokens: wholeSteps(value / flopsPerToken, stepTokens), flops: value }
        : { tokens: wholeSteps(value, stepTokens), flops: null },
    )
    .sort((a, b) => a.tokens - b.tokens);
  return horizons.filter((horizon, i) => horizon.tokens !== horizons[i - 1]?.tokens);
}
