// What the residuals say of the noise, and what that makes of an estimate's error: a noise whose size may change along x
// and of which the points of a cluster (a run's points, schemes at one horizon and seed) may have a share in common.
import { dot, type Linearization, type Orthogonal, orthogonalise, type StandardError } from "./linearization.js";
import { logVarianceDegrees, logVarianceMean, logVarianceSpread } from "./variance-of-log.js";

/** Noise of variance σ²·e^(slope·u), u being the place along x over its range; `share` of it is common to a cluster. */
export interface NoiseCandidate {
  readonly slope: number;
  readonly share: number;
  /** Its posterior probability. */
  readonly weight: number;
  /** σ², from the residuals that it would have made. */
  readonly variance: number;
}

export interface Noise {
  readonly candidates: readonly NoiseCandidate[];
  /** Of gradientᵀθ̂, with what is not known of the noise in its degrees of freedom. */
  standardError(gradient: ArrayLike<number>): StandardError;
}

/** Standard deviation of the slope that is expected beforehand: noise that grows or falls 20-fold along x is no surprise. */
const SLOPE_SPREAD = 6;
const SLOPE_MOST = 12;
const COARSE = 20;
const FINE = 24;
/** Odds beforehand that the noise is equal, and from how many points on: with few points nothing would speak against it. */
const EQUAL_ODDS = 0.5;
const EQUAL_FROM = 20;
/** Steps of the logarithm of κ, below. */
const KAPPA_STEP = 0.5;
const KAPPA_LEAST = -4;
/** Up to a common part this many times the variance of a point's own: less would cut the upper tail that few runs have. */
const COMMON_MOST = 3000;
const NEGLIGIBLE = 1e-7;

/**
 * The posterior over slope and share on a grid, from the restricted likelihood of the scores (Patterson & Thompson 1971):
 * ½·[−log|Ω| − log|XᵀΩ⁻¹X| − (n−p)·log Q], X = slope·row, Q the weighted squares about X. Given both, an estimate's error
 * over its standard error is t with n − p degrees of freedom; over the posterior it is taken for the t whose log variance
 * has the same mean and spread. That is wider than the t of equal noise by what the residuals leave open, and no more.
 *
 * Null without degrees of freedom, where the fit is exact, and where the points do not determine the parameters.
 */
export function noise(fit: Linearization): Noise | null {
  const basis = orthogonalise(fit);
  const degrees = fit.rows.length - (fit.rows[0]?.length ?? 0);
  if (basis === null || degrees < 1) return null;
  const along = position(fit.along, fit.rows.length);
  const likelihood = restrictedLikelihood(basis, along, degrees);
  const shares = sharesFor(basis);
  const at = (slopes: readonly number[]) => slopes.flatMap((slope) => likelihood(slope, shares));
  let found = at([0]);
  if (along.some((u) => u !== 0)) {
    const coarse = at(evenly(-SLOPE_MOST, SLOPE_MOST, COARSE));
    const best = coarse.reduce((a, b) => (b.log > a.log ? b : a), coarse[0] ?? { slope: 0, log: 0 });
    // The log variance of n points over an even range is known to √(24/n).
    const reach = 5 * Math.sqrt(24 / degrees) + SLOPE_MOST / COARSE;
    const [from, to] = [Math.max(-SLOPE_MOST, best.slope - reach), Math.min(SLOPE_MOST, best.slope + reach)];
    const density = (to - from) / FINE / (SLOPE_SPREAD * Math.sqrt(2 * Math.PI));
    const odds = EQUAL_ODDS * Math.min(1, (fit.rows.length / EQUAL_FROM) ** 2);
    found = found
      .map((candidate) => ({ ...candidate, log: candidate.log + Math.log(odds) }))
      .concat(
        at(evenly(from, to, FINE)).map((candidate) => ({
          ...candidate,
          log: candidate.log + Math.log(density) - 0.5 * (candidate.slope / SLOPE_SPREAD) ** 2,
        })),
      );
  }
  const top = found.reduce((most, { log }) => Math.max(most, log), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(top)) return null;
  const total = found.reduce((sum, { log }) => sum + Math.exp(log - top), 0);
  const candidates = found
    .map(({ slope, share, variance, log }) => ({ slope, share, variance, weight: Math.exp(log - top) / total }))
    .filter(({ weight }) => weight > NEGLIGIBLE);
  return {
    candidates,
    standardError(gradient) {
      const variances = variancesOf(basis, along, candidates, basis.combination(gradient));
      const mean = candidates.reduce((sum, { weight }, k) => sum + weight * Math.log(variances[k] ?? Number.NaN), 0);
      const spread = candidates.reduce(
        (sum, { weight }, k) => sum + weight * (Math.log(variances[k] ?? Number.NaN) - mean) ** 2,
        0,
      );
      const degreesOfFreedom = logVarianceDegrees(logVarianceSpread(degrees) + spread);
      const log = mean + logVarianceMean(degrees) - logVarianceMean(degreesOfFreedom);
      return { value: Math.exp(log / 2), degreesOfFreedom };
    },
  };
}

/** Over the range and about the mean; zeros where nothing changes. */
function position(along: Float64Array | null, points: number): Float64Array {
  if (along === null) return new Float64Array(points);
  const least = along.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const range = along.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - least;
  if (!(range > 0 && Number.isFinite(range))) return new Float64Array(points);
  const mean = along.reduce((a, b) => a + b, 0) / points;
  return along.map((value) => (value - mean) / range);
}

