// The two laws of arXiv 2209.06640 beyond M1 and M2 (power-law.ts): M3, which levels off by a shift, and M4, sigmoid-like.
import { extent } from "../base/extent.js";
import { grid, type Law } from "./law.js";
import { EXPONENT_STARTS } from "./power-law.js";

const POSITIVE = { lower: 0, upper: Number.POSITIVE_INFINITY };

/**
 * M3: L(D) = β·(1/D + γ)^c, c ≥ 0, γ ≥ 0; its limit is β·γ^c. The symbols are the paper's (its code's `m3.py`), where,
 * unlike elsewhere in that code, c is positive.
 */
export const shiftedPowerLaw: Law = {
  name: "m3",
  formula: "beta·(1/D + gamma)^c",
  variables: ["tokens"],
  parameters: [
    { name: "beta", meaning: "factor", ...POSITIVE, linear: true, role: "coefficient" },
    {
      name: "gamma",
      meaning: "1/tokens where the curve bends to its limit",
      ...POSITIVE,
      linear: false,
      role: "other",
    },
    { name: "c", meaning: "exponent of 1/D + gamma", lower: 0, upper: 50, linear: false, role: "exponent" },
  ],
  value: (theta, x) => (theta[0] ?? 0) * (1 / (x[0] ?? 0) + (theta[1] ?? 0)) ** (theta[2] ?? 0),
  gradient: (theta, x, out) => {
    const base = 1 / (x[0] ?? 0) + (theta[1] ?? 0);
    const power = base ** (theta[2] ?? 0);
    out[0] = power;
    out[1] = ((theta[0] ?? 0) * (theta[2] ?? 0) * power) / base;
    out[2] = (theta[0] ?? 0) * power * Math.log(base);
    return (theta[0] ?? 0) * power;
  },
  starts: (x) => {
    const tokens = x[0] ?? new Float64Array(0);
    const [small, large] = extent(tokens);
    const bends = [0, 0.1, 0.5, 2, 10].map((factor) => factor / large);
    return grid([...bends, 1 / small], EXPONENT_STARTS);
  },
};

/**
 * M4: (L − E)/(L0 − L)^α = β·D^−c, solved for L by safeguarded Newton steps in log space. Sigmoid-like: L0 at D → 0, E at
 * D → ∞, and M2 at α = 0. The paper's code writes D^c with c negative; here c > 0 stands under a minus, as in every law here.
 */
export const sigmoidPowerLaw: Law = {
  name: "m4",
  formula: "(L − E)/(L0 − L)^alpha = beta·D^−c",
  variables: ["tokens"],
  parameters: [
    { name: "E", meaning: "loss as tokens → ∞", ...POSITIVE, linear: false, role: "limit" },
    { name: "L0", meaning: "loss before training", ...POSITIVE, linear: false, role: "other" },
    { name: "alpha", meaning: "how sharply the curve leaves L0", lower: 0, upper: 20, linear: false, role: "other" },
    { name: "beta", meaning: "factor of D^−c", ...POSITIVE, linear: false, role: "coefficient" },
    { name: "c", meaning: "exponent of the tail", lower: 0, upper: 10, linear: false, role: "exponent" },
  ],
  value: (theta, x) => solveSigmoid(theta, x[0] ?? 0),
  gradient: (theta, x, out) => {
    const [limit, start, alpha, beta] = [theta[0] ?? 0, theta[1] ?? 0, theta[2] ?? 0, theta[3] ?? 0];
    const loss = solveSigmoid(theta, x[0] ?? 0);
    // F = log(L − E) − α·log(L0 − L) − log β + c·log D = 0, differentiated implicitly.
    const slope = 1 / (loss - limit) + alpha / (start - loss);
    out[0] = 1 / (loss - limit) / slope;
    out[1] = alpha / (start - loss) / slope;
    out[2] = Math.log(start - loss) / slope;
    out[3] = 1 / beta / slope;
    out[4] = -Math.log(x[0] ?? 0) / slope;
    return loss;
  },
  starts: (x, loss) => {
    const tokens = x[0] ?? new Float64Array(0);
    const [best, worst] = extent(loss);
    const middle = Math.sqrt(extent(tokens)[0] * extent(tokens)[1]);
    const typical = Math.sqrt(best * worst);
    return grid([0.5, 0.8, 0.95], [1.1, 1.5, 4], [0.1, 0.5, 1, 2], [0.1, 0.2, 0.4, 0.8]).map((row) => {
      const [limit, start, alpha, c] = [(row[0] ?? 0) * best, (row[1] ?? 0) * worst, row[2] ?? 0, row[3] ?? 0];
      // The factor that puts the curve through the middle of the data.
      const beta = ((typical - limit) / (start - typical) ** alpha) * middle ** c;
      return [limit, start, alpha, beta, c];
    });
  },
};

/** Root L in (E, L0) of log(L − E) − α·log(L0 − L) = log β − c·log D; the left side rises from −∞ to +∞. */
function solveSigmoid(theta: ArrayLike<number>, tokens: number): number {
  const [limit, start, alpha, beta, c] = [theta[0] ?? 0, theta[1] ?? 0, theta[2] ?? 0, theta[3] ?? 0, theta[4] ?? 0];
  const span = start - limit;
  if (!(span > 0 && beta > 0)) return Number.NaN;
  const goal = Math.log(beta) - c * Math.log(tokens);
  if (alpha === 0) return limit + Math.exp(goal);
  // In t = log((L − E)/(L0 − L)) both ends are far away and the left side is log(span)(1−α) + t − (1−α)·log(1+eᵗ).
  const constant = (1 - alpha) * Math.log(span) - goal;
  const softplus = (t: number) => (t > 0 ? t + Math.log1p(Math.exp(-t)) : Math.log1p(Math.exp(t)));
  let [low, high] = [-800, 800];
  let t = 0;
  for (let iteration = 0; iteration < 200; iteration++) {
    const value = constant + t - (1 - alpha) * softplus(t);
    if (value > 0) high = t;
    else low = t;
    const slope = 1 - (1 - alpha) / (1 + Math.exp(-t));
    let next = t - value / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - t) <= 1e-15 * Math.abs(t) || next === t) break;
    t = next;
  }
  return limit + span / (1 + Math.exp(-t));
}
