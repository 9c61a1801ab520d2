// How many rounds for a budget: recursion schemes of one size, each round making a token dearer and, perhaps, better used.
import { FitError, InputError, type Warning } from "../base/errors.js";
import { count } from "../base/format.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import type { Fit } from "../fit/record.js";
import { chinchilla } from "../law/chinchilla.js";
import { at } from "../law/law.js";
import type { Quantity } from "./allocation.js";
import { halfWidthOf, positiveQuantity, type Source, sourceOf } from "./delta.js";
import { lossAt, trainingOptimum } from "./optimum.js";
import { constantsOf } from "./surface.js";

/** The rounds for one budget. */
export interface RoundsAt {
  readonly flops: number;
  /** Best whole number among those that lie between the fewest and the most trained. */
  readonly rounds: number;
  /** All that the data cannot tell from it, itself included. */
  readonly alike: readonly number[];
  /** Where the law has its minimum, as a real number; below 1 where no recursion is best. */
  readonly continuous: Quantity;
}

export interface RoundsChoice {
  readonly group: Readonly<Record<string, string>>;
  readonly fit: Fit;
  readonly at: readonly RoundsAt[];
  /** Budgets at which one more round becomes the better choice, from the smallest trained to a hundred times the largest. */
  readonly switches: readonly { readonly rounds: number; readonly flops: number }[];
  readonly sentences: readonly string[];
  readonly warnings: readonly Warning[];
}

/**
 * Fits L = E + X·N(μ)^−x + Y·D^−y (the form of Parcae, arXiv 2604.12946) to runs of one size, N(μ) = C/(6D) the parameters
 * that a token passes at μ rounds, and minimises it at each budget over the whole numbers of rounds.
 *
 * `observations.x` = [rounds, tokens, training FLOPs]. A number of rounds counts as alike where the difference of its loss
 * to the best one's is within t standard errors, both on one surface.
 * Throws InputError with fewer than three numbers of rounds, FitError where the law cannot be fitted.
 *
 * @example
 * import { chooseRounds, observe, tableOf } from "rinsight";
 *
 * const runs = [1, 2, 4, 8].flatMap((rounds) =>
 *   [1e7, 4e7, 1.6e8, 6.4e8].map((tokens) => {
 *     const passed = 1e5 + 1e5 * rounds;
 *     return { rounds, tokens, flops: 6 * passed * tokens, loss: 2 + 30 * passed ** -0.3 + 300 * tokens ** -0.35 };
 *   }),
 * );
 * const { groups } = observe(tableOf("mine", runs), ["rounds", "tokens", "flops"]);
 * for (const group of groups) console.log(chooseRounds(group, [1e14]).at[0]?.rounds); // 2
 */
export function chooseRounds(observations: Observations, budgets: readonly number[], level = 0.95): RoundsChoice {
  const [rounds, tokens, flops] = observations.x;
  if (rounds === undefined || tokens === undefined || flops === undefined) {
    throw new InputError("allocate --rounds: points need rounds, tokens and FLOPs, got fewer; map a column to each");
  }
  const tried = [...new Set(rounds)].sort((a, b) => a - b);
  if (tried.length < 3) {
    throw new InputError(
      `allocate --rounds: at least 3 numbers of rounds must be trained, got ${tried.join(", ") || "none"}; train more`,
    );
  }
  const passed = flops.map((c, i) => c / (6 * at(tokens, i)));
  const line = parametersByRounds(rounds, passed);
  const fitted = fitLaw(chinchilla, { ...observations, x: [passed, tokens] }, { interval: "delta", level });
  const source = sourceOf(chinchilla, fitted, level);
  const { A, B, alpha, beta } = constantsOf(source.theta);
  if (!(A > 0 && B > 0 && alpha > 0 && beta > 0)) {
    throw new FitError(
      `allocate --rounds: loss must fall with ${A > 0 && alpha > 0 ? "tokens" : "rounds"}, got none of that; more rounds do not pay here, or the noise hides it: train more seeds`,
    );
  }
  const whole = Array.from(
    { length: Math.floor(at(tried, tried.length - 1)) - Math.ceil(at(tried, 0)) + 1 },
    (_, i) => Math.ceil(at(tried, 0)) + i,
  );
  const loss = (theta: Float64Array, r: number, budget: number) =>
    lossAt(constantsOf(theta), line(r), budget / (6 * line(r)));
  const bestAt = (budget: number) =>
    whole.reduce(
      (best, r) => (loss(source.theta, r, budget) < loss(source.theta, best, budget) ? r : best),
      at(whole, 0),
    );
  const choices = budgets.map((budget): RoundsAt => {
    const best = bestAt(budget);
    return {
      flops: budget,
      rounds: best,
      alike: whole.filter(
        (r) => r === best || isAlike(source, (theta) => loss(theta, r, budget) - loss(theta, best, budget)),
      ),
      continuous: continuousRounds(source, line, budget),
    };
  });
  const switches = switchesOf(bestAt, Math.min(...flops), 100 * Math.max(...flops));
  return {
    group: observations.group,
    fit: fitted,
    at: choices,
    switches,
    sentences: sentencesOf(choices, switches, at(whole, whole.length - 1)),
    warnings: fitted.warnings,
  };
}

