// Does the noise change along x? The test behind the warning, the size behind its sentence, and the weights that
// `--weights auto` fits by.

import { fTail } from "../../base/distributions.js";
import { extent } from "../../base/extent.js";
import { mean } from "../../base/mean.js";
import { type Basis, leverage } from "./linearization.js";
import { type Noise, noise } from "./noise.js";

export interface NoiseTrend {
  /** Standard deviation of the noise at the greatest x over that at the least. */
  readonly ratio: number;
  /** Central 95% of what the residuals leave open. */
  readonly lower: number;
  readonly upper: number;
  /** Of equal noise: Glejser's (1969) t test of the size of the residuals, over √(1 − leverage), against log x. */
  readonly pValue: number;
  /** 1/(standard deviation of the noise) at each point, relative: factors of residuals in a fit weighted by it. */
  readonly weights: Float64Array;
}

/**
 * Null where x does not vary, without three degrees of freedom, or where nothing speaks for a change. Where points share an
 * error only the ratio holds: their sizes are no separate evidence, as which `pValue` counts them.
 */
export function noiseTrend(basis: Basis, model: Noise | null = noise(basis)): NoiseTrend | null {
  const { along, score, points } = basis;
  if (along === null || model === null || basis.degreesOfFreedom < 3) return null;
  const [least, most] = extent(along);
  const range = most - least;
  if (!(range > 0)) return null;
  const sizes = Array.from({ length: points }, (_, i) => {
    const freedom = Math.max(1 - leverage(basis, i), Number.EPSILON);
    return Math.abs(score[i] ?? Number.NaN) / Math.sqrt(freedom);
  });
  const posterior = slopePosterior(model);
  if (posterior.length === 0) return null;
  const centre = posterior.reduce((sum, { slope, weight }) => sum + slope * weight, 0);
  const ratio = (slope: number) => Math.exp(slope / 2);
  return {
    ratio: ratio(centre),
    lower: ratio(quantile(posterior, 0.025)),
    upper: ratio(quantile(posterior, 0.975)),
    pValue: slopeTest(along, sizes),
    weights: along.map((value) => Math.exp((-centre * (value - least)) / range / 2)),
  };
}

interface Slope {
  readonly slope: number;
  readonly weight: number;
}

/** Over slopes in order, equal noise left out; weights sum to 1. */
function slopePosterior({ candidates }: Noise): readonly Slope[] {
  const weights = new Map<number, number>();
  let total = 0;
  for (const { slope, weight, equal } of candidates) {
    if (equal) continue;
    weights.set(slope, (weights.get(slope) ?? 0) + weight);
    total += weight;
  }
  return [...weights].sort(([a], [b]) => a - b).map(([slope, weight]) => ({ slope, weight: weight / total }));
}

/** Each slope standing for all that is nearer to it than to its neighbours, within those looked at. */
function quantile(posterior: readonly Slope[], probability: number): number {
  let below = 0;
  for (const [k, { slope, weight }] of posterior.entries()) {
    if (below + weight >= probability) {
      const [before = slope, after = slope] = [posterior[k - 1]?.slope, posterior[k + 1]?.slope];
      return (before + slope) / 2 + ((after - before) / 2) * ((probability - below) / weight);
    }
    below += weight;
  }
  return Number.NaN;
}

/** Two-sided p of the slope of y on x, by least squares. */
function slopeTest(x: Float64Array, y: readonly number[]): number {
  const n = x.length;
  const meanX = mean(x);
  const meanY = mean(y);
  let [xx, xy, yy] = [0, 0, 0];
  for (const [i, value] of y.entries()) {
    const dx = (x[i] ?? Number.NaN) - meanX;
    xx += dx * dx;
    xy += dx * (value - meanY);
    yy += (value - meanY) ** 2;
  }
  const left = yy - (xy * xy) / xx;
  return fTail((xy * xy) / (xx * (left / (n - 2))), 1, n - 2);
}
