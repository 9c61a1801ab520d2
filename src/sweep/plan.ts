// A plan says which runs a sweep has: shapes × schemes × learning rates × weight decays × seeds, each cooled down at budgets
// of training FLOPs.
// JSON text -> checked plan. src/sweep/expand.ts turns it into run configurations.
import path from "node:path";
import { z } from "zod";
import { fileReason, InputError, reasonOf, shown } from "../base/errors.js";
import { readRegularFile } from "../base/regular-file.js";
import { validated } from "../base/schema.js";
import { schemeByName } from "../scheme/catalogue.js";
import type { ModelShape } from "../scheme/cost.js";
import { checkShape } from "../scheme/cost.js";
import { type Scheme, TOWERS } from "../scheme/scheme.js";
import { SURVEY_RANGE, survey } from "../scheme/survey.js";
import {
  BACKENDS,
  DEFAULT_OPTIMIZER,
  DEFAULT_SCHEDULE,
  DEFAULT_VALIDATION,
  taskSchema,
  VALIDATION_HALVES,
} from "../train/configuration.js";

const count = z.int().positive().max(1e9);

const shape = z.strictObject({ width: count, layers: count, heads: count, context: count, vocabulary: count });
const corpus = z.strictObject({
  path: z.string().min(1).nullable().default(null).describe("File or folder of text; null for the built-in prose"),
  tokenizer: z.enum(["bpe", "byte"]).default("bpe"),
});

const distinct = (values: readonly number[]): boolean => new Set(values).size === values.length;

const rates = z.array(z.number().positive().max(10)).min(1).max(20).refine(distinct, "must be distinct");
const decay = z.number().min(0);

const schemeEntry = z.union([
  z.string().min(1).max(200).describe("A catalogue name or a signature: rins-3, A^3 B"),
  z.strictObject({
    scheme: z.string().min(1).max(200).describe("A catalogue name or a signature"),
    skipProbability: z.number().min(0).lt(1).optional().describe("Chance to drop each extra round in training"),
    adapters: z.boolean().optional().describe("One linear adapter per number of rounds"),
    latent: z.boolean().optional().describe("Latent recurrence around the repeated block"),
    growing: z.number().gt(0).lt(1).optional().describe("One round, then all in this last share of the steps"),
    reinjection: z.boolean().optional().describe("The stream before the repeated block added again at each round"),
    tower: z.enum(TOWERS).optional().describe("Of image–text towers, the one that is recursive; both by default"),
    learningRates: rates.optional().describe("Of this scheme, in place of the plan's"),
  }),
  z.strictObject({
    survey: z
      .strictObject({
        minimumCost: z.number().min(1).default(SURVEY_RANGE.minimumCost),
        maximumCost: z.number().max(4).default(SURVEY_RANGE.maximumCost),
        maximumRounds: z.int().min(1).max(3).default(SURVEY_RANGE.maximumRounds),
      })
      .describe("All distinct variants in a range of cost factors"),
  }),
]);

/** The plan file. Defaults are filled in; see data/sweeps/plan.schema.json for editors. */
export const planSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be lower-case letters, digits and hyphens")
    .describe("Names the folder of the run files"),
  description: z.string().max(2000).optional().describe("What the sweep is for"),
  task: taskSchema.optional().describe("Pictures with captions, or classes of pictures; language by default"),
  corpus: z
    .union([z.string().min(1), corpus])
    .transform((given) => (typeof given === "string" ? corpus.parse({ path: given }) : given))
    .default({ path: null, tokenizer: "bpe" })
    .describe("The path alone, or with its tokenizer"),
  shape: z
    .union([shape.transform((one): [typeof one] => [one]), z.tuple([shape]).rest(shape)])
    .refine((shapes) => new Set(shapes.map(({ vocabulary }) => vocabulary)).size === 1, "must have one vocabulary")
    .describe("One model, or several sizes that read one vocabulary"),
  batch: count.describe("Sequences a step"),
  schemes: z.array(schemeEntry).min(1).max(1000),
  flops: z
    .array(z.number().positive())
    .min(1)
    .max(64)
    .describe("Training FLOPs at which a run is cooled down and scored, increasing, the same for all schemes"),
  seeds: z.array(z.int().min(0)).min(1).max(100).refine(distinct, "must be distinct"),
  learningRates: rates.default([DEFAULT_SCHEDULE.learningRate]),
  schedule: z
    .strictObject({
      warmupSteps: z.int().min(0).default(DEFAULT_SCHEDULE.warmupSteps),
      timescale: z.number().positive().default(DEFAULT_SCHEDULE.timescale),
      cooldownFraction: z.number().gt(0).lt(1).default(DEFAULT_SCHEDULE.cooldownFraction),
    })
    .prefault({}),
  optimizer: z
    .strictObject({
      beta1: z.number().min(0).lt(1).default(DEFAULT_OPTIMIZER.beta1),
      beta2: z.number().min(0).lt(1).default(DEFAULT_OPTIMIZER.beta2),
      epsilon: z.number().positive().default(DEFAULT_OPTIMIZER.epsilon),
      weightDecay: z
        .union([decay.transform((one) => [one]), z.array(decay).min(1).max(20).refine(distinct, "must be distinct")])
        .prefault(DEFAULT_OPTIMIZER.weightDecay)
        .describe("One, or several to train each run with"),
      clipNorm: z.number().positive().default(DEFAULT_OPTIMIZER.clipNorm),
    })
    .prefault({}),
  validation: z
    .strictObject({
      windows: z.int().min(2).default(DEFAULT_VALIDATION.windows),
      half: z
        .enum(VALIDATION_HALVES)
        .optional()
        .describe("Half of the validation split to score; the whole by default"),
      pointsPerOctave: z.int().min(1).max(64).default(DEFAULT_VALIDATION.pointsPerOctave),
    })
    .prefault({}),
  backend: z.enum(BACKENDS).default("wasm"),
  precision: z.literal("f16").optional().describe("Half precision for kept activations, on webgpu; 32 bits by default"),
});

