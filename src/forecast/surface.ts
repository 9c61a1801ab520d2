// Approach 3: the law in parameters and tokens, minimised along each budget.
import { FitError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import type { FitOptions } from "../fit/record.js";
import { chinchilla, chinchillaTied } from "../law/chinchilla.js";
import { at, type Law } from "../law/law.js";
import type { Answer, Demand, Optimum, Question, Surface } from "./allocation.js";
import { positiveQuantity, quantity, type Source, sourceOf } from "./delta.js";
import { type Constants, exponentsOf, lossAt, optimumFor, rangeWithin } from "./optimum.js";
import { redrawnThetas } from "./redrawn.js";

/** The laws that have a best split in closed form. */
export const SURFACE_LAWS: readonly Law[] = [chinchilla, chinchillaTied];

/** E, A, B, α and β from the parameters of either law, in its order. */
export function constantsOf(theta: ArrayLike<number>): Constants {
  const alpha = at(theta, 3);
  return { E: at(theta, 0), A: at(theta, 1), B: at(theta, 2), alpha, beta: theta.length > 4 ? at(theta, 4) : alpha };
}

/** `observations.x` = [parameters, tokens]. Unavailable where the law cannot be fitted or has no minimum along a budget. */
export function surface(
  law: Law,
  observations: Observations,
  demand: Demand,
  question: Question,
  options: Partial<FitOptions>,
): Answer<Surface> {
  let fitted: ReturnType<typeof fitLaw>;
  try {
    fitted = fitLaw(law, observations, { ...options, interval: "delta", level: question.level });
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    return { kind: "unavailable", reason: error.message };
  }
  const draws = question.redrawing === null ? null : redrawnThetas(law, observations, options, question.redrawing);
  const source = sourceOf(law, fitted, question.level, draws);
  const constants = constantsOf(source.theta);
  if (!(constants.A > 0 && constants.B > 0 && constants.alpha > 0 && constants.beta > 0)) {
    const idle = constants.A > 0 && constants.alpha > 0 ? "tokens" : "parameters";
    return {
      kind: "unavailable",
      reason: `the fitted loss does not fall with ${idle}, so no split is best: vary ${idle} more at each budget`,
    };
  }
  return {
    kind: "answer",
    value: {
      fit: fitted,
      exponents: {
        parameters: quantity(source, (theta) => exponentsOf(constantsOf(theta), question.compute).parameters),
        tokens: quantity(source, (theta) => exponentsOf(constantsOf(theta), question.compute).tokens),
      },
      optima: question.budgets.map((flops) => optimumOf(source, flops, demand, question)),
    },
  };
}

function optimumOf(source: Source, flops: number, demand: Demand, question: Question): Optimum {
  const { compute } = question;
  const constants = constantsOf(source.theta);
  const best = optimumFor(constants, compute, flops, demand);
  const split = (theta: Float64Array) => optimumFor(constantsOf(theta), compute, flops, demand);
  return {
    flops,
    parameters: positiveQuantity(source, (theta) => Math.log(split(theta).parameters)),
    tokens: positiveQuantity(source, (theta) => Math.log(split(theta).tokens)),
    tokensPerParameter: positiveQuantity(source, (theta) => {
      const { parameters, tokens } = split(theta);
      return Math.log(tokens / parameters);
    }),
    loss: positiveQuantity(source, (theta) => Math.log(split(theta).loss)),
    range: rangeWithin(constants, compute, flops, demand, best, question.tolerance),
    decades: Math.log10(flops) - question.reach,
  };
}

/** Loss of the surface at any N and D. */
export const surfaceLoss = (theta: ArrayLike<number>, parameters: number, tokens: number): number =>
  lossAt(constantsOf(theta), parameters, tokens);
