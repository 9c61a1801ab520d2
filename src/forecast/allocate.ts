// Where to put the compute: parameters and tokens for a budget, by the three approaches of Hoffmann et al. 2022 side by side.
//
//   observations → compute rule → surface (3), IsoFLOP valleys (2), envelope (1) → where they disagree → sentences
import { InputError, type Warning } from "../base/errors.js";
import { extent } from "../base/extent.js";
import { significant } from "../base/format.js";
import type { Observations } from "../curve/observations.js";
import type { FitOptions } from "../fit/record.js";
import { chinchilla } from "../law/chinchilla.js";
import { at, type Law } from "../law/law.js";
import type { Allocation, Demand, Question } from "./allocation.js";
import { allocationSentences, quantityText } from "./allocation-sentences.js";
import { computeRule, SIX_N_D } from "./compute-rule.js";
import { envelope } from "./envelope.js";
import { isoflop, SAME_BUDGET } from "./isoflop.js";
import type { Redrawing } from "./redrawing.js";
import { SURFACE_LAWS, surface } from "./surface.js";

export interface AllocateOptions {
  /** Training budgets, FLOPs. */
  readonly budgets: readonly number[];
  /** chinchilla or chinchilla-tied. */
  readonly law: Law;
  readonly demand: Demand;
  /** Sizes count as equally good within this share of the best loss. */
  readonly tolerance: number;
  readonly level: number;
  /** FLOPs in the data count even where they differ from 6·N·D by more than a factor 2. */
  readonly insistOnFlops: boolean;
  /** Loss, space and weights of the surface's fit. */
  readonly fit: Partial<FitOptions>;
  /** Intervals of approaches 3 and 2 from redrawn points; null for the delta method. */
  readonly redrawing: Redrawing | null;
}

const DEFAULTS: Omit<AllocateOptions, "budgets"> = {
  law: chinchilla,
  demand: { kind: "training" },
  tolerance: 0.005,
  level: 0.95,
  insistOnFlops: false,
  fit: {},
  redrawing: null,
};

/** Below this spread of log10(D/N) a sweep has one ratio of tokens to parameters for all that a fit can see. */
const LEAST_RATIO_SPREAD = 0.3;

/**
 * The best parameters N* and tokens D* for each budget C, with intervals, from runs of one family.
 *
 * `observations.x` = [parameters N, tokens D] or [N, D, training FLOPs C]; without C it is 6·N·D. Losses in nats per token.
 * Approach 3 fits L = E + A·N^−α + B·D^−β and minimises it at C = κ·N^g·D in closed form; approach 2 takes the lowest
 * points of the valleys at budgets that repeat; approach 1 the switches of the envelope of training curves
 * (Hoffmann et al. 2022, arXiv 2203.15556, §3). An approach that the data do not allow is a reason in its place.
 *
 * Throws InputError for budgets that are not positive, for FLOPs that contradict 6·N·D, for runs of one budget alone, and where no approach has an answer.
 *
 * @example
 * import { allocate, observe, tableOf } from "rinsight";
 *
 * const runs = [1e18, 1e19, 1e20].flatMap((flops) =>
 *   [0.25, 0.5, 1, 2, 4].map((factor) => {
 *     const parameters = factor * 0.1 * flops ** 0.5;
 *     const tokens = flops / (6 * parameters);
 *     return { parameters, tokens, loss: 1.69 + 406 * parameters ** -0.34 + 410 * tokens ** -0.28 };
 *   }),
 * );
 * const { groups } = observe(tableOf("mine", runs), ["parameters", "tokens"]);
 * for (const group of groups) {
 *   const { surface } = allocate(group, { budgets: [1e21] });
 *   if (surface.kind === "answer") console.log(surface.value.optima[0]?.parameters.estimate.toExponential(2)); // 1.83e+9
 * }
 */
export function allocate(
  observations: Observations,
  options: Partial<AllocateOptions> & Pick<AllocateOptions, "budgets">,
): Allocation {
  const chosen = { ...DEFAULTS, ...options };
  check(chosen, observations);
  const [parameters, tokens, given] = observations.x;
  if (parameters === undefined || tokens === undefined) {
    throw new InputError("allocate: points need parameters and tokens, got fewer variables; map a column to each");
  }
  const compute = given === undefined ? SIX_N_D : computeRule(parameters, tokens, given, chosen.insistOnFlops);
  const flops = given ?? parameters.map((n, i) => 6 * n * at(tokens, i));
  const [least, most] = extent(flops);
  const question: Question = {
    budgets: chosen.budgets,
    compute,
    tolerance: chosen.tolerance,
    level: chosen.level,
    reach: Math.log10(most),
    redrawing: chosen.redrawing,
  };
  const points = { ...observations, x: [parameters, tokens] };
  const answers = {
    surface: surface(chosen.law, points, chosen.demand, question, chosen.fit),
    valleys: isoflop(points, flops, question),
    envelope: envelope(points, flops, question),
  };
  if (most / least <= SAME_BUDGET) throw oneBudget(10 ** question.reach, answers.valleys);
  if (Object.values(answers).every(({ kind }) => kind === "unavailable")) {
    const [fixed] = ratioDoubts(parameters, tokens);
    if (fixed !== undefined)
      throw new InputError(`allocate: runs must differ in tokens per parameter: ${fixed.message}`);
    const reasons = Object.values(answers).map((answer) => (answer.kind === "unavailable" ? answer.reason : ""));
    throw new InputError(`allocate: some approach must have an answer, got none: ${reasons.join("; ")}`);
  }
  const found = {
    group: observations.group,
    points: observations.loss.length,
    compute,
    demand: chosen.demand,
    tolerance: chosen.tolerance,
    level: chosen.level,
    redrawing: chosen.redrawing,
    ...answers,
    warnings: doubts(parameters, tokens, answers),
  };
  return { ...found, sentences: allocationSentences(found) };
}

