// What the residuals say of the noise, and what that makes of an estimate's error: a noise whose size may change along x
// and of which the points of a cluster (a run's points, schemes at one horizon and seed) may have a share in common.
import { mean } from "../../base/mean.js";
import { type Basis, gram, pullsOf, type StandardError } from "./linearization.js";
import { type Likely, type NoiseShape, restrictedLikelihood } from "./restricted-likelihood.js";
import { matchedError } from "./variance-of-log.js";

export interface NoiseCandidate extends NoiseShape {
  /** Its posterior probability. */
  readonly weight: number;
  /** From the part of it that is laid beforehand on noise of one size. */
  readonly equal: boolean;
}

export interface Noise {
  readonly candidates: readonly NoiseCandidate[];
  /** u (NoiseShape) at the least and the greatest x. */
  readonly ends: readonly [number, number];
  /** Of several combinations of parameters, row by row: the mean over some of the candidates, or over all. */
  covariance(gradients: readonly ArrayLike<number>[], over?: readonly NoiseCandidate[]): Float64Array;
  /** Of gradientᵀθ̂, with what is not known of the noise in its degrees of freedom. */
  standardError(gradient: ArrayLike<number>): StandardError;
}

/** Standard deviation of the slope that is expected beforehand: noise that grows or falls 20-fold along x is no surprise. */
const SLOPE_SPREAD = 6;
const SLOPE_MOST = 12;
/** Steps of the search for the likeliest slope; those on either side of it, and how far: they leave errors exact to 1e-3. */
const CLIMB = 1.2;
const STEPS = 6;
const DEVIATIONS = 6;
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
 * The posterior over slope and share on a grid, from the restricted likelihood of the scores. Given both, an estimate's
 * error over its standard error is t with n − p degrees of freedom; over the posterior it is taken for the t whose log
 * variance has the same mean and spread. That is wider than the t of equal noise by what the residuals leave open, and no more.
 *
 * Null without degrees of freedom, where the fit is exact, and where the likelihood does not fall towards the greatest
 * share: a single run says nothing of what its points have in common.
 */
