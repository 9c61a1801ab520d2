// Simulated studies whose truth is known, and counts of how often intervals cover it, verdicts name what is not there and
// families call a difference that is none. npm run validate draws the full tables; npm test a small seeded part of them.
import { studentTwoSided } from "../../src/base/distributions.js";
import { item } from "../../src/base/item.js";
import type { Random } from "../../src/base/random.js";
import { verdictOn } from "../../src/compare/design.js";
import { differences } from "../../src/compare/differences.js";
import { pairings } from "../../src/compare/pairing.js";
import { fitSchemes } from "../../src/compare/schemes.js";
import { logHorizons, type Noise, type PowerLaw, type StudyPlan, simulate } from "../../src/compare/simulate.js";
import type { Observations } from "../../src/curve/observations.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { predict } from "../../src/fit/predict.js";
import { DEFAULT_FIT_OPTIONS, type Interval } from "../../src/fit/record.js";
import type { StandardError } from "../../src/fit/variance/linearization.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";

/** Excess losses of .3–2 nats, as small models have them between 1e6 and 1e9 tokens. */
export const BASELINE: PowerLaw = { limit: 2.2, coefficient: 60, exponent: 0.25 };

/** 3.5 nats at 1e6 tokens, 2.6 at 1e9: such curves say little of a limit, and one coefficient may be that of two curves. */
export const WITHOUT_LIMIT: PowerLaw = { limit: 0, coefficient: 6.5, exponent: 0.045 };

/** A noise of a run's final loss, and whether the law bends where the fitted one does not. */
export interface NoiseCase extends Noise {
  readonly bent?: boolean;
}

const EVEN = { standardDeviation: 0.004, correlation: 0 } as const;

/** Over the range of all plans below. */
const EIGHTFOLD = Math.log(8) / Math.log(1e3);

export const NOISES: Readonly<Record<string, NoiseCase>> = {
  constant: EVEN,
  "falling 8-fold": { ...EVEN, along: { slope: -EIGHTFOLD, centre: 10 ** 7.5 } },
  "rising 8-fold": { ...EVEN, along: { slope: EIGHTFOLD, centre: 10 ** 7.5 } },
  "Student t, 3 degrees": { ...EVEN, standardDeviation: 0.0025, tails: "t3" },
  "5% outliers of 10 sd": { ...EVEN, standardDeviation: 0.002, tails: "outliers" },
  "effect of the run": { ...EVEN, standardDeviation: 0.002, runEffect: 0.003 },
  "common to schemes": { ...EVEN, correlation: 0.5 },
  "mild break": { ...EVEN, bent: true },
};

export const PLANS: Readonly<Record<string, StudyPlan>> = {
  "6 × 1": { horizons: logHorizons(1e6, 1e9, 6), seeds: 1 },
  "6 × 3": { horizons: logHorizons(1e6, 1e9, 6), seeds: 3 },
  "8 × 3": { horizons: logHorizons(1e6, 1e9, 8), seeds: 3 },
  "40 × 1": { horizons: logHorizons(1e6, 1e9, 40), seeds: 1 },
};

/** One run that supplies all horizons says nothing of its own offset: no interval is promised there. */
export function answerable(noise: string, plan: string): boolean {
  return NOISES[noise]?.runEffect === undefined || (PLANS[plan]?.seeds ?? 0) > 1;
}

export interface Count {
  hits: number;
  of: number;
  /** How many intervals were closed on both sides, and the sum of their widths. */
  closed: number;
  width: number;
}

/** Hits of each key. */
export type Counts = Readonly<Record<string, Readonly<Count>>>;

/** Adds the counts of a part to those of the whole. */
export function addCounts(total: Record<string, Count>, part: Counts): void {
  for (const [key, { hits, of, closed, width }] of Object.entries(part)) {
    const before = total[key] ?? { hits: 0, of: 0, closed: 0, width: 0 };
    total[key] = {
      hits: before.hits + hits,
      of: before.of + of,
      closed: before.closed + closed,
      width: before.width + width,
    };
  }
}

