// FLOPs as a function of parameters and tokens: by convention 6·N·D, or as the data's own column says.
import { InputError } from "../base/errors.js";
import { mean } from "../base/mean.js";
import { at } from "../law/law.js";
import type { ComputeRule } from "./allocation.js";

/** C = 6·N·D (Kaplan et al. 2020, arXiv 2001.08361, §2.1). */
export const SIX_N_D: ComputeRule = { kind: "6ND", factor: 6, power: 1, misfit: 0 };

/** FLOPs of one token at N parameters. */
export const flopsPerToken = (rule: ComputeRule, parameters: number): number => rule.factor * parameters ** rule.power;

/**
 * The rule that a column of FLOPs follows, by least squares of log(C/D) on log N; with one size alone the power is 1.
 * Throws InputError where the column is further than a factor 2 from 6·N·D, unless `insisted`: then a unit is wrong, or
 * parameters are counted once in a model that uses them several times.
 */
export function computeRule(
  parameters: Float64Array,
  tokens: Float64Array,
  flops: Float64Array,
  insisted: boolean,
): ComputeRule {
  const u = parameters.map(Math.log);
  const v = flops.map((c, i) => Math.log(c / at(tokens, i)));
  const farthest = flops.reduce((worst, c, i) => {
    const ratio = c / (6 * at(parameters, i) * at(tokens, i));
    return Math.abs(Math.log(ratio)) > Math.abs(Math.log(worst)) ? ratio : worst;
  }, 1);
  if (!insisted && !(Math.abs(Math.log(farthest)) <= Math.log(2))) {
    throw new InputError(
      `allocate: FLOPs must agree with 6·N·D within a factor 2, got ${farthest.toPrecision(3)} times as many; check units and what N counts (a recursive model: every use), or insist with --flops COLUMN`,
    );
  }
  const [meanU, meanV] = [mean(u), mean(v)];
  const spread = u.reduce((sum, value) => sum + (value - meanU) ** 2, 0);
  const shared = u.reduce((sum, value, i) => sum + (value - meanU) * (at(v, i) - meanV), 0);
  const power = spread > 0 ? shared / spread : 1;
  const intercept = meanV - power * meanU;
  const misfit = v.reduce((m, value, i) => Math.max(m, Math.abs(value - intercept - power * at(u, i))), 0);
  return { kind: "column", factor: Math.exp(intercept), power, misfit };
}
