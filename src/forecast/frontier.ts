// From best sizes at some budgets to any budget: the line log N* = k + a·log C, robust against one valley that was misread.
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import { at } from "../law/law.js";
import { powerLaw } from "../law/power-law.js";
import type { ComputeRule, Optimum, Quantity, Question } from "./allocation.js";
import { positiveQuantity, quantity, type Source, sourceOf } from "./delta.js";

/** Huber's δ for 95% efficiency under normal errors, in standard errors. */
const HUBER = 1.345;

interface Measured {
  readonly flops: number;
  readonly parameters: Quantity;
}

export interface Line {
  readonly source: Source;
  /** Budgets are taken over this one, which keeps the coefficient at the size of the data. */
  readonly origin: number;
}

/** Half the interval of a minimum in the logarithm, times the minimum; NaN where it is open or not known. */
function halfWidth({ parameters: { estimate, interval } }: Measured): number {
  if (interval === null || interval.lower === null || interval.upper === null) return Number.NaN;
  return (estimate * Math.log(interval.upper / interval.lower)) / 2;
}

/**
 * Fitted to log N* with Huber's loss, each minimum weighted by its interval: those that have none are left out where three
 * have one, else none is weighted. Null with fewer than two budgets; with two the line is exact and has no interval.
 */
export function lineThrough(all: readonly Measured[], level: number): Line | null {
  const sure = all.filter((one) => halfWidth(one) > 0);
  const weighted = sure.length > 2;
  const measured = weighted ? sure : all;
  if (measured.length < 2) return null;
  const origin = Math.exp(mean(measured.map(({ flops }) => Math.log(flops))));
  const observations: Observations = {
    group: {},
    x: [Float64Array.from(measured, ({ flops }) => flops / origin)],
    loss: Float64Array.from(measured, ({ parameters }) => parameters.estimate),
    standardError: weighted ? Float64Array.from(measured, halfWidth) : null,
    run: null,
    pair: null,
    decayed: null,
    excluded: [],
  };
  const fitted = fitLaw(powerLaw, observations, {
    interval: "delta",
    weighted,
    loss: weighted ? { kind: "huber", delta: HUBER } : { kind: "squared" },
    bounds: { exponent: [-5, 5] },
    start: { coefficient: at(observations.loss, 0), exponent: -0.5 },
  });
  return { source: sourceOf(powerLaw, fitted, level), origin };
}

/** a of N* ∝ C^a, and b = 1 − g·a of D* ∝ C^b, since C = κ·N^g·D. */
export function exponentsOfLine(
  { source }: Line,
  rule: ComputeRule,
): { readonly parameters: Quantity; readonly tokens: Quantity } {
  return {
    parameters: quantity(source, (theta) => -at(theta, 1)),
    tokens: quantity(source, (theta) => 1 + rule.power * at(theta, 1)),
  };
}

export function optimaOfLine({ source, origin }: Line, question: Question): readonly Optimum[] {
  const { factor, power } = question.compute;
  return question.budgets.map((flops) => {
    const logN = (theta: Float64Array) => Math.log(at(theta, 0)) - at(theta, 1) * Math.log(flops / origin);
    const logD = (theta: Float64Array) => Math.log(flops / factor) - power * logN(theta);
    return {
      flops,
      parameters: positiveQuantity(source, logN),
      tokens: positiveQuantity(source, logD),
      tokensPerParameter: positiveQuantity(source, (theta) => logD(theta) - logN(theta)),
      loss: null,
      range: null,
      decades: Math.log10(flops) - question.reach,
    };
  });
}