function isAlike(source: Source, difference: (theta: Float64Array) => number): boolean {
  const half = halfWidthOf(source, difference);
  return half === null || difference(source.theta) <= half;
}

/** Parameters passed at r rounds: the least-squares line, since every round adds the recursed block once more. */
function parametersByRounds(rounds: Float64Array, passed: Float64Array): (r: number) => number {
  const n = rounds.length;
  const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / n;
  const [r, p] = [mean(rounds), mean(passed)];
  const slope =
    rounds.reduce((sum, v, i) => sum + (v - r) * (at(passed, i) - p), 0) /
    rounds.reduce((sum, v) => sum + (v - r) ** 2, 0);
  if (!(slope > 0)) {
    throw new InputError(
      "allocate --rounds: FLOPs per token must rise with rounds, got none of that; check the columns",
    );
  }
  return (value) => p + slope * (value - r);
}

function continuousRounds(source: Source, line: (r: number) => number, budget: number): Quantity {
  const rule = { kind: "6ND", factor: 6, power: 1, misfit: 0 } as const;
  const size = positiveQuantity(source, (theta) =>
    Math.log(trainingOptimum(constantsOf(theta), rule, budget).parameters),
  );
  const back = (parameters: number) => (parameters - line(0)) / (line(1) - line(0));
  const { estimate, interval } = size;
  const side = (bound: number | null) => (bound === null ? null : back(bound));
  return {
    estimate: back(estimate),
    interval: interval === null ? null : { ...interval, lower: side(interval.lower), upper: side(interval.upper) },
  };
}

function switchesOf(bestAt: (budget: number) => number, from: number, to: number): RoundsChoice["switches"] {
  const found: { rounds: number; flops: number }[] = [];
  let before = bestAt(from);
  for (let i = 1; i <= 400; i++) {
    const flops = from * (to / from) ** (i / 400);
    const best = bestAt(flops);
    if (best !== before) found.push({ rounds: best, flops });
    before = best;
  }
  return found;
}

function sentencesOf(
  choices: readonly RoundsAt[],
  switches: RoundsChoice["switches"],
  most: number,
): readonly string[] {
  const said = choices.map(({ flops, rounds, alike }) =>
    alike.length === 1
      ? `At ${count(flops)} FLOPs use ${rounds} round${rounds === 1 ? "" : "s"}${rounds === most ? ", the most that was trained; more may be better" : ""}.`
      : `At ${count(flops)} FLOPs ${rounds} round${rounds === 1 ? " is" : "s are"} best on the mean curve; the data cannot tell ${alike.join(", ")} apart.`,
  );
  const turns = switches.map(({ rounds, flops }) => `${rounds} from ${count(flops)}`);
  return turns.length === 0
    ? said
    : [...said, `On the mean curve the best number of rounds becomes ${turns.join(", ")} FLOPs.`];
}
