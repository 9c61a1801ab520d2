// The lowest point of one IsoFLOP valley: by the law's own shape, or by a parabola; interior, or none with what is missing.
import { extent } from "../base/extent.js";
import { significant } from "../base/format.js";
import { at } from "../law/law.js";
import type { Minimum, Question } from "./allocation.js";
import { positiveQuantity, type Source } from "./delta.js";
import { lowest, type Parabola } from "./parabola.js";
import { lowestOf } from "./valley-law.js";

/** Points of a valley's curve. */
const DRAWN = 41;

/** The runs of one budget. */
export interface Budget {
  readonly flops: number;
  readonly centre: number;
  readonly sizes: Float64Array;
  readonly losses: Float64Array;
}

export function lawMinimum(budget: Budget, source: Source, valleys: number, b: number, question: Question): Minimum {
  const { theta } = source;
  const u = lowestOf(theta, valleys, b);
  const [alpha, beta] = [at(theta, 3 * valleys), at(theta, 3 * valleys + 1)];
  const value = (v: number) =>
    at(theta, 3 * b) + at(theta, 3 * b + 1) * Math.exp(-alpha * v) + at(theta, 3 * b + 2) * Math.exp(beta * v);
  const parameters = positiveQuantity(source, (moved) => Math.log(budget.centre) + lowestOf(moved, valleys, b));
  return minimumOf(budget, u, parameters, value, question);
}

export function parabolaMinimum(
  budget: Budget,
  bowl: Parabola | null,
  variance: number,
  degreesOfFreedom: number,
  question: Question,
): Minimum {
  const found = bowl === null ? null : lowest(bowl, variance, degreesOfFreedom, question.level);
  if (bowl === null || found === null) return none(budget, Number.NaN);
  const [a, b, c] = bowl.coefficients;
  const scale = (bound: number | null) => (bound === null ? null : budget.centre * Math.exp(bound));
  const { interval } = found;
  const parameters = {
    estimate: budget.centre * Math.exp(found.u),
    interval: interval === null ? null : { ...interval, lower: scale(interval.lower), upper: scale(interval.upper) },
  };
  return minimumOf(budget, found.u, parameters, (v) => a + b * v + c * v * v, question);
}

/** A minimum counts where sizes on both sides of it were trained. */
function minimumOf(
  budget: Budget,
  u: number,
  parameters: Extract<Minimum, { kind: "interior" }>["parameters"],
  value: (u: number) => number,
  question: Question,
): Minimum {
  const sides = extent(budget.sizes);
  const [low, high] = [Math.log(sides[0] / budget.centre), Math.log(sides[1] / budget.centre)];
  if (!(u > low && u < high)) return none(budget, u);
  const loss = value(u);
  const most = loss * (1 + question.tolerance);
  const edge = (end: number) => {
    if (value(end) <= most) return budget.centre * Math.exp(end);
    let [inside, outside] = [u, end];
    for (let i = 0; i < 50; i++) {
      const middle = (inside + outside) / 2;
      if (value(middle) <= most) inside = middle;
      else outside = middle;
    }
    return budget.centre * Math.exp(inside);
  };
  const curve = Array.from({ length: DRAWN }, (_, i) => {
    const v = low + ((high - low) * i) / (DRAWN - 1);
    return { parameters: budget.centre * Math.exp(v), loss: value(v) };
  });
  return { kind: "interior", parameters, loss, range: { lower: edge(low), upper: edge(high) }, curve };
}

function none(budget: Budget, u: number): Minimum {
  const where = `at ${significant(budget.flops, 3)} FLOPs`;
  if (!Number.isFinite(u)) {
    return {
      kind: "none",
      code: "no-valley",
      message: `${where} the losses bend to no minimum: train smaller and larger sizes there`,
    };
  }
  const [code, end, more] = u > 0 ? ["minimum-above", "largest", "larger"] : ["minimum-below", "smallest", "smaller"];
  return {
    kind: "none",
    code,
    message: `${where} the best size lies beyond the ${end} trained: train ${more} ones there`,
  };
}