/**
 * Shares to look at: even steps of log κ, κ = 1 + size·share/(1 − share) being the variance of a cluster's mean against
 * that of differences within it. Alike likely beforehand, few runs are judged as a t test between runs judges them.
 * Below 1 the points of a cluster move apart, which schemes at one horizon do by chance.
 */
function sharesFor({ clusters, rows }: Orthogonal): readonly number[] {
  const size = rows.length / clusters.length;
  if (size === 1) return [0];
  const most = Math.log1p(COMMON_MOST * size);
  const steps = Math.round((most - KAPPA_LEAST) / KAPPA_STEP);
  return evenly(KAPPA_LEAST, most, steps).map((log) => Math.expm1(log) / (Math.expm1(log) + size));
}

function evenly(from: number, to: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, k) => from + ((to - from) * k) / steps);
}

interface Likely extends Omit<NoiseCandidate, "weight"> {
  readonly log: number;
}

/** The restricted log likelihood at one slope and each of the shares, and σ² there. */
function restrictedLikelihood({ rows, score, slope: psi, clusters }: Orthogonal, along: Float64Array, degrees: number) {
  // Rows of X with the score as a last column: one factorisation gives log|XᵀΩ⁻¹X| and Q.
  const width = (rows[0]?.length ?? 0) + 1;
  const extended = rows.map((row, i) =>
    Float64Array.of(...row.map((value) => value * (psi[i] ?? Number.NaN)), score[i] ?? Number.NaN),
  );
  const gram = new Float64Array(width * width);
  const matrix = new Float64Array(width * width);
  const sums = clusters.map(() => new Float64Array(width));
  return (slope: number, shares: readonly number[]): Likely[] => {
    gram.fill(0);
    for (const [k, members] of clusters.entries()) {
      const sum = sums[k] ?? new Float64Array(width);
      sum.fill(0);
      for (const i of members) {
        const root = Math.exp((-slope * (along[i] ?? Number.NaN)) / 2);
        const row = extended[i] ?? sum;
        for (let a = 0; a < width; a++) sum[a] = (sum[a] ?? Number.NaN) + root * (row[a] ?? Number.NaN);
        addOuter(gram, row, root * root, width);
      }
    }
    return shares.map((share) => {
      matrix.set(gram);
      // The sizes along x leave |Ω| as it is: their logarithms sum to 0.
      let log = 0;
      if (share !== 0) {
        for (const [k, members] of clusters.entries()) {
          const size = members.length;
          // (1 − share)·I + share·11ᵀ, inverted and its determinant taken.
          addOuter(matrix, sums[k] ?? matrix, -share / (1 - share + share * size), width);
          log -= 0.5 * (size * Math.log(1 - share) + Math.log1p((share * size) / (1 - share)));
        }
        for (let cell = 0; cell < matrix.length; cell++) matrix[cell] = (matrix[cell] ?? Number.NaN) / (1 - share);
      }
      const { logDeterminant: inner, squares } = eliminate(matrix, width);
      log -= 0.5 * (inner + degrees * Math.log(squares));
      return {
        slope,
        share,
        variance: squares / degrees,
        log: squares > 0 && !Number.isNaN(log) ? log : Number.NEGATIVE_INFINITY,
      };
    });
  };
}

/** Lower triangle of matrix += factor·row·rowᵀ. */
function addOuter(matrix: Float64Array, row: Float64Array, factor: number, width: number): void {
  for (let a = 0; a < width; a++) {
    const scaled = factor * (row[a] ?? Number.NaN);
    for (let b = 0; b <= a; b++) matrix[a * width + b] = (matrix[a * width + b] ?? 0) + scaled * (row[b] ?? Number.NaN);
  }
}

/** Cholesky's factor in place of the lower triangle; what is left in the last corner is the squares about the others. */
function eliminate(matrix: Float64Array, width: number): { readonly logDeterminant: number; readonly squares: number } {
  let logDeterminant = 0;
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      let value = matrix[a * width + b] ?? Number.NaN;
      for (let k = 0; k < b; k++) {
        value -= (matrix[a * width + k] ?? Number.NaN) * (matrix[b * width + k] ?? Number.NaN);
      }
      if (a > b) matrix[a * width + b] = value / (matrix[b * width + b] ?? Number.NaN);
      else if (a === width - 1) return { logDeterminant, squares: value };
      else {
        logDeterminant += Math.log(value);
        matrix[a * width + a] = Math.sqrt(value);
      }
    }
  }
  return { logDeterminant, squares: Number.NaN };
}

/** Variance of yᵀΣ row·score for each candidate. */
function variancesOf(
  { rows, clusters }: Orthogonal,
  along: Float64Array,
  candidates: readonly NoiseCandidate[],
  y: Float64Array,
): number[] {
  const pulls = rows.map((row) => dot(y, row));
  const known = new Map<number, { readonly own: number; readonly common: number }>();
  return candidates.map(({ slope, share, variance }) => {
    let sums = known.get(slope);
    if (sums === undefined) {
      let [own, common] = [0, 0];
      for (const members of clusters) {
        let sum = 0;
        for (const i of members) {
          const pull = (pulls[i] ?? Number.NaN) * Math.exp((slope * (along[i] ?? Number.NaN)) / 2);
          own += pull * pull;
          sum += pull;
        }
        common += sum * sum;
      }
      sums = { own, common };
      known.set(slope, sums);
    }
    return variance * ((1 - share) * sums.own + share * sums.common);
  });
}
