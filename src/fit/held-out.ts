// Scoring a law on points it did not see: the largest are kept out of the fit.
import { InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { at, type Law, mainVariable } from "../law/law.js";
import { predict } from "./predict.js";
import type { Fit, HeldOut, HeldOutLoss } from "./record.js";

/** The observations at the given positions, in that order. */
export function pick(observations: Observations, positions: readonly number[]): Observations {
  const numbers = (column: Float64Array) => Float64Array.from(positions, (i) => at(column, i));
  const list = <T>(values: readonly T[] | null): T[] | null =>
    values === null ? null : positions.flatMap((i) => values.slice(i, i + 1));
  return {
    ...observations,
    x: observations.x.map(numbers),
    loss: numbers(observations.loss),
    standardError: observations.standardError === null ? null : numbers(observations.standardError),
    run: list(observations.run),
    pair: list(observations.pair),
    decayed: list(observations.decayed),
  };
}

/** Splits off the `count` points of largest x. Throws InputError unless points are left to fit. */
export function holdOut(
  law: Law,
  observations: Observations,
  count: number,
): { readonly kept: Observations; readonly heldOut: Observations | null } {
  if (count === 0) return { kept: observations, heldOut: null };
  const n = observations.loss.length;
  if (!Number.isInteger(count) || count < 0 || count >= n) {
    throw new InputError(
      `fit: points held out must be a whole number below the ${n} there are, got ${count}; hold out fewer`,
    );
  }
  const x = observations.x[mainVariable(law)] ?? new Float64Array(n);
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => at(x, a) - at(x, b));
  const inOrder = (positions: readonly number[]) => [...positions].sort((a, b) => a - b);
  return {
    kept: pick(observations, inOrder(order.slice(0, n - count))),
    heldOut: pick(observations, inOrder(order.slice(n - count))),
  };
}

/** A fitted law on points kept out of it: each with what was announced of it, the mean error, and how far out they lie. */
export function score(law: Law, fit: Fit, fitted: Observations, heldOut: Observations, level: number): HeldOut {
  const x = heldOut.x[mainVariable(law)] ?? new Float64Array(0);
  const order = Array.from(x.keys()).sort((a, b) => at(x, a) - at(x, b));
  const ordered = pick(heldOut, order);
  const each = predict(law, fit, ordered.x, { level }).map(({ x: point, loss, newRun }, i): HeldOutLoss => {
    const observed = at(ordered.loss, i);
    return { x: point, observed, predicted: loss, error: loss / observed - 1, newRun };
  });
  const farthest = (observations: Observations) =>
    (observations.x[mainVariable(law)] ?? new Float64Array(0)).reduce(
      (m, v) => Math.max(m, v),
      Number.NEGATIVE_INFINITY,
    );
  const decades = Math.log10(farthest(heldOut) / farthest(fitted));
  return {
    points: each.length,
    meanRelativeError: each.reduce((sum, { error }) => sum + Math.abs(error), 0) / each.length,
    decades: Number.isFinite(decades) ? decades : 0,
    each,
  };
}
