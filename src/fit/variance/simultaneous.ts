// A family of estimates of which none shall be called wrongly: the level at which intervals hold all together, and
// p-values that say the same. Single-step max-t, on the scale of p-values because estimates differ in degrees of freedom.

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
 * Westfall & Young's (1993) single-step adjustment over joint replicates: each draw is one normal number for all estimates,
 * so that those which lean on the same points (the baseline's) rise and fall together, and the least of the two-sided
 * p-values is kept. An estimate is outside its simultaneous interval exactly where its adjusted p-value is below 1 − level.
 * A family of one is left as it is.
 *
 * How estimates hang together is taken from the design and the size of the noise, not from the residuals: of the three runs
 * that end at a budget these would say that forty schemes are three, and 14 of 100 families called a difference that was none.
 *
 * `level` between 0 and 1.
 */
export function family(
  members: readonly Member[],
  level: number,
  seed: number,
  replicates = FAMILY_REPLICATES,
): Family {
  if (members.length < 2) return { level, adjusted: (pValue) => pValue };
  const numbers = new Map<number, number>();
  for (const { draws } of members) for (const draw of draws) numbers.set(draw, numbers.get(draw) ?? numbers.size);
  const unit = members.map(({ draws, pulls }) => ({
    places: Int32Array.from(draws, (draw) => numbers.get(draw) ?? -1),
    pulls: ofUnitLength(pulls),
  }));
  const stream = random(seed).split("family");
  const normals = new Float64Array(numbers.size);
  const least = new Float64Array(replicates);
  for (let r = 0; r < replicates; r++) {
    for (let k = 0; k < normals.length; k++) normals[k] = stream.normal();
    let most = 0;
    for (const { places, pulls } of unit) {
      let moved = 0;
      for (let d = 0; d < pulls.length; d++)
        moved += (pulls[d] ?? Number.NaN) * (normals[places[d] ?? -1] ?? Number.NaN);
      most = Math.max(most, Math.abs(moved));
    }
    least[r] = 2 * normalBelow(-most);
  }
  least.sort();
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

function ofUnitLength(pulls: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(pulls);
  const length = Math.sqrt(dot(values, values));
  return values.map((value) => value / length);
}
