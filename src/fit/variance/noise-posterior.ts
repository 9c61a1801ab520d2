// Which noises the residuals allow: slopes along x and shares common to clusters, each with its probability, a few that
// stand for all.
import { mean } from "../../base/mean.js";
import type { Basis } from "./linearization.js";
import { type Likely, type NoiseShape, restrictedLikelihood } from "./restricted-likelihood.js";

export interface NoiseCandidate extends NoiseShape {
  /** Its posterior probability. */
  readonly weight: number;
  /** From the part of it that is laid beforehand on noise of one size. */
  readonly equal: boolean;
}

/** Standard deviation of the slope that is expected beforehand: noise that grows or falls 20-fold along x is no surprise. */
const SLOPE_SPREAD = 6;
const SLOPE_MOST = 12;
/** Steps of the search for the likeliest slope. */
const CLIMB = 1.2;
/** Slopes on either side of it, a standard deviation of the posterior apart; for a top as a normal density has it they are exact to 1e-8. */
const STEPS = 6;
/** Of few points, over all slopes: a step of 1, which is less than their posterior's standard deviation. */
const FEW_STEPS = 24;
/** Each takes half of a width away at least: from one standard deviation of equal noise to a 256th of it. */
const NARROWINGS = 8;
/** Odds beforehand that the noise is equal, and from how many points on: with few points nothing would speak against it. */
const EQUAL_ODDS = 0.5;
const EQUAL_FROM = 20;
/** Steps of the logarithm of κ, below. */
const KAPPA_STEP = 0.5;
const KAPPA_LEAST = -4;
/** Up to a common part this many times the variance of a point's own: less would cut the upper tail that few runs have. */
const COMMON_MOST = 3000;
/** Of the log likelihood from its top to the greatest share; one degree of freedom between clusters makes it about 5. */
const LEAST_FALL = 1;
/** Log likelihoods this far below the greatest are out of the question. */
const REACH = 16;

/**
 * The posterior over slope and share on a grid, from the restricted likelihood of the scores; slopes in order, those of
 * noise of one size first.
 *
 * Null where the fit is exact, and where the likelihood does not fall towards the greatest share: a single run says nothing
 * of what its points have in common.
 *
 * @param along u of NoiseShape
 */
export function posterior(basis: Basis, along: Float64Array): readonly NoiseCandidate[] | null {
  const { points, degreesOfFreedom } = basis;
  const likelihood = restrictedLikelihood(basis, along);
  const at = (slopes: readonly number[], shares: readonly number[]) =>
    slopes.flatMap((slope) => likelihood(slope, shares)).map((likely) => ({ ...likely, equal: false }));
  const every = sharesFor(basis);
  const flat = at([0], every);
  let found = flat;
  if (every.length > 1 && mostLikely(flat).log - (flat.at(-1)?.log ?? Number.NaN) < LEAST_FALL) return null;
  if (along.some((u) => u !== 0)) {
    const everywhere = evenly(-SLOPE_MOST, SLOPE_MOST, FEW_STEPS);
    // The slope with the share that goes with it, then the shares that are not out of the question there.
    let [steep, centre, deviation] = [flat, 0, Number.NaN];
    for (let round = 0; round < Math.min(2, every.length); round++) {
      const { share } = mostLikely(steep);
      const logAt = (slope: number) => mostLikely(likelihood(slope, [share])).log;
      // Of few points a likelihood may have two tops.
      const start = points < EQUAL_FROM ? mostLikely(at(everywhere, [share])).slope : climbed(logAt, centre);
      // A log variance is known to √2 of itself from one point, and its slope along u by the spread of these; what points
      // share at one slope they share at no other, so that clusters tell it better.
      const known = Math.sqrt(2 / degreesOfFreedom / mean(along.map((u) => u * u)));
      [centre, deviation] = basis.clusters === null ? [start, known] : narrowed(logAt, start, known);
      steep = at([centre], every);
    }
    const shares = every.filter((_, k) => [flat, steep].some((of) => (of[k]?.log ?? 0) > mostLikely(of).log - REACH));
    const [from, to] = [centre - STEPS * deviation, centre + STEPS * deviation].map(bounded);
    const wide = points < EQUAL_FROM && deviation > (2 * SLOPE_MOST) / FEW_STEPS;
    const slopes = wide ? everywhere : evenly(from ?? Number.NaN, to ?? Number.NaN, 2 * STEPS);
    // By the trapezoidal rule: an end counts half.
    const ends = [slopes[0], slopes.at(-1)];
    const step = ((ends[1] ?? Number.NaN) - (ends[0] ?? Number.NaN)) / (slopes.length - 1);
    const width = (slope: number) => (ends.includes(slope) ? step / 2 : step);
    const expected = (slope: number) =>
      Math.exp(-0.5 * (slope / SLOPE_SPREAD) ** 2) / (SLOPE_SPREAD * Math.sqrt(2 * Math.PI));
    const odds = EQUAL_ODDS * Math.min(1, (points / EQUAL_FROM) ** 2);
    const equal = flat.map((likely) => ({ ...likely, equal: true, log: likely.log + Math.log(odds) }));
    const changing = at(slopes, shares).map((likely) => ({
      ...likely,
      log: likely.log + Math.log(width(likely.slope) * expected(likely.slope)),
    }));
    found = [...equal, ...changing];
  }
  const top = mostLikely(found).log;
  if (!Number.isFinite(top)) return null;
  const likely = found.filter(({ log }) => log > top - REACH);
  const total = likely.reduce((sum, { log }) => sum + Math.exp(log - top), 0);
  return likely.map(({ log, ...shape }) => ({ ...shape, weight: Math.exp(log - top) / total }));
}

