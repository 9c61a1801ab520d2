// A family of estimates of which none shall be called wrongly: the level at which intervals hold all together, and
// p-values that say the same. Single-step max-t, on the scale of p-values because estimates differ in degrees of freedom.

import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { normalBelow } from "../../base/distributions.js";
import { random } from "../../base/random.js";
import { dot } from "./linearization.js";

/**
 * One estimate of the family: by how much each independent draw of noise moves it, in any unit. A draw has the same number
 * in all members that it moves.
 */
export interface Member {
  readonly draws: readonly number[];
  readonly pulls: ArrayLike<number>;
}

export interface Family {
  /** Each interval at this level (its own t quantile at it), all of them together hold at the level that was asked for. */
  readonly level: number;
  /** Probability that chance alone would make some p-value of the family this small or smaller. */
  adjusted(pValue: number): number;
}

export const FAMILY_REPLICATES = 5000;

/**
 * Westfall & Young's (1993) single-step adjustment over joint replicates, normal numbers with the estimates' correlations,
 * so that those which lean on the same points (the baseline's) rise and fall together. A family of one is left as it is.
 *
 * How estimates hang together is taken from the design and the size of the noise: residuals of the few runs that end at a
 * budget would say that many schemes are a few. What their standard errors have in common is left out.
 *
 * `level` between 0 and 1.
 */
export function family(
  members: readonly Member[],
  level: number,
  seed: number,
  replicates = FAMILY_REPLICATES,
): Family {
  if (members.length < 2) return alone(level);
  const root = rootOf(correlations(members));
  const stream = random(seed).split("family");
  const normals = new Float64Array(members.length);
  const least = Float64Array.from({ length: replicates }, () => {
    for (let k = 0; k < normals.length; k++) normals[k] = stream.normal();
    let most = 0;
    for (const row of root) most = Math.max(most, Math.abs(dot(row, normals)));
    return 2 * normalBelow(-most);
  });
  return familyOf(least, level);
}

/** One that is no family. */
export const alone = (level: number): Family => ({ level, adjusted: (pValue) => pValue });

/**
 * An estimate is outside its simultaneous interval exactly where its adjusted p-value is below 1 − level.
 * @param leastPValues of each joint replicate, the least of its two-sided p-values
 */
export function familyOf(leastPValues: Float64Array, level: number): Family {
  const least = Float64Array.from(leastPValues).sort();
  const replicates = least.length;
  // Both from one list, so that interval and p-value cannot disagree.
  const allowed = Math.floor((1 - level) * replicates);
  return {
    level: 1 - (least[allowed] ?? Number.NaN),
    adjusted(pValue) {
      let [low, high] = [0, replicates];
      while (low < high) {
        const half = (low + high) >> 1;
        if ((least[half] ?? 1) <= pValue) low = half + 1;
        else high = half;
      }
      return Math.min(1, Math.max(pValue, low / replicates));
    },
  };
}

/** Of the estimates, from the draws that move several. */
function correlations(members: readonly Member[]): Matrix {
  const byDraw = new Map<number, { readonly member: number; readonly pull: number }[]>();
  for (const [member, { draws, pulls }] of members.entries()) {
    const values = Float64Array.from(pulls);
    const length = Math.sqrt(dot(values, values));
    for (const [d, draw] of draws.entries()) {
      const moved = { member, pull: (values[d] ?? Number.NaN) / (length || 1) };
      const known = byDraw.get(draw);
      if (known === undefined) byDraw.set(draw, [moved]);
      else known.push(moved);
    }
  }
  const matrix = Matrix.eye(members.length);
  for (const moved of byDraw.values()) {
    for (const a of moved) {
      for (const b of moved) {
        if (a.member !== b.member) matrix.set(a.member, b.member, matrix.get(a.member, b.member) + a.pull * b.pull);
      }
    }
  }
  return matrix;
}

/** Rows of R, R·Rᵀ being the matrix; of estimates that are one and the same it has no inverse. */
function rootOf(matrix: Matrix): readonly Float64Array[] {
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const scales = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
  return eigenvectorMatrix
    .to2DArray()
    .map((row) => Float64Array.from(row, (value, k) => value * (scales[k] ?? Number.NaN)));
}
