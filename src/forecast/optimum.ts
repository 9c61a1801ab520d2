// The best split of a budget on the surface L = E + A·N^−α + B·D^−β: in closed form for training alone, by golden section
// where tokens are to be served too (Sardana et al. 2024) or are too few and must be repeated (Muennighoff et al. 2023).
import { InputError } from "../base/errors.js";
import type { ComputeRule, Demand } from "./allocation.js";
import { flopsPerToken } from "./compute-rule.js";

/** Constants of the Chinchilla law, in its own letters. */
export interface Constants {
  readonly E: number;
  readonly A: number;
  readonly B: number;
  readonly alpha: number;
  readonly beta: number;
}

export interface Split {
  readonly parameters: number;
  readonly tokens: number;
  readonly loss: number;
}

/** R_D* and R_N* of Muennighoff et al. 2023 (arXiv 2305.16264, eq. 12; their fit to C4, §A): how slowly repeats wear out. */
export const REPEAT_CONSTANTS = { tokens: 15.387756, parameters: 5.309743 } as const;

export const lossAt = (c: Constants, parameters: number, tokens: number): number =>
  c.E + c.A * parameters ** -c.alpha + c.B * tokens ** -c.beta;

/**
 * N* minimises E + A·N^−α + B·(C/(κ·N^g))^−β, so α·A·N^−α = g·β·B·D^−β and
 * N* = [(αA)/(gβB)]^(1/(α+gβ))·(C/κ)^(β/(α+gβ)); at κ = 6, g = 1 eq. 4 of Hoffmann et al. 2022 (arXiv 2203.15556).
 */
export function trainingOptimum(c: Constants, rule: ComputeRule, flops: number): Split {
  const logBudget = Math.log(flops / rule.factor);
  const balance = Math.log((c.alpha * c.A) / (rule.power * c.beta * c.B));
  const logN = (balance + c.beta * logBudget) / (c.alpha + rule.power * c.beta);
  const parameters = Math.exp(logN);
  const tokens = Math.exp(logBudget - rule.power * logN);
  return { parameters, tokens, loss: lossAt(c, parameters, tokens) };
}

/** a = β/(α + gβ) and b = α/(α + gβ) in N* ∝ C^a, D* ∝ C^b. */
export function exponentsOf(c: Constants, rule: ComputeRule): { readonly parameters: number; readonly tokens: number } {
  const sum = c.alpha + rule.power * c.beta;
  return { parameters: c.beta / sum, tokens: c.alpha / sum };
}

/** Loss of N parameters trained within the budget under a demand, with the tokens seen; +∞ where nothing is left to train with. */
export function splitAt(c: Constants, rule: ComputeRule, flops: number, demand: Demand, parameters: number): Split {
  const perToken = flopsPerToken(rule, parameters);
  if (demand.kind === "served") {
    // A served token costs the forward third of a training token.
    const tokens = (flops - (perToken / 3) * demand.tokens) / perToken;
    return { parameters, tokens, loss: tokens > 0 ? lossAt(c, parameters, tokens) : Number.POSITIVE_INFINITY };
  }
  const tokens = flops / perToken;
  if (demand.kind === "training") return { parameters, tokens, loss: lossAt(c, parameters, tokens) };
  return { parameters, tokens, loss: repeatedLoss(c, rule, demand.tokens, parameters, tokens) };
}

/**
 * Loss with at most U different tokens (eq. 9–11 of arXiv 2305.16264): D' = U_D + U_D·R_D*·(1 − e^(−R_D/R_D*)), R_D repeats
 * after the first epoch; N' likewise from U_N, the size that U_D tokens are optimal for.
 */
export function repeatedLoss(
  c: Constants,
  rule: ComputeRule,
  unique: number,
  parameters: number,
  tokens: number,
): number {
  const once = Math.min(unique, tokens);
  const worth = (amount: number, base: number, wear: number) =>
    base * (1 + wear * (1 - Math.exp(-(amount / base - 1) / wear)));
  const fitting = sizeForTokens(c, rule, once);
  const effective = parameters > fitting ? worth(parameters, fitting, REPEAT_CONSTANTS.parameters) : parameters;
  return lossAt(c, effective, worth(tokens, once, REPEAT_CONSTANTS.tokens));
}

