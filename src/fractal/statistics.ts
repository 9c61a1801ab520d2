// The statistics of one document at one scale. x: increments, mean 0 and variance 1; X: their running sum with X[0] = 0
// before it, N + 1 long. Each gives a sum and a count, so that documents are pooled by adding.
import type { StatisticName } from "./record.js";

/** Sum over windows or pairs, and how many they were. */
export interface Tally {
  readonly sum: number;
  readonly count: number;
}

export interface Series {
  readonly x: Float64Array;
  readonly X: Float64Array;
}

export interface Statistic {
  readonly tally: (series: Series, scale: number, epsilon: number) => Tally;
  /** Exponent from the slope of log(mean) against log(scale). */
  readonly exponent: (slope: number) => number;
  /** Taken off log(mean) before the slope: what independent noise adds at small scales. */
  readonly excess?: (scale: number) => number;
}

export const STATISTIC: Readonly<Record<StatisticName, Statistic>> = {
  fluctuation: { tally: detrended, exponent: (slope) => slope / 2 },
  wavelet: { tally: haar, exponent: (slope) => 1 + slope / 2 },
  rescaledRange: { tally: range, exponent: (slope) => slope },
  correctedRange: {
    tally: range,
    exponent: (slope) => slope,
    excess: (scale) => Math.log(expectedRange(scale)) - 0.5 * Math.log((Math.PI * scale) / 2),
  },
  selfSimilarity: { tally: returns, exponent: (slope) => -slope },
  joseph: { tally: squares, exponent: (slope) => slope / 2 },
};

/**
 * Squared fluctuation around straight lines (DFA of order 1; Peng et al. 1994): over windows of n values of X, from both
 * ends, the mean squared residual of a least-squares line.
 */
function detrended({ X }: Series, scale: number): Tally {
  const length = X.length - 1;
  const windows = Math.floor(length / scale);
  const middle = (scale - 1) / 2;
  const spread = (scale * (scale * scale - 1)) / 12; // Σ (i − middle)²
  let sum = 0;
  for (const offset of windows * scale === length ? [0] : [0, length - windows * scale]) {
    for (let w = 0; w < windows; w++) {
      const first = 1 + offset + w * scale;
      let total = 0;
      let product = 0;
      let square = 0;
      const base = at(X, first);
      for (let i = 0; i < scale; i++) {
        const value = at(X, first + i) - base; // Differences keep the digits that large sums would lose.
        total += value;
        product += (i - middle) * value;
        square += value * value;
      }
      sum += (square - (total * total) / scale - (product * product) / spread) / scale;
    }
  }
  return { sum, count: windows * (windows * scale === length ? 1 : 2) };
}

/** Squared Haar details: half the difference of the means of neighbouring windows of n increments. */
function haar({ X }: Series, scale: number): Tally {
  const pairs = Math.floor((X.length - 1) / (2 * scale));
  let sum = 0;
  for (let p = 0; p < pairs; p++) {
    const first = 2 * scale * p;
    const detail = (2 * at(X, first + scale) - at(X, first) - at(X, first + 2 * scale)) / (2 * scale);
    sum += detail * detail;
  }
  return { sum, count: pairs };
}

/** R/S (Hurst 1951): range of the sum of deviations from the window's mean, over the window's standard deviation. */
function range({ x, X }: Series, scale: number): Tally {
  const windows = Math.floor(x.length / scale);
  let sum = 0;
  let count = 0;
  for (let w = 0; w < windows; w++) {
    const first = w * scale;
    const start = at(X, first);
    const mean = (at(X, first + scale) - start) / scale;
    let lowest = 0;
    let highest = 0;
    let variance = 0;
    for (let i = 1; i <= scale; i++) {
      const away = at(X, first + i) - start - i * mean;
      if (away < lowest) lowest = away;
      if (away > highest) highest = away;
      const deviation = at(x, first + i - 1) - mean;
      variance += deviation * deviation;
    }
    if (variance === 0) continue; // A constant window has no rescaled range.
    sum += (highest - lowest) / Math.sqrt(variance / scale);
    count++;
  }
  return { sum, count };
}

/** E(R/S) over n independent normal values: Γ((n−1)/2)/(√π Γ(n/2)) Σ_{i<n} √((n−i)/i) (Anis & Lloyd 1976). */
export function expectedRange(scale: number): number {
  let sum = 0;
  for (let i = 1; i < scale; i++) sum += Math.sqrt((scale - i) / i);
  return ratioOfGammas(scale) * sum;
}

/** Γ((n−1)/2)/(√π Γ(n/2)), which overflows in factors: 1 at n = 2, 2/π at n = 3, and (n−1)/n times itself at n + 2. */
function ratioOfGammas(n: number): number {
  let ratio = n % 2 === 0 ? 1 : 2 / Math.PI;
  for (let m = n % 2 === 0 ? 2 : 3; m < n; m += 2) ratio *= (m - 1) / m;
  return ratio;
}

/** Returns of X to within ε after n steps. */
function returns({ X }: Series, scale: number, epsilon: number): Tally {
  const pairs = X.length - scale;
  let sum = 0;
  for (let t = 0; t < pairs; t++) if (Math.abs(at(X, t + scale) - at(X, t)) <= epsilon) sum++;
  return { sum, count: pairs };
}

/** Squared increments of X over n steps; their mean over documents is 0, so no mean is taken off. */
function squares({ X }: Series, scale: number): Tally {
  const pairs = X.length - scale;
  let sum = 0;
  for (let t = 0; t < pairs; t++) {
    const step = at(X, t + scale) - at(X, t);
    sum += step * step;
  }
  return { sum, count: pairs };
}

/** An entry that the loops above cannot miss; NaN makes a slip visible. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