const bounded = (slope: number): number => Math.min(SLOPE_MOST, Math.max(-SLOPE_MOST, slope));

/** The top that is reached by steps from `start`, by the parabola through the last three. */
function climbed(logAt: (slope: number) => number, start: number): number {
  let slope = start;
  let [before, here, after] = [logAt(slope - CLIMB), logAt(slope), logAt(slope + CLIMB)];
  while (Math.abs(slope) < SLOPE_MOST && Math.max(before, after) > here) {
    if (after > before) {
      slope += CLIMB;
      [before, here, after] = [here, after, logAt(slope + CLIMB)];
    } else {
      slope -= CLIMB;
      [before, here, after] = [logAt(slope - CLIMB), before, here];
    }
  }
  return bounded(slope + CLIMB * peak(before, here, after).moved);
}

/** Top and standard deviation of a density whose standard deviation is at most `most`: by parabolas that narrow with it. */
function narrowed(logAt: (slope: number) => number, start: number, most: number): [centre: number, deviation: number] {
  let [centre, width, deviation] = [start, most, most];
  for (let round = 0; round < NARROWINGS; round++) {
    const { moved, curvature } = peak(logAt(centre - width), logAt(centre), logAt(centre + width));
    centre = bounded(centre + width * moved);
    deviation = Math.min(most, width / Math.sqrt(curvature));
    if (deviation > width / 2) break;
    width = deviation;
  }
  return [centre, deviation];
}

/** Of the parabola through three values a step apart, in steps: where its top is, at most one away, and its curvature. */
function peak(before: number, here: number, after: number): { readonly moved: number; readonly curvature: number } {
  const curvature = 2 * here - before - after;
  const moved = curvature > 0 ? (after - before) / curvature / 2 : 0;
  return { moved: Math.min(1, Math.max(-1, moved)), curvature: Math.max(curvature, 0) };
}

function mostLikely(candidates: readonly Likely[]): Likely {
  return candidates.reduce((a, b) => (b.log > a.log ? b : a), candidates[0] ?? NOTHING);
}

/**
 * Shares to look at: even steps of log κ, κ = 1 + size·share/(1 − share) being the variance of a cluster's mean against
 * that of differences within it. Alike likely beforehand, few runs are judged as a t test between runs judges them.
 * Below 1 the points of a cluster move apart, which schemes at one horizon do by chance.
 */
function sharesFor({ clusters, points }: Basis): readonly number[] {
  if (clusters === null) return [0];
  const size = points / clusters.length;
  const most = Math.log1p(COMMON_MOST * size);
  const steps = Math.round((most - KAPPA_LEAST) / KAPPA_STEP);
  return evenly(KAPPA_LEAST, most, steps).map((log) => Math.expm1(log) / (Math.expm1(log) + size));
}

function evenly(from: number, to: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, k) => from + ((to - from) * k) / steps);
}

const NOTHING: Likely = { slope: 0, share: 0, variance: Number.NaN, log: Number.NEGATIVE_INFINITY };