/** The size for which D tokens are the optimum: αA·N^−α = gβB·D^−β. */
function sizeForTokens(c: Constants, rule: ComputeRule, tokens: number): number {
  return ((c.alpha * c.A * tokens ** c.beta) / (rule.power * c.beta * c.B)) ** (1 / c.alpha);
}

/** The best split under any demand. */
export function optimumFor(c: Constants, rule: ComputeRule, flops: number, demand: Demand): Split {
  const plain = trainingOptimum(c, rule, flops);
  if (demand.kind === "training") return plain;
  if (!(demand.tokens > 0)) {
    throw new InputError(`allocate: tokens ${demand.kind} must be above 0, got ${demand.tokens}; leave the option out`);
  }
  const loss = (logN: number) => splitAt(c, rule, flops, demand, Math.exp(logN)).loss;
  const centre = Math.log(plain.parameters);
  return splitAt(c, rule, flops, demand, Math.exp(goldenSection(loss, centre - 12, centre + 3)));
}

/**
 * The cheapest training and serving of a loss: the size that minimises C(N, D) + T·C(N, 1)/3 with D such that the loss is
 * reached (Sardana et al. 2024, arXiv 2401.00448, eq. 1). Null where the loss is not above E.
 */
export function cheapestForLoss(
  c: Constants,
  rule: ComputeRule,
  loss: number,
  served: number,
): (Split & { readonly flops: number }) | null {
  if (!(loss > c.E)) return null;
  const tokensFor = (parameters: number) => ((loss - c.E - c.A * parameters ** -c.alpha) / c.B) ** (-1 / c.beta);
  const total = (logN: number) => {
    const parameters = Math.exp(logN);
    const cost = flopsPerToken(rule, parameters) * (tokensFor(parameters) + served / 3);
    return Number.isFinite(cost) ? cost : Number.POSITIVE_INFINITY;
  };
  // Below this size no number of tokens reaches the loss.
  const least = Math.log((c.A / (loss - c.E)) ** (1 / c.alpha));
  const logN = goldenSection(total, least, least + 15);
  const parameters = Math.exp(logN);
  return { parameters, tokens: tokensFor(parameters), loss, flops: total(logN) };
}

/** The sizes at either side of the optimum at which the loss has risen by the share `tolerance`. */
export function rangeWithin(
  c: Constants,
  rule: ComputeRule,
  flops: number,
  demand: Demand,
  best: Split,
  tolerance: number,
): { readonly lower: number; readonly upper: number } {
  const most = best.loss * (1 + tolerance);
  const side = (direction: 1 | -1) => {
    let [inside, outside] = [0, 0.05];
    const over = (by: number) =>
      !(splitAt(c, rule, flops, demand, best.parameters * Math.exp(direction * by)).loss <= most);
    while (!over(outside) && outside < 60) [inside, outside] = [outside, 2 * outside];
    for (let i = 0; i < 50; i++) {
      const middle = (inside + outside) / 2;
      if (over(middle)) outside = middle;
      else inside = middle;
    }
    return best.parameters * Math.exp(direction * inside);
  };
  return { lower: side(-1), upper: side(1) };
}

/** Where a function with one minimum on [low, high] has it (Kiefer 1953). */
export function goldenSection(f: (x: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let [x, y] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [fx, fy] = [f(x), f(y)];
  while (b - a > 1e-9 * (1 + Math.abs(a))) {
    if (fx < fy || (fx === fy && !Number.isFinite(fx))) {
      [b, y, fy] = [y, x, fx];
      x = b - ratio * (b - a);
      fx = f(x);
    } else {
      [a, x, fx] = [x, y, fy];
      y = a + ratio * (b - a);
      fy = f(y);
    }
  }
  return (a + b) / 2;
}
