// What two laws say of loss at a number of rounds and a budget: Parcae's, in the parameters that a token passes, for one
// size; and the iso-depth law, in which a recursed parameter applied r times is worth r^φ of them, for several.

import { FitError, InputError, type Warning } from "../base/errors.js";
import { extent } from "../base/extent.js";
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import type { Fit } from "../fit/record.js";
import { chinchilla, loopedLaw } from "../law/chinchilla.js";
import { at } from "../law/law.js";
import type { Quantity } from "./allocation.js";
import { computeRule, flopsPerToken, SIX_N_D } from "./compute-rule.js";
import { positiveQuantity, type Source, sourceOf } from "./delta.js";
import { goldenSection, lossAt, trainingOptimum } from "./optimum.js";
import { constantsOf } from "./surface.js";

/** One size, its law fitted. */
export interface RoundsLaw {
  readonly group: Readonly<Record<string, string>>;
  readonly fit: Fit;
  readonly source: Source;
  /** Numbers of rounds that were trained, rising. */
  readonly tried: readonly number[];
  /** Smallest and largest training FLOPs. */
  readonly trained: readonly [number, number];
  readonly loss: (theta: ArrayLike<number>, rounds: number, flops: number) => number;
  /** Where the law has its minimum, as a real number of rounds. */
  readonly continuous: (flops: number) => Quantity;
  readonly warnings: readonly Warning[];
}

const LEAST_ROUNDS = 3;

function triedOf(rounds: Iterable<number>): readonly number[] {
  const tried = [...new Set(rounds)].sort((a, b) => a - b);
  if (tried.length < LEAST_ROUNDS) {
    throw new InputError(
      `allocate --rounds: at least ${LEAST_ROUNDS} numbers of rounds must be trained, got ${tried.join(", ") || "none"}; train more`,
    );
  }
  return tried;
}

/** L = E + X·N(μ)^−x + Y·D^−y (arXiv 2604.12946), N(μ) = C/(6D); x = [rounds, tokens, training FLOPs] of one size. */
export function parcaeLaw(observations: Observations, level: number): RoundsLaw {
  const [rounds, tokens, flops] = observations.x;
  if (rounds === undefined || tokens === undefined || flops === undefined) {
    throw new InputError("allocate --rounds: points need rounds, tokens and FLOPs, got fewer; map a column to each");
  }
  const tried = triedOf(rounds);
  const passed = flops.map((c, i) => c / (6 * at(tokens, i)));
  const line = parametersByRounds(rounds, passed);
  const fit = fitLaw(chinchilla, { ...observations, x: [passed, tokens] }, { interval: "delta", level });
  const source = sourceOf(chinchilla, fit, level);
  checkFalls(source.theta);
  return {
    group: observations.group,
    fit,
    source,
    tried,
    trained: extent(flops),
    loss: (theta, r, budget) => lossAt(constantsOf(theta), line(r), budget / (6 * line(r))),
    continuous: (budget) => {
      const size = positiveQuantity(source, (theta) =>
        Math.log(trainingOptimum(constantsOf(theta), SIX_N_D, budget).parameters),
      );
      const back = (parameters: number) => (parameters - line(0)) / (line(1) - line(0));
      const side = (bound: number | null) => (bound === null ? null : back(bound));
      const { estimate, interval } = size;
      return {
        estimate: back(estimate),
        interval: interval === null ? null : { ...interval, lower: side(interval.lower), upper: side(interval.upper) },
      };
    },
    warnings: fit.warnings,
  };
}

/**
 * L = E + A·(N_once + r^φ·N_rec)^−α + B·D^−β (arXiv 2604.21106) over all sizes, one answer a size that was trained at three
 * numbers of rounds or more; x = [N_once, N_rec, rounds, tokens, training FLOPs]. FLOPs a token follow the column's own
 * rule in N_once + r·N_rec, which every round adds to, while the loss has r^φ of it: with φ < 1 rounds cost more than they
 * are worth in size, and pay where tokens are too many for the size.
 */
export function isoDepthLaws(observations: Observations, level: number): readonly RoundsLaw[] {
  const [once, recurrent, rounds, tokens, flops] = observations.x;
  if (!once || !recurrent || !rounds || !tokens || !flops) {
    throw new InputError(
      "allocate --rounds --law looped: points need parametersOnce, parametersRecurrent, rounds, tokens and FLOPs, got fewer; map a column to each",
    );
  }
  const unrolled = once.map((n, i) => n + at(rounds, i) * at(recurrent, i));
  const rule = computeRule(unrolled, tokens, flops, true);
  const fit = fitLaw(
    loopedLaw,
    { ...observations, x: [once, recurrent, rounds, tokens] },
    { interval: "delta", level },
  );
  const source = sourceOf(loopedLaw, fit, level);
  checkFalls(source.theta);
  const sizes = new Map<string, number[]>();
  for (const [i, n] of once.entries()) {
    const key = `${n}+${at(recurrent, i)}`;
    sizes.set(key, [...(sizes.get(key) ?? []), i]);
  }
  const answered = [...sizes].filter(([, rows]) => new Set(rows.map((i) => at(rounds, i))).size >= LEAST_ROUNDS);
  if (answered.length === 0) {
    throw new InputError(
      `allocate --rounds --law looped: some size must be trained at ${LEAST_ROUNDS} numbers of rounds, got none of ${sizes.size} sizes; train more, or read phi with rinsight fit --law looped`,
    );
  }
  return answered.map(([, rows]): RoundsLaw => {
    const [n, looped] = [at(once, rows[0] ?? 0), at(recurrent, rows[0] ?? 0)];
    const tried = triedOf(rows.map((i) => at(rounds, i)));
    const spent = rows.map((i) => at(flops, i));
    const loss = (theta: ArrayLike<number>, r: number, budget: number) =>
      loopedLaw.value(theta, [n, looped, r, budget / flopsPerToken(rule, n + r * looped)]);
    const most = 4 * (tried.at(-1) ?? 1);
    return {
      group: { ...observations.group, parameters: String(n + looped) },
      fit,
      source,
      tried,
      trained: extent(spent),
      loss,
      continuous: (budget) =>
        positiveQuantity(source, (theta) =>
          goldenSection((logR) => loss(theta, Math.exp(logR), budget), Math.log(0.05), Math.log(most)),
        ),
      warnings: fit.warnings,
    };
  });
}

/** E, A, B, α and β stand in this order in both laws. */
function checkFalls(theta: ArrayLike<number>): void {
  const [A, B, alpha, beta] = [at(theta, 1), at(theta, 2), at(theta, 3), at(theta, 4)];
  if (A > 0 && B > 0 && alpha > 0 && beta > 0) return;
  throw new FitError(
    `allocate --rounds: loss must fall with ${A > 0 && alpha > 0 ? "tokens" : "rounds"}, got none of that; more rounds do not pay here, or the noise hides it: train more seeds`,
  );
}

/** Parameters passed at r rounds: the least-squares line, since every round adds the recursed block once more. */
function parametersByRounds(rounds: Float64Array, passed: Float64Array): (r: number) => number {
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
