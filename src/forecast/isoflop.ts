// Approach 2: the runs of one budget form a valley over size; its lowest point, and a robust line through all of them.
import { FitError } from "../base/errors.js";
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import { at } from "../law/law.js";
import type { Answer, Question, Valley, Valleys } from "./allocation.js";
import { type Source, sourceOf } from "./delta.js";
import { exponentsOfLine, lineThrough, optimaOfLine } from "./frontier.js";
import { type Minima, widenExponents, widenOptimum } from "./joint-minima.js";
import { parabola } from "./parabola.js";
import { redrawnThetas } from "./redrawn.js";
import { lowestOf, valleyLaw } from "./valley-law.js";
import { type Budget, lawMinimum, parabolaMinimum } from "./valley-minimum.js";

/** Budgets that differ by less count as one. */
export const SAME_BUDGET = 1.2;
const LEAST_SIZES = 3;
/** Budgets that one fit of all valleys takes; more than these are accidents of dense curves, and parabolas do. */
const MOST_VALLEYS = 20;

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
  const source = fitValleys(budgets, question);
  const valleys = readValleys(budgets, source, question);
  const interior = valleys.flatMap(({ flops: budget, minimum }) =>
    minimum.kind === "interior" ? [{ flops: budget, parameters: minimum.parameters }] : [],
  );
  const line = lineThrough(interior, question.level);
  if (line === null) return { kind: "answer", value: { valleys, exponents: null, optima: [] } };
  const exponents = exponentsOfLine(line, question.compute);
  const optima = optimaOfLine(line, question);
  const joint = source === null ? null : jointMinima(budgets, valleys, source);
  if (joint === null) return { kind: "answer", value: { valleys, exponents, optima } };
  return {
    kind: "answer",
    value: {
      valleys,
      exponents: widenExponents(exponents, joint, question.compute),
      optima: optima.map((optimum) => widenOptimum(optimum, joint, question.compute)),
    },
  };
}

/** The minima that the line goes through, as functions of the fit of all valleys; null with fewer than two. */
function jointMinima(budgets: readonly Budget[], valleys: readonly Valley[], source: Source): Minima | null {
  const minima = valleys.flatMap(({ flops, minimum }, b) => {
    if (minimum.kind === "none") return [];
    const { lower, upper } = minimum.parameters.interval ?? { lower: null, upper: null };
    const width = lower === null || upper === null ? 0 : Math.log(upper / lower);
    return width > 0
      ? [
          {
            logFlops: Math.log(flops),
            weight: 1 / width ** 2,
            logSize: (theta: Float64Array) =>
              Math.log(budgets[b]?.centre ?? Number.NaN) + lowestOf(theta, budgets.length, b),
          },
        ]
      : [];
  });
  return minima.length < 2 ? null : { source, minima };
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
  const centre = (values: readonly number[]) => Math.exp(mean(values.map(Math.log)));
  return groups.map((positions) => ({
    flops: centre(positions.map((i) => at(flops, i))),
    centre: centre(positions.map((i) => at(parameters, i))),
    sizes: Float64Array.from(positions, (i) => at(parameters, i)),
    losses: Float64Array.from(positions, (i) => at(observations.loss, i)),
  }));
}

function readValleys(budgets: readonly Budget[], source: Source | null, question: Question): readonly Valley[] {
  const bowls = budgets.map(({ sizes, losses, centre }) =>
    parabola(
      sizes.map((size) => Math.log(size / centre)),
      losses,
    ),
  );
  const spare = budgets.reduce((sum, { sizes }) => sum + sizes.length - 3, 0);
  const pooled = bowls.reduce((sum, bowl) => sum + (bowl?.squares ?? 0), 0) / Math.max(1, spare);
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
function fitValleys(budgets: readonly Budget[], { level, redrawing }: Question): Source | null {
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
    if (fitted.status !== "converged") return null;
    return sourceOf(law, fitted, level, redrawing === null ? null : redrawnThetas(law, observations, {}, redrawing));
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    return null;
  }
}