export function noise(basis: Basis): Noise | null {
  const { points, degreesOfFreedom } = basis;
  if (degreesOfFreedom < 1) return null;
  const along = position(basis.along, points);
  const likelihood = restrictedLikelihood(basis, along);
  const at = (slopes: readonly number[], shares: readonly number[]) =>
    slopes.flatMap((slope) => likelihood(slope, shares)).map((likely) => ({ ...likely, equal: false }));
  const every = sharesFor(basis);
  const flat = at([0], every);
  let found = flat;
  if (every.length > 1 && mostLikely(flat).log - (flat.at(-1)?.log ?? Number.NaN) < LEAST_FALL) return null;
  if (along.some((u) => u !== 0)) {
    const few = points < EQUAL_FROM;
    const everywhere = evenly(-SLOPE_MOST, SLOPE_MOST, 4 * STEPS);
    // The slope with the share that goes with it, then the shares that are not out of the question there.
    let [steep, centre] = [flat, 0];
    for (let round = 0; round < Math.min(2, every.length); round++) {
      const { share } = mostLikely(steep);
      const logAt = (slope: number) => mostLikely(likelihood(slope, [share])).log;
      // Of few points a likelihood may have two tops.
      centre = few ? mostLikely(at(everywhere, [share])).slope : climbed(logAt, centre);
      steep = at([centre], every);
    }
    const shares = every.filter((_, k) => [flat, steep].some((of) => (of[k]?.log ?? 0) > mostLikely(of).log - REACH));
    // A log variance is known to √2 of itself from one point, and its slope along u by the spread of these.
    const reach = DEVIATIONS * Math.sqrt(2 / degreesOfFreedom / mean(along.map((u) => u * u)));
    const [from, to] = [Math.max(-SLOPE_MOST, centre - reach), Math.min(SLOPE_MOST, centre + reach)];
    const slopes = few ? everywhere : evenly(from, to, 2 * STEPS);
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
  const candidates = likely.map(({ log, ...shape }) => ({ ...shape, weight: Math.exp(log - top) / total }));
  const weights = Float64Array.from(candidates, ({ weight }) => weight);
  const sizes = new Map<number, Float64Array>();
  for (const { slope } of candidates) {
    if (!sizes.has(slope))
      sizes.set(
        slope,
        along.map((u) => Math.exp((slope * u) / 2)),
      );
  }
  return {
    candidates,
    ends: [along.reduce((a, b) => Math.min(a, b)), along.reduce((a, b) => Math.max(a, b))],
    standardError(gradient) {
      const pulls = pullsOf(basis, [gradient]);
      const variances = new Float64Array(candidates.length);
      let [known, own, common] = [Number.NaN, Number.NaN, Number.NaN];
      for (const [k, { slope, share, variance }] of candidates.entries()) {
        // Candidates of one slope follow each other.
        if (slope !== known) [own, common] = squaresOf(pulls, sizes.get(slope) ?? pulls, basis.clusters);
        known = slope;
        variances[k] = variance * ((1 - share) * own + share * common);
      }
      return matchedError(variances, weights, degreesOfFreedom);
    },
    covariance(gradients, over = candidates) {
      const pulls = pullsOf(basis, gradients);
      const count = gradients.length;
      const total = over.reduce((sum, { weight }) => sum + weight, 0);
      const own = new Float64Array(points);
      // A row a cluster and slope.
      const [sums, factors]: [number[], number[]] = [[], []];
      for (const [slope, size] of sizes) {
        let [apart, common] = [0, 0];
        for (const candidate of over) {
          if (candidate.slope !== slope) continue;
          const factor = (candidate.weight / total) * candidate.variance;
          apart += factor * (1 - candidate.share);
          common += factor * candidate.share;
        }
        for (let i = 0; i < points; i++) own[i] = (own[i] ?? Number.NaN) + apart * (size[i] ?? Number.NaN) ** 2;
        for (const members of common === 0 ? [] : (basis.clusters ?? [])) {
          factors.push(common);
          for (let j = 0; j < count; j++) {
            sums.push(
              members.reduce((sum, i) => sum + (size[i] ?? Number.NaN) * (pulls[i * count + j] ?? Number.NaN), 0),
            );
          }
        }
      }
      const shared = gram(Float64Array.from(sums), count, Float64Array.from(factors));
      return gram(pulls, count, own).map((value, cell) => value + (shared[cell] ?? Number.NaN));
    },
  };
}

/** Variances over σ²: of points that share nothing (own), and all there is within clusters (common). */
function squaresOf(
  pulls: Float64Array,
  size: Float64Array,
  clusters: Basis["clusters"],
): readonly [own: number, common: number] {
  let own = 0;
  for (let i = 0; i < pulls.length; i++) own += ((pulls[i] ?? Number.NaN) * (size[i] ?? Number.NaN)) ** 2;
  if (clusters === null) return [own, own];
  let common = 0;
  for (const members of clusters) {
    let sum = 0;
    for (const i of members) sum += (pulls[i] ?? Number.NaN) * (size[i] ?? Number.NaN);
    common += sum * sum;
  }
  return [own, common];
}

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
  const bend = before - 2 * here + after;
  const moved = bend < 0 ? (CLIMB / 2) * ((before - after) / bend) : 0;
  return slope + Math.max(-CLIMB / 2, Math.min(CLIMB / 2, moved));
}

function mostLikely(candidates: readonly Likely[]): Likely {
  return candidates.reduce((a, b) => (b.log > a.log ? b : a), candidates[0] ?? NOTHING);
}

/** Over the range and about the mean; zeros where nothing changes. */
function position(along: Float64Array | null, points: number): Float64Array {
  if (along === null) return new Float64Array(points);
  const least = along.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const range = along.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - least;
  if (!(range > 0 && Number.isFinite(range))) return new Float64Array(points);
  const center = mean(along);
  return along.map((value) => (value - center) / range);
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
