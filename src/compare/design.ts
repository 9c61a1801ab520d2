// Planning a study by simulation: how wide intervals will be, how often the verdict will name the truth, what is cheapest.

import { studentTwoSided } from "../base/distributions.js";
import { InputError } from "../base/errors.js";
import { item } from "../base/item.js";
import { mean } from "../base/mean.js";
import { random } from "../base/random.js";
import type { Observations } from "../curve/observations.js";
import { quantile } from "../fit/bootstrap-interval.js";
import { fit as fitLaw } from "../fit/fit.js";
import { DEFAULT_FIT_OPTIONS, type Fit, type NoiseState } from "../fit/record.js";
import type { StandardError } from "../fit/variance/linearization.js";
import { standardErrors } from "../fit/variance/standard-errors.js";
import { powerLawWithLimit } from "../law/power-law.js";
import { nestedTests } from "./attribution.js";
import type { Verdict } from "./comparison.js";
import { pairings } from "./pairing.js";
import { fitSchemes, residualCorrelation, type Scheme, type Schemes } from "./schemes.js";
import { logHorizons, type Noise, type PowerLaw, type StudyPlan, simulate } from "./simulate.js";

export interface DesignOptions {
  /** Simulated data sets of a plan. */
  readonly simulations: number;
  readonly level: number;
  readonly seed: number;
}

export const DEFAULT_DESIGN_OPTIONS: DesignOptions = { simulations: 200, level: 0.95, seed: 0 };

export interface DesignOutcome {
  readonly horizons: readonly number[];
  readonly seeds: number;
  /** Sum of x over all runs of all schemes: tokens or FLOPs, as x is. */
  readonly cost: number;
  /** Median over data sets of the half-width of the baseline's interval, t with the noise as it is; null without degrees of freedom. */
  readonly halfWidth: { readonly limit: number | null; readonly exponent: number | null };
  /** The same for the difference between the first two schemes. */
  readonly differenceHalfWidth: { readonly limit: number | null; readonly exponent: number | null };
  /** What the laws differ in. */
  readonly truth: Exclude<Verdict, "cannot tell">;
  /** Share of data sets whose verdict is the truth; null where the laws are equal and there is nothing to attribute. */
  readonly power: number | null;
  /** Share of data sets whose verdict names limit or exponent alone wrongly, or anything where the laws are equal. */
  readonly falseAttribution: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly simulations: number;
  readonly seed: number;
}

/** The verdict on a data set at 5%. */
export function verdictOn(schemes: Schemes): Verdict {
  return nestedTests(schemes, 0.05).verdict;
}

function truthOf(laws: readonly PowerLaw[]): DesignOutcome["truth"] {
  const differs = (name: keyof PowerLaw) => laws.some((law) => law[name] !== laws[0]?.[name]);
  if (differs("limit")) return differs("exponent") ? "both" : "limit";
  return differs("exponent") ? "exponent" : "neither";
}

/**
 * What a plan promises, from `options.simulations` data sets drawn from the laws (the baseline first) and the noise.
 * Throws InputError for fewer than two laws, or a plan without three horizons or without degrees of freedom.
 *
 * @example
 * import { evaluateDesign, logHorizons } from "rinsight";
 * const baseline = { limit: 2.2, coefficient: 60, exponent: 0.25 };
 * const outcome = evaluateDesign(
 *   [baseline, { ...baseline, limit: 2.1 }],
 *   { standardDeviation: 0.003, correlation: 0.5 },
 *   { horizons: logHorizons(1e6, 1e9, 8), seeds: 3 },
 *   { simulations: 40 },
 * );
 * console.log(outcome.truth, (outcome.power ?? 0) > 0.8); // limit true
 */