export type Plan = z.infer<typeof planSchema>;

/** JSON Schema of a plan file, for editors and for people who write plans by hand. */
export function planJsonSchema(): unknown {
  return z.toJSONSchema(planSchema, { io: "input" });
}

/** Reads and checks a plan file. Throws InputError: not readable, not JSON, a field that breaks a rule, named with its path. */
export function readPlan(file: string): Plan {
  let text: string;
  try {
    text = readRegularFile(file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file}: plan must be readable, got ${fileReason(error)}; see data/sweeps for examples`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}: plan must be JSON, got ${reasonOf(error)}; mend it there`);
  }
  return checkPlan(value, path.basename(file));
}

/** `value` as a plan; `where` opens the messages. Throws InputError naming the first field that breaks a rule. */
export function checkPlan(value: unknown, where: string): Plan {
  const plan = validated(planSchema, renamed(value, where), where, "see data/sweeps/plan.schema.json");
  for (const one of plan.shape) {
    within(where, () => checkShape(one));
    plan.schemes.forEach((item, i) => {
      within(`${where} schemes.${i}`, () => schemesOfItem(item, one));
    });
  }
  if (plan.task !== undefined && plan.shape.some(({ context }) => context !== plan.shape[0].context)) {
    throw new InputError(`${where}: sizes that see pictures must have one context, got several; make a plan of each`);
  }
  plan.flops.forEach((flops, i) => {
    if (flops <= (plan.flops[i - 1] ?? 0)) {
      throw new InputError(`${where}: flops must increase, got ${shown(flops)} at place ${i + 1}; sort them`);
    }
  });
  return plan;
}

/** What `check` refuses is said to be of that place in the plan. */
export function within<T>(where: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${where} ${error.message}`);
  }
}

/** Plans called these budgets horizons at first, a word that means tokens everywhere else. */
function renamed(value: unknown, where: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("horizons" in value && !("flops" in value)) {
    const { horizons, ...rest } = value;
    return { ...rest, flops: horizons };
  }
  const old = ["horizons", "horizon"].find((key) => key in value);
  if (old === undefined) return value;
  throw new InputError(
    `${where}: budgets must stand under flops, got ${shown(old)}; call it flops, a list of training FLOPs`,
  );
}

export interface PlannedScheme {
  readonly scheme: Scheme;
  readonly learningRates: readonly number[];
}

/**
 * The plan's schemes at one of its shapes in its order, each once, with the rates of all entries that name it. Throws
 * InputError for unknown names and blocks that do not divide the layers.
 */
export function schemesOf(plan: Plan, shape: ModelShape): readonly PlannedScheme[] {
  const planned = new Map<string, PlannedScheme>();
  for (const item of plan.schemes) {
    const own = typeof item === "object" && "learningRates" in item ? item.learningRates : undefined;
    for (const scheme of schemesOfItem(item, shape)) {
      const before = planned.get(scheme.name)?.learningRates ?? [];
      planned.set(scheme.name, { scheme, learningRates: [...new Set([...before, ...(own ?? plan.learningRates)])] });
    }
  }
  return [...planned.values()];
}

function schemesOfItem(item: Plan["schemes"][number], shape: ModelShape): readonly Scheme[] {
  if (typeof item === "string") return [schemeByName(item)];
  if ("survey" in item) return survey(shape, item.survey);
  return [schemeByName(item.scheme, item)];
}
