// What a quantity of a scheme would become if its law, whose shape the data reject, were allowed to bend.
import { bend } from "../fit/variance/structure.js";
import { at } from "../law/law.js";
import { freeGradient, type Scheme } from "./schemes.js";

/**
 * The change of a quantity from its gradient by the law's parameters; of a loss, which the parabola itself adds to, with
 * where that is read: x of the law's main variable and the loss by the law.
 */
export type Bending = (
  gradient: ArrayLike<number>,
  read: { readonly x: number; readonly loss: number } | null,
) => number;

/** The law plus a parabola in log x, one step from the fit (structure.ts); 0 where the law cannot bend. */
export function bending(scheme: Scheme): Bending {
  const { problem, linear } = scheme.fit;
  const { basis } = linear;
  const found = basis === null ? null : bend(basis, problem.weights);
  if (basis === null || found === null) return () => 0;
  const { step, centre, taken } = found;
  return (gradient, read) => {
    const coordinates = basis.combination(linear.gradient([freeGradient(scheme, gradient)]));
    const given = coordinates.reduce((sum, value, k) => sum + value * at(taken, k), 0);
    if (read === null) return -step * given;
    const unit = problem.space === "log" ? read.loss : problem.unit;
    return step * (unit * (Math.log(read.x) - centre) ** 2 - given);
  };
}