export function evaluateDesign(
  laws: readonly PowerLaw[],
  noise: Noise,
  plan: StudyPlan,
  options: Partial<DesignOptions> = {},
): DesignOutcome {
  const { simulations, level, seed } = { ...DEFAULT_DESIGN_OPTIONS, ...options };
  if (laws.length < 2) throw new InputError(`design: there must be two schemes at least, got ${laws.length}; add one`);
  if (new Set(plan.horizons).size < 3 || plan.horizons.length * plan.seeds < 4) {
    throw new InputError(
      `design: a plan must have 3 horizons and 4 points a scheme at least, got ${plan.horizons.length} × ${plan.seeds}; add horizons or seeds`,
    );
  }
  const stream = random(seed).split("design");
  const own: { limit: number[]; exponent: number[] } = { limit: [], exponent: [] };
  const between: { limit: number[]; exponent: number[] } = { limit: [], exponent: [] };
  const verdicts: Record<string, number> = { exponent: 0, limit: 0, both: 0, "cannot tell": 0 };
  for (let i = 0; i < simulations; i++) {
    const schemes = fitSchemes(powerLawWithLimit, simulate(laws, noise, plan, stream), DEFAULT_FIT_OPTIONS);
    const given = verdictOn(schemes);
    verdicts[given] = (verdicts[given] ?? 0) + 1;
    const alone = errorsOf(item(schemes.all, 0));
    const { errors } = item(pairings({ ...schemes, all: schemes.all.slice(0, 2) }, 0), 0);
    for (const [name, p] of [
      ["limit", 0],
      ["exponent", 2],
    ] as const) {
      const gradient = [0, 1, 2].map((place) => Number(place === p));
      const single = alone?.(gradient) ?? null;
      if (single !== null) own[name].push(studentTwoSided(level, single.degreesOfFreedom) * single.value);
      const found = errors?.of(gradient, gradient) ?? null;
      if (found !== null) between[name].push(studentTwoSided(level, found.degreesOfFreedom) * found.value);
    }
  }
  const truth = truthOf(laws);
  const named = (...which: readonly Verdict[]) => which.reduce((sum, verdict) => sum + (verdicts[verdict] ?? 0), 0);
  const wrong =
    truth === "neither"
      ? named("exponent", "limit", "both")
      : truth === "limit"
        ? named("exponent")
        : truth === "exponent"
          ? named("limit")
          : 0;
  return {
    horizons: plan.horizons,
    seeds: plan.seeds,
    cost: planCost(plan, laws.length),
    halfWidth: { limit: medianOf(own.limit), exponent: medianOf(own.exponent) },
    differenceHalfWidth: { limit: medianOf(between.limit), exponent: medianOf(between.exponent) },
    truth,
    power: truth === "neither" ? null : named(truth) / simulations,
    falseAttribution: wrong / simulations,
    verdicts,
    simulations,
    seed,
  };
}

/** Of one scheme's parameters; null for what a bound holds and without degrees of freedom. */
function errorsOf({ fit }: Scheme): ((gradient: readonly number[]) => StandardError | null) | null {
  if (fit.solution.held.length > 0) return null;
  const { basis, gradient } = fit.linear;
  const errors = basis === null ? null : standardErrors(basis);
  return (parts) => errors?.of(gradient([parts])) ?? null;
}

function medianOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantile(Float64Array.from(values).sort(), 0.5);
}

/** Sum of x over the runs of all schemes. */
export function planCost(plan: StudyPlan, schemes: number): number {
  return schemes * plan.seeds * plan.horizons.reduce((sum, x) => sum + x, 0);
}

/**
 * Plans round a given one: as many or more horizons, fewer or more seeds, the largest horizon up to 8 times as far.
 *
 * @example
 * import { alternatives } from "rinsight";
 * console.log(alternatives({ horizons: [1e6, 1e7, 1e8], seeds: 3 }).length); // 48
 */
export function alternatives(plan: StudyPlan): readonly StudyPlan[] {
  const [least, most] = [Math.min(...plan.horizons), Math.max(...plan.horizons)];
  const count = plan.horizons.length;
  return [1, 2, 4, 8].flatMap((reach) =>
    [count, count + 2, count + 4].flatMap((n) =>
      [...new Set([1, 2, 3, 5, plan.seeds])].map((seeds) => ({ horizons: logHorizons(least, most * reach, n), seeds })),
    ),
  );
}

/** A quick look at a quarter of the data sets rules a plan out when it falls this far short of the power. */
const SCREENED_OUT = 0.2;

/**
 * The cheapest plan whose power reaches `power`, and all that were looked at on the way, cheapest first.
 * The power is an estimate from simulations: ± √(p(1−p)/simulations).
 *
 * @example
 * import { alternatives, cheapestDesign, logHorizons } from "rinsight";
 * const baseline = { limit: 2.2, coefficient: 60, exponent: 0.25 };
 * const plans = alternatives({ horizons: logHorizons(1e6, 1e9, 8), seeds: 1 });
 * const { cheapest } = cheapestDesign(
 *   [baseline, { ...baseline, limit: 2.1 }],
 *   { standardDeviation: 0.003, correlation: 0.5 },
 *   plans,
 *   0.8,
 *   { simulations: 20 },
 * );
 * console.log(cheapest?.horizons.length, cheapest?.seeds, cheapest?.power); // 8 1 1
 */
