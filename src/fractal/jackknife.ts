// The jackknife over blocks of a text: the interval of an estimate from what it is without each of them.
import { studentTwoSided } from "../base/distributions.js";
import { mean } from "../base/mean.js";

/** estimate ± t(m − 1)·√((m − 1)/m·Σ(vᵢ − v̄)²), vᵢ the estimate without block i of m. */
export function jackknife(estimate: number, without: readonly number[], level: number) {
  const m = without.length;
  const center = mean(without);
  const variance = ((m - 1) / m) * without.reduce((sum, value) => sum + (value - center) ** 2, 0);
  const half = studentTwoSided(level, m - 1) * Math.sqrt(variance);
  return { level, lower: estimate - half, upper: estimate + half };
}