/** Counts as they come in. */
export class Tally {
  readonly counts: Record<string, Count> = {};
  add(key: string, hit: boolean, width: number | null = null): void {
    addCounts(this.counts, { [key]: { hits: Number(hit), of: 1, closed: Number(width !== null), width: width ?? 0 } });
  }
  /** An interval that is withheld covers nothing. */
  interval(key: string, interval: Pick<Interval, "lower" | "upper"> | null, truth: number): void {
    if (interval === null) {
      this.add(key, false);
      return;
    }
    const { lower, upper } = interval;
    const inside = (lower === null || lower <= truth) && (upper === null || truth <= upper);
    this.add(key, inside, lower === null || upper === null ? null : upper - lower);
  }
}

const lossAt = ({ limit, coefficient, exponent }: PowerLaw, x: number): number => limit + coefficient * x ** -exponent;

/** What the schemes' excess loss is multiplied by beyond the middle of the range where the law bends. */
const BEND = 0.02;

function bend(x: number, { horizons }: StudyPlan): number {
  const middle = Math.sqrt(Math.min(...horizons) * Math.max(...horizons));
  return x > middle ? (x / middle) ** -BEND : 1;
}

function trueLoss(law: PowerLaw, noise: NoiseCase, plan: StudyPlan, x: number): number {
  return law.limit + (lossAt(law, x) - law.limit) * (noise.bent === true ? bend(x, plan) : 1);
}

function drawn(laws: readonly PowerLaw[], noise: NoiseCase, plan: StudyPlan, stream: Random): readonly Observations[] {
  const data = simulate(laws, noise, plan, stream);
  if (noise.bent !== true) return data;
  return data.map((group, l) => {
    const law = laws[l] ?? BASELINE;
    const excess = (x: number) => (lossAt(law, x) - law.limit) * (bend(x, plan) - 1);
    return { ...group, loss: group.loss.map((loss, i) => loss + excess(group.x[0]?.[i] ?? Number.NaN)) };
  });
}

/** How far beyond the largest x the extrapolated curve is read. */
const BEYOND = 4;

/** Coverage of one scheme's 95% intervals in one data set; another run of it is `again`. */
function fitCovered(
  tally: Tally,
  truth: PowerLaw,
  noise: NoiseCase,
  plan: StudyPlan,
  data: Observations,
  again: Observations,
): void {
  const largest = Math.max(...plan.horizons);
  const record = fitLaw(powerLawWithLimit, data);
  const names = truth.limit === 0 ? (["limit", "coefficient", "exponent"] as const) : (["limit", "exponent"] as const);
  if (noise.bent !== true) {
    for (const name of names) tally.interval(name, record.parameters[name]?.interval ?? null, truth[name]);
  }
  const [end, beyond] = predict(powerLawWithLimit, record, [[largest, BEYOND * largest]]);
  tally.interval("loss at the largest x", end?.curve ?? null, trueLoss(truth, noise, plan, largest));
  tally.interval("a new run there", end?.newRun ?? null, again.loss.at(-1) ?? Number.NaN);
  if (noise.bent !== true) {
    tally.interval(`loss at ${BEYOND} times it`, beyond?.curve ?? null, lossAt(truth, BEYOND * largest));
  }
}

/** Coverage of 95% intervals in `n` data sets of one scheme whose law has no limit; keys are quantities. */
export function coveredWithoutLimit(noiseName: string, planName: string, stream: Random, n: number): Counts {
  const tally = new Tally();
  const [noise, plan] = [NOISES[noiseName], PLANS[planName]];
  if (noise === undefined || plan === undefined) return tally.counts;
  for (let i = 0; i < n; i++) {
    const data = item(drawn([WITHOUT_LIMIT], noise, plan, stream), 0);
    fitCovered(tally, WITHOUT_LIMIT, noise, plan, data, item(drawn([WITHOUT_LIMIT], noise, plan, stream), 0));
  }
  return tally.counts;
}