export function cheapestDesign(
  laws: readonly PowerLaw[],
  noise: Noise,
  plans: readonly StudyPlan[],
  power: number,
  options: Partial<DesignOptions> = {},
): { readonly cheapest: DesignOutcome | null; readonly tried: readonly DesignOutcome[] } {
  const chosen = { ...DEFAULT_DESIGN_OPTIONS, ...options };
  const tried: DesignOutcome[] = [];
  const ordered = [...plans].sort((a, b) => planCost(a, laws.length) - planCost(b, laws.length));
  for (const plan of ordered) {
    if (plan.horizons.length * plan.seeds < 4) continue;
    const look = evaluateDesign(laws, noise, plan, { ...chosen, simulations: Math.ceil(chosen.simulations / 4) });
    if ((look.power ?? 0) < power - SCREENED_OUT) {
      tried.push(look);
      continue;
    }
    const outcome = evaluateDesign(laws, noise, plan, chosen);
    tried.push(outcome);
    if ((outcome.power ?? 0) >= power) return { cheapest: outcome, tried };
  }
  return { cheapest: null, tried };
}

/**
 * The law of the first group and the noise that curves show: pooled residual standard deviation in nats, how it changes
 * along x, what the points of a run share where runs supply several, correlation between schemes at equal pair keys. Throws InputError for curves without more than three points a scheme.
 *
 * @example
 * import { logHorizons, random, simulate, studyFromCurves } from "rinsight";
 * const laws = [2.2, 2.1].map((limit) => ({ limit, coefficient: 60, exponent: 0.25 }));
 * const plan = { horizons: logHorizons(1e6, 1e9, 8), seeds: 20 };
 * const curves = simulate(laws, { standardDeviation: 0.003, correlation: 0.5 }, plan, random(1));
 * console.log(studyFromCurves(curves).noise.standardDeviation.toFixed(3)); // 0.003
 */
export function studyFromCurves(observations: readonly Observations[]): {
  readonly baseline: PowerLaw;
  readonly noise: Noise;
} {
  const schemes = fitSchemes(powerLawWithLimit, observations, { ...DEFAULT_FIT_OPTIONS, space: "linear" });
  let [squares, df] = [0, 0];
  for (const { fit } of schemes.all) {
    const { problem, solution } = fit;
    squares += solution.cost * problem.residualUnit ** 2;
    df += problem.points - problem.names.length;
  }
  if (df <= 0) {
    throw new InputError("design: the curves must have more than 3 points a scheme to show their noise; state --noise");
  }
  const [limit = Number.NaN, coefficient = Number.NaN, exponent = Number.NaN] = item(schemes.all, 0).theta;
  const records = observations.map((group) => fitLaw(powerLawWithLimit, group, { space: "linear" }));
  const along = noiseAlong(observations, records);
  const spread = mean(
    observations.flatMap(({ x }) => Array.from(x[0] ?? [], (v) => (v / along.centre) ** (2 * along.slope))),
  );
  const ofRuns = mean(observations.map(({ run }, l) => runVariance(run, records[l]?.residuals ?? [])));
  return {
    baseline: { limit, exponent, coefficient },
    noise: {
      standardDeviation: Math.sqrt(Math.max(squares / df - ofRuns, Number.MIN_VALUE) / spread),
      correlation: Math.min(0.95, Math.max(0, residualCorrelation(schemes) ?? 0)),
      along,
      ...(ofRuns > 0 ? { runEffect: Math.sqrt(ofRuns) } : {}),
    },
  };
}

/** The power of x by which the noise grows, over what the residuals of each group allow, and the middle of log x. */
function noiseAlong(observations: readonly Observations[], records: readonly Fit[]): NonNullable<Noise["along"]> {
  const slopes = records.flatMap(({ noise }) => {
    if (noise === null || noise.range === null) return [];
    const decades = Math.log(noise.range[1] / noise.range[0]);
    const ratio = (state: NoiseState) => Math.log(state.deviation[1] / state.deviation[0]);
    return [noise.states.reduce((sum, state) => sum + state.weight * ratio(state), 0) / decades];
  });
  const logs = observations.flatMap(({ x }) => Array.from(x[0] ?? [], Math.log));
  return { slope: slopes.length === 0 ? 0 : mean(slopes), centre: Math.exp(mean(logs)) };
}

/** Of what the points of a run share, by the analysis of variance of residuals; 0 where runs supply one point each. */
function runVariance(run: readonly string[] | null, residuals: readonly number[]): number {
  const runs = new Map<string, number[]>();
  residuals.forEach((residual, i) => {
    const key = run?.[i] ?? String(i);
    runs.set(key, [...(runs.get(key) ?? []), residual]);
  });
  const members = [...runs.values()];
  const [between, within] = [members.length - 1, residuals.length - members.length];
  if (between < 1 || within < 1) return 0;
  const overall = mean(residuals);
  const squares = members.reduce((sum, own) => sum + own.length * (mean(own) - overall) ** 2, 0) / between;
  const left = members.reduce((sum, own) => sum + own.reduce((s, r) => s + (r - mean(own)) ** 2, 0), 0) / within;
  return Math.max(0, (squares - left) / (residuals.length / members.length));
}
