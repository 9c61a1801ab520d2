// What the minima of valleys have in common: exponents that are shared move all of them at once, which the scatter about
// their line does not show. The line is carried back to the fit of all valleys, and the wider of the two intervals stands.
import type { Interval } from "../fit/record.js";
import { at } from "../law/law.js";
import type { ComputeRule, Optimum, Quantity } from "./allocation.js";
import { halfWidthOf, type Source } from "./delta.js";

/** The valleys' fit, and of each minimum on the line its budget, its weight and its log size as a function of the fit. */
export interface Minima {
  readonly source: Source;
  readonly minima: readonly {
    readonly logFlops: number;
    readonly weight: number;
    readonly logSize: (theta: Float64Array) => number;
  }[];
}

/** Shares hᵦ with log N*(C) = Σ hᵦ·log Nᵦ (or, for the slope, a = Σ hᵦ·log Nᵦ) on the weighted least-squares line. */
function shares({ minima }: Minima, logFlops: number | "slope"): readonly number[] {
  const total = minima.reduce((sum, { weight }) => sum + weight, 0);
  const mean = minima.reduce((sum, one) => sum + one.weight * one.logFlops, 0) / total;
  const spread = minima.reduce((sum, one) => sum + one.weight * (one.logFlops - mean) ** 2, 0);
  return minima.map((one) => {
    const slope = (one.weight * (one.logFlops - mean)) / spread;
    return logFlops === "slope" ? slope : one.weight / total + slope * (logFlops - mean);
  });
}

function halfWidth(joint: Minima, logFlops: number | "slope"): number {
  const { source, minima } = joint;
  const h = shares(joint, logFlops);
  const half = halfWidthOf(source, (theta) =>
    minima.reduce((sum, { logSize }, b) => sum + at(h, b) * logSize(theta), 0),
  );
  return half ?? 0;
}

/** At least `half` on both sides of a quantity, in its own measure or in its logarithm. */
function atLeast({ estimate, interval }: Quantity, half: number, level: number, log: boolean): Quantity {
  const [lower, upper] = log
    ? [estimate * Math.exp(-half), estimate * Math.exp(half)]
    : [estimate - half, estimate + half];
  if (!(half > 0)) return { estimate, interval };
  const own: Interval = interval ?? { level, lower, upper, method: "delta" };
  return {
    estimate,
    interval: {
      ...own,
      lower: own.lower === null ? null : Math.min(own.lower, lower),
      upper: own.upper === null ? null : Math.max(own.upper, upper),
    },
  };
}

export function widenOptimum(optimum: Optimum, joint: Minima, { power }: ComputeRule): Optimum {
  const half = halfWidth(joint, Math.log(optimum.flops));
  const { level } = joint.source;
  return {
    ...optimum,
    parameters: atLeast(optimum.parameters, half, level, true),
    tokens: atLeast(optimum.tokens, power * half, level, true),
    tokensPerParameter: atLeast(optimum.tokensPerParameter, (1 + power) * half, level, true),
  };
}

export function widenExponents(
  { parameters, tokens }: { readonly parameters: Quantity; readonly tokens: Quantity },
  joint: Minima,
  { power }: ComputeRule,
): { readonly parameters: Quantity; readonly tokens: Quantity } {
  const half = halfWidth(joint, "slope");
  const { level } = joint.source;
  return { parameters: atLeast(parameters, half, level, false), tokens: atLeast(tokens, power * half, level, false) };
}