/** Coverage of 95% intervals in `n` data sets of two schemes that differ in limit and exponent; keys are quantities. */
export function covered(noiseName: string, planName: string, stream: Random, n: number): Counts {
  const tally = new Tally();
  const [noise, plan] = [NOISES[noiseName], PLANS[planName]];
  if (noise === undefined || plan === undefined) return tally.counts;
  const truth = BASELINE;
  const other = changed(plan, "both");
  const largest = Math.max(...plan.horizons);
  const u = (law: PowerLaw, x: number) => trueLoss(law, noise, plan, x);
  for (let i = 0; i < n; i++) {
    const data = drawn([truth, other], noise, plan, stream);
    const again = drawn([truth], noise, plan, stream);
    fitCovered(tally, truth, noise, plan, item(data, 0), item(again, 0));
    const schemes = fitSchemes(powerLawWithLimit, data, DEFAULT_FIT_OPTIONS);
    const pairs = pairings(schemes, 0);
    const options = { level: 0.95, point: [largest], budget: largest, alpha: 0.05, rejected: [] };
    for (const { quantity, interval } of differences(schemes, pairs, options)) {
      const ofLaw = quantity === "limit" || quantity === "exponent";
      if (ofLaw && noise.bent === true) continue;
      const expected = ofLaw ? other[quantity] - truth[quantity] : u(other, largest) - u(truth, largest);
      tally.interval(`difference of ${quantity}`, interval, expected);
    }
    if (noise.bent === true) continue;
    // The multiplier's interval holds those at which the two losses cannot be told apart.
    const needed = budgetFor(truth, lossAt(other, largest));
    const { scheme, baseline, errors } = item(pairs, 0);
    const [theta, base] = [scheme.theta, baseline.theta];
    const gap = powerLawWithLimit.value(theta, [largest]) - powerLawWithLimit.value(base, [needed]);
    tally.add("multiplier", within(gap, errors?.of(slopes(theta, largest), slopes(base, needed)) ?? null));
  }
  return tally.counts;
}

function slopes(theta: Float64Array, x: number): Float64Array {
  const gradient = new Float64Array(theta.length);
  powerLawWithLimit.gradient(theta, [x], gradient);
  return gradient;
}

function within(difference: number, error: StandardError | null): boolean {
  return error !== null && Math.abs(difference) <= studentTwoSided(0.95, error.degreesOfFreedom) * error.value;
}

/** x at which a law has come down to a loss. */
const budgetFor = ({ limit, coefficient, exponent }: PowerLaw, loss: number): number =>
  ((loss - limit) / coefficient) ** (-1 / exponent);

export type Truth = "neither" | "limit" | "exponent" | "both";

/** Verdicts that name what the truth does not hold. */
export const FALSE_TRUTHS: Readonly<Record<Truth, readonly string[]>> = {
  neither: ["exponent", "limit", "both"],
  limit: ["exponent"],
  exponent: ["limit"],
  both: [],
};

/** The baseline's law changed in what the truth names, the coefficient so that both agree at the smallest horizon. */
export function changed(plan: StudyPlan, truth: Truth): PowerLaw {
  const limit = BASELINE.limit - (truth === "limit" || truth === "both" ? 0.05 : 0);
  const exponent = BASELINE.exponent + (truth === "exponent" || truth === "both" ? 0.01 : 0);
  const x = plan.horizons[0] ?? 1;
  return { limit, exponent, coefficient: BASELINE.coefficient * x ** (exponent - BASELINE.exponent) };
}

/**
 * Verdicts in `n` data sets: half of the schemes follow the baseline's law, half the changed one. Keys are verdicts, and
 * "a difference of loss" where any difference from the baseline that is none is called one at 5%, over the family.
 */
export function attributed(
  noiseName: string,
  planName: string,
  count: number,
  truth: Truth,
  stream: Random,
  n: number,
): Counts {
  const tally = new Tally();
  const [noise, plan] = [NOISES[noiseName], PLANS[planName]];
  if (noise === undefined || plan === undefined) return tally.counts;
  const laws = Array.from({ length: count }, (_, s) => (s % 2 === 0 ? BASELINE : changed(plan, truth)));
  const largest = Math.max(...plan.horizons);
  for (let i = 0; i < n; i++) {
    const data = drawn(laws, noise, plan, stream);
    const schemes = fitSchemes(powerLawWithLimit, data, DEFAULT_FIT_OPTIONS);
    const given = verdictOn(schemes);
    for (const verdict of ["exponent", "limit", "both", "cannot tell"]) tally.add(verdict, verdict === given);
    if (truth !== "neither") continue;
    const options = { level: 0.95, point: [largest], budget: largest, alpha: 0.05, rejected: [] };
    const rows = differences(schemes, pairings(schemes, 0), options).filter(({ quantity }) => quantity === "loss");
    tally.add(
      "a difference of loss",
      rows.some(({ adjustedPValue }) => (adjustedPValue ?? 1) < 0.05),
    );
  }
  return tally.counts;
}