function check({ budgets, tolerance, law, demand }: AllocateOptions, observations: Observations): void {
  if (budgets.length === 0 || budgets.some((budget) => !(budget > 0 && Number.isFinite(budget)))) {
    throw new InputError(
      `allocate: budgets must be FLOPs above 0, got ${budgets.join(", ") || "none"}; give for example 1e21`,
    );
  }
  if (!(tolerance > 0 && tolerance < 1)) {
    throw new InputError(`allocate: tolerance must be a share between 0 and 1, got ${tolerance}; .005 is usual`);
  }
  if (!SURFACE_LAWS.includes(law)) {
    throw new InputError(
      `allocate: law must be one of ${SURFACE_LAWS.map(({ name }) => name).join(", ")}, got ${law.name}; leave it out`,
    );
  }
  if (demand.kind !== "training" && !(demand.tokens > 0 && Number.isFinite(demand.tokens))) {
    throw new InputError(`allocate: tokens ${demand.kind} must be above 0, got ${demand.tokens}; leave the option out`);
  }
  if (new Set(observations.x[0]).size < 2) {
    throw new InputError(
      `allocate: runs must have several sizes, got ${new Set(observations.x[0]).size}; train 3 or more at each of several budgets`,
    );
  }
}

/** A law fitted to one budget tells N from D by its shape alone, and no line goes through one minimum. */
function oneBudget(flops: number, valleys: Allocation["valleys"]): InputError {
  const minimum = valleys.kind === "answer" ? valleys.value.valleys[0]?.minimum : undefined;
  const found =
    minimum?.kind === "interior"
      ? `, whose loss is lowest at ${quantityText(minimum.parameters)} parameters`
      : minimum === undefined
        ? ""
        : ` (${minimum.message})`;
  return new InputError(
    `allocate: runs must have several budgets, got one of ${significant(flops, 3)} FLOPs${found}; train 3 sizes or more at each of 3 budgets, a factor 3 apart or more`,
  );
}

function doubts(
  parameters: Float64Array,
  tokens: Float64Array,
  { surface: parametric, valleys }: Pick<Allocation, "surface" | "valleys">,
): readonly Warning[] {
  const warnings: Warning[] = [...ratioDoubts(parameters, tokens)];
  if (parametric.kind === "answer") {
    const { status, statusMessage } = parametric.value.fit;
    if (status !== "converged") warnings.push({ code: `surface-${status}`, message: statusMessage });
    warnings.push(...parametric.value.fit.warnings);
  }
  if (valleys.kind === "answer") {
    const without = valleys.value.valleys.flatMap(({ minimum }) => (minimum.kind === "none" ? [minimum] : []));
    for (const code of new Set(without.map((minimum) => minimum.code))) {
      const alike = without.filter((minimum) => minimum.code === code);
      const more = alike.length > 1 ? ` (and at ${alike.length - 1} more budgets)` : "";
      warnings.push({ code, message: `${alike[0]?.message}${more}` });
    }
    const repeated = valleys.value.valleys.length;
    if (repeated < 3) {
      warnings.push({
        code: "few-budgets",
        message: `${repeated} budget${repeated === 1 ? " holds" : "s hold"} 3 sizes: ${repeated === 1 ? "there is no line through one minimum" : "a line through two has no interval"}; train at 3 budgets, a factor 3 apart or more`,
      });
    }
  }
  return warnings;
}

/** A sweep at one ratio of tokens to parameters is ill-conditioned (arXiv 2605.08541). */
function ratioDoubts(parameters: Float64Array, tokens: Float64Array): readonly Warning[] {
  const ratios = tokens.map((d, i) => Math.log10(d / at(parameters, i)));
  const [least, most] = extent(ratios);
  if (most - least >= LEAST_RATIO_SPREAD) return [];
  return [
    {
      code: "fixed-ratio",
      message: `tokens per parameter span a factor ${significant(10 ** (most - least), 2)} alone, so N and D cannot be told apart (arXiv 2605.08541): train sizes away from this ratio too`,
    },
  ];
}
