// Approach 2: the runs of one budget form a valley over size; its lowest point, and a robust line through all of them.
import { FitError } from "../base/errors.js";
import { significant } from "../base/format.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import { at } from "../law/law.js";
import type { Answer, Minimum, Question, Valley, Valleys } from "./allocation.js";
import { positiveQuantity, type Source, sourceOf } from "./delta.js";
import { exponentsOfLine, lineThrough, optimaOfLine } from "./frontier.js";
import { lowest, type Parabola, parabola } from "./parabola.js";
import { lowestOf, valleyLaw } from "./valley-law.js";

/** Budgets that differ by less count as one. */
const SAME_BUDGET = 1.2;
const LEAST_SIZES = 3;
/** Budgets that one fit of all valleys takes; more than these are accidents of dense curves, and parabolas do. */
const MOST_VALLEYS = 20;

interface Budget {
  readonly flops: number;
  readonly centre: number;
  readonly sizes: Float64Array;
  readonly losses: Float64Array;
}

/**
 * `observations.x` = [parameters, tokens], `flops` beside them. Unavailable, with the remedy, where no budget holds three
 * sizes.
 */
export function isoflop(observations: Observations, flops: Float64Array, question: Question): Answer<Valleys> {
  const all = budgetsOf(observations, flops);
  const budgets = all.filter(({ sizes }) => new Set(sizes).size >= LEAST_SIZES);
  if (budgets.length === 0) {
    const most = all.reduce((m, { sizes }) => Math.max(m, new Set(sizes).size), 0);
    const reason =
      most < 2
        ? "budgets never repeat, so there are no IsoFLOP valleys: train at least 3 sizes at each of 3 budgets"
        : `at most ${most} sizes share a budget, a valley needs ${LEAST_SIZES}: train more sizes at the same FLOPs`;
    return { kind: "unavailable", reason };
  }
  const valleys = readValleys(budgets, question);
  const interior = valleys.flatMap(({ flops: budget, minimum }) =>
    minimum.kind === "interior" ? [{ flops: budget, parameters: minimum.parameters }] : [],
  );
  const line = lineThrough(interior, question.level);
  return {
    kind: "answer",
    value: {
      valleys,
      exponents: line === null ? null : exponentsOfLine(line, question.compute),
      optima: line === null ? [] : optimaOfLine(line, question),
    },
  };
}

function budgetsOf(observations: Observations, flops: Float64Array): readonly Budget[] {
  const parameters = observations.x[0] ?? new Float64Array(0);
  const order = Array.from(flops.keys()).sort(
    (a, b) => at(flops, a) - at(flops, b) || at(parameters, a) - at(parameters, b),
  );
  const groups: number[][] = [];
  for (const i of order) {
    const last = groups.at(-1);
    if (last !== undefined && at(flops, i) <= SAME_BUDGET * at(flops, last[0] ?? 0)) last.push(i);
    else groups.push([i]);
  }
  const centre = (values: readonly number[]) =>
    Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  return groups.map((positions) => ({
    flops: centre(positions.map((i) => at(flops, i))),
    centre: centre(positions.map((i) => at(parameters, i))),
    sizes: Float64Array.from(positions, (i) => at(parameters, i)),
    losses: Float64Array.from(positions, (i) => at(observations.loss, i)),
  }));
}

function readValleys(budgets: readonly Budget[], question: Question): readonly Valley[] {
  const bowls = budgets.map(({ sizes, losses, centre }) =>
    parabola(
      sizes.map((size) => Math.log(size / centre)),
      losses,
    ),
  );
  const spare = budgets.reduce((sum, { sizes }) => sum + sizes.length - 3, 0);
  const pooled = bowls.reduce((sum, bowl) => sum + (bowl?.squares ?? 0), 0) / Math.max(1, spare);
  const source = fitValleys(budgets, question.level);
  return budgets.map((budget, b): Valley => {
    const byParabola = parabolaMinimum(budget, bowls[b] ?? null, pooled, spare, question);
    const minimum = source === null ? byParabola : lawMinimum(budget, source, budgets.length, b, question);
    const both = minimum.kind === "interior" && byParabola.kind === "interior" && source !== null;
    return {
      flops: budget.flops,
      sizes: Array.from(budget.sizes),
      losses: Array.from(budget.losses),
      minimum,
      parabola: byParabola,
      parabolaBias: both ? Math.log(byParabola.parameters.estimate / minimum.parameters.estimate) : null,
    };
  });
}

/** All valleys fitted at once; null where there are too few points for their shape, and the parabola must do. */
function fitValleys(budgets: readonly Budget[], level: number): Source | null {
  const law = valleyLaw(budgets.length);
  const sizes = budgets.flatMap(({ sizes: own, centre }) => Array.from(own, (size) => size / centre));
  if (sizes.length <= law.parameters.length || budgets.length > MOST_VALLEYS) return null;
  const observations: Observations = {
    group: {},
    x: [Float64Array.from(budgets.flatMap(({ sizes: own }, b) => Array.from(own, () => b))), Float64Array.from(sizes)],
    loss: Float64Array.from(budgets.flatMap(({ losses }) => Array.from(losses))),
    standardError: null,
    run: null,
    pair: null,
    decayed: null,
    excluded: [],
  };
  try {
    const fitted = fitLaw(law, observations, { interval: "delta" });
    return fitted.status === "converged" ? sourceOf(law, fitted, level) : null;
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    return null;
  }
}

function lawMinimum(budget: Budget, source: Source, valleys: number, b: number, question: Question): Minimum {
  const { theta } = source;
  const u = lowestOf(theta, valleys, b);
  const [alpha, beta] = [at(theta, 3 * valleys), at(theta, 3 * valleys + 1)];
  const value = (v: number) =>
    at(theta, 3 * b) + at(theta, 3 * b + 1) * Math.exp(-alpha * v) + at(theta, 3 * b + 2) * Math.exp(beta * v);
  const parameters = positiveQuantity(source, (moved) => Math.log(budget.centre) + lowestOf(moved, valleys, b));
  return minimumOf(budget, u, parameters, value, question);
}

function parabolaMinimum(
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
  const sides = [
    budget.sizes.reduce((m, s) => Math.min(m, s), Infinity),
    budget.sizes.reduce((m, s) => Math.max(m, s), 0),
  ];
  const [low, high] = [Math.log((sides[0] ?? 0) / budget.centre), Math.log((sides[1] ?? 0) / budget.centre)];
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
  return { kind: "interior", parameters, loss, range: { lower: edge(low), upper: edge(high) } };
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
