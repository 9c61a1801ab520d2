// Plan -> the runs it consists of: checked configurations, file names, and what each will cost.
import path from "node:path";
import { InputError, type Warning } from "../base/errors.js";
import { count } from "../base/format.js";
import type { ModelShape } from "../scheme/cost.js";
import type { Scheme } from "../scheme/scheme.js";
import { runCost } from "../scheme/task-cost.js";
import { checkConfiguration, type RunConfiguration, runId, tokensPerStep, wholeSteps } from "../train/configuration.js";
import { segments } from "../train/schedule.js";
import { type Plan, schemesOf, within } from "./plan.js";

export interface PlannedRun {
  readonly id: string;
  /** `<scheme>-s<seed>-<id>`: names the run on the screen and its file. */
  readonly name: string;
  readonly configuration: RunConfiguration;
  /** Tokens to be trained on, trunk and cool-down branches together. */
  readonly tokens: number;
  /** Training FLOPs of these tokens, expected over drawn rounds. */
  readonly flops: number;
}

/** What expansion has to know of the prepared corpus. */
export interface CorpusFacts {
  readonly name: string;
  readonly hash: string;
  readonly tokenizerHash: string;
  readonly trainTokens: number;
}

/**
 * Every run of a plan, in the plan's order: shapes, then schemes, learning rates, weight decays and seeds. Throws
 * InputError for a run that cannot be.
 */
export function expandPlan(plan: Plan, corpus: CorpusFacts): readonly PlannedRun[] {
  return plan.shape.flatMap((shape) =>
    schemesOf(plan, shape).flatMap(({ scheme, learningRates }) =>
      learningRates.flatMap((learningRate) =>
        plan.optimizer.weightDecay.flatMap((weightDecay) =>
          plan.seeds.map((seed) => plannedRun(plan, corpus, { shape, scheme, learningRate, weightDecay, seed })),
        ),
      ),
    ),
  );
}

/** Fields of a run that a plan calls otherwise. */
const PLAN_FIELDS: Readonly<Record<string, string>> = {
  horizons: "flops",
  seed: "seeds",
  "schedule.learningRate": "learningRates",
};

interface Entry {
  readonly shape: ModelShape;
  readonly scheme: Scheme;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
}

function plannedRun(plan: Plan, corpus: CorpusFacts, entry: Entry): PlannedRun {
  const { shape, scheme, learningRate, weightDecay, seed } = entry;
  const where = `plan ${plan.name}, ${scheme.label}`;
  const stepTokens = tokensPerStep({ ...plan, shape });
  const { flopsPerToken } = within(`${where}:`, () => runCost({ ...plan, scheme, shape }));
  const horizons = plan.flops.map((flops) => ({ tokens: wholeSteps(flops / flopsPerToken, stepTokens), flops }));
  horizons.forEach(({ tokens, flops }, i) => {
    if (tokens <= (horizons[i - 1]?.tokens ?? 0)) {
      throw new InputError(
        `${where}: flops must lie at least one step of ${stepTokens} tokens (${count(stepTokens * flopsPerToken)} FLOPs) apart, got ${count(flops)}; spread them or lower batch`,
      );
    }
  });
  const settings = {
    ...(plan.task === undefined ? {} : { task: plan.task }),
    scheme,
    shape,
    batch: plan.batch,
    corpus: {
      name: corpus.name,
      hash: corpus.hash,
      tokenizer: plan.task?.kind === "image-class" ? "byte" : plan.corpus.tokenizer,
      tokenizerHash: corpus.tokenizerHash,
    },
    horizons,
    schedule: { learningRate, ...plan.schedule },
    optimizer: { ...plan.optimizer, weightDecay },
    validation: plan.validation,
    seed,
    backend: plan.backend,
    ...(plan.precision === undefined ? {} : { precision: plan.precision }),
  };
  const configuration = checkConfiguration(settings, { where, setBy: (field) => PLAN_FIELDS[field] ?? field });
  const tokens = trainedTokens(configuration);
  const id = runId(configuration);
  return { id, name: `${fileSlug(scheme.name)}-s${seed}-${id}`, configuration, tokens, flops: tokens * flopsPerToken };
}

/** Tokens trained on in all: the trunk up to the last cool-down, and every cool-down branch. */
export function trainedTokens(run: RunConfiguration): number {
  const stepTokens = tokensPerStep(run);
  const steps = segments(
    run.horizons.map(({ tokens }) => tokens / stepTokens),
    run.schedule,
  ).reduce((sum, segment) => sum + segment.to - segment.from, 0);
  return steps * stepTokens;
}

/** Where a run's file lies: a name of ours under the sweep's folder, never a path out of the data. */
export function runFile(folder: string, run: PlannedRun): string {
  return path.join(folder, `${run.name}.jsonl`);
}

/** Doubts about runs that are to be trained: those that see the corpus more than once. */
export function planWarnings(
  runs: readonly Pick<PlannedRun, "configuration">[],
  corpus: Pick<CorpusFacts, "trainTokens">,
): readonly Warning[] {
  const longest = Math.max(...runs.map(({ configuration }) => configuration.horizons.at(-1)?.tokens ?? 0));
  if (longest <= corpus.trainTokens) return [];
  return [
    {
      code: "repeats-corpus",
      message: `the longest run sees ${count(longest)} tokens, the corpus has ${count(corpus.trainTokens)}: ${(longest / corpus.trainTokens).toPrecision(2)} passes; lower the horizons or take more data`,
    },
  ];
}

/** "A^2 B:2 C" → "A2.Bx2.C": letters, digits, dots and hyphens alone, at most 80. */
export function fileSlug(name: string): string {
  const slug = name
    .replaceAll("^", "")
    .replaceAll(":", "x")
    .replaceAll("(", "_")
    .replaceAll(")", "_")
    .replaceAll(/[^A-Za-z0-9._-]+/g, ".");
  return slug.slice(0, 80);
}
