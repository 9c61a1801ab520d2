// A family of estimates of which none shall be called wrongly: the level at which intervals hold all together, and
// p-values that say the same. Single-step max-t, on the scale of p-values because estimates differ in degrees of freedom.

import { normalBelow } from "../../base/distributions.js";
import { random } from "../../base/random.js";
import { type Basis, dot, pullsOf } from "./linearization.js";

/** One estimate of the family. The same cluster number means the same noise in all members' fits. */
export interface Member {
  /** Null where the points do not determine the parameters. */
  readonly basis: Basis | null;
  /** Of every point. */
  readonly cluster: Int32Array;
  readonly gradient: ArrayLike<number>;
}

export interface Family {
  /** Each interval at this level (its own t quantile at it), all of them together hold at the level that was asked for. */
  readonly level: number;
  /** Probability that chance alone would make some p-value of the family this small or smaller. */
  adjusted(pValue: number): number;
}

export const FAMILY_REPLICATES = 5000;

/**
 * Westfall & Young's (1993) single-step adjustment over joint replicates: in each, every cluster's pull on all estimates
 * is multiplied by one normal number, so that estimates which lean on the same points (the baseline's, a horizon's) rise
 * and fall together, and the least of the two-sided p-values is kept. An estimate is outside its simultaneous interval
 * exactly where its adjusted p-value is below 1 − level. A family of one is left as it is.
 *
 * `level` between 0 and 1; members whose points do not determine their parameters are taken for independent of the others.
 */
export function family(
  members: readonly Member[],
  level: number,
  seed: number,
  replicates = FAMILY_REPLICATES,
): Family {
  if (members.length < 2) return { level, adjusted: (pValue) => pValue };
  const numbers = new Map<number, number>();
  for (const { cluster } of members) for (const key of cluster) if (!numbers.has(key)) numbers.set(key, numbers.size);
  const pulls = members.map((member) => clusterPulls(member, numbers));
  const stream = random(seed).split("family");
  const normals = new Float64Array(numbers.size);
  const least = new Float64Array(replicates);
  for (let r = 0; r < replicates; r++) {
    for (let k = 0; k < normals.length; k++) normals[k] = stream.normal();
    let most = 0;
    for (const own of pulls) {
      let pull = own === null ? stream.normal() : 0;
      for (const [k, factor] of own ?? []) pull += factor * (normals[k] ?? Number.NaN);
      most = Math.max(most, Math.abs(pull));
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

/** Of each cluster on the estimate, of unit length; of hundreds of clusters only those in the fit pull. */
function clusterPulls(member: Member, numbers: ReadonlyMap<number, number>): readonly [number, number][] | null {
  const { basis, cluster, gradient } = member;
  if (basis === null) return null;
  const out = new Float64Array(numbers.size);
  pullsOf(basis, [gradient]).forEach((pull, i) => {
    const k = numbers.get(cluster[i] ?? Number.NaN) ?? Number.NaN;
    out[k] = (out[k] ?? Number.NaN) + pull * (basis.score[i] ?? Number.NaN);
  });
  const length = Math.sqrt(dot(out, out));
  if (!(length > 0)) return null;
  return Array.from(out, (value, k): [number, number] => [k, value / length]).filter(([, factor]) => factor !== 0);
}
