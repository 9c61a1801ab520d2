// How many rounds for a budget: recursion schemes of one size, each round making a token dearer and, perhaps, better used.
import type { Warning } from "../base/errors.js";
import { count, significant } from "../base/format.js";
import type { Observations } from "../curve/observations.js";
import type { Fit } from "../fit/record.js";
import { at } from "../law/law.js";
import type { Quantity } from "./allocation.js";
import { quantityText } from "./allocation-sentences.js";
import { halfWidthOf } from "./delta.js";
import { isoDepthLaws, parcaeLaw, type RoundsLaw } from "./rounds-law.js";

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
  return choose(parcaeLaw(observations, level), budgets);
}

/**
 * As `chooseRounds`, by L = E + A·(N_once + r^φ·N_rec)^−α + B·D^−β (arXiv 2604.21106) fitted to several sizes at once: one
 * answer a size that was trained at three numbers of rounds or more.
 *
 * `observations.x` = [N_once, N_rec, rounds, tokens, training FLOPs], parameters applied once and those that are recursed.
 * Throws InputError where no size has three numbers of rounds, FitError where the law cannot be fitted.
 *
 * @example
 * import { chooseRoundsIsoDepth, observe, tableOf } from "rinsight";
 *
 * const runs = [1e6, 4e6].flatMap((size) =>
 *   [1, 2, 4].flatMap((rounds) =>
 *     [1e7, 1e8, 1e9].map((tokens) => ({
 *       ...{ parametersOnce: size, parametersRecurrent: size, rounds, tokens, flops: 6 * size * (1 + rounds) * tokens },
 *       loss: 1.5 + 28 * (size * (1 + rounds ** 0.5)) ** -0.2 + 900 * tokens ** -0.37,
 *     })),
 *   ),
 * );
 * const variables = ["parametersOnce", "parametersRecurrent", "rounds", "tokens", "flops"];
 * const { groups } = observe(tableOf("mine", runs), variables, { by: [] });
 * for (const group of groups) {
 *   const [small, large] = chooseRoundsIsoDepth(group, [1e17]);
 *   console.log(small?.at[0]?.rounds, large?.at[0]?.rounds); // 4 1
 * }
 */
export function chooseRoundsIsoDepth(
  observations: Observations,
  budgets: readonly number[],
  level = 0.95,
): readonly RoundsChoice[] {
  return isoDepthLaws(observations, level).map((law) => choose(law, budgets));
}

function choose(law: RoundsLaw, budgets: readonly number[]): RoundsChoice {
  const { tried, source, loss } = law;
  const [fewest, most] = [Math.ceil(at(tried, 0)), Math.floor(at(tried, tried.length - 1))];
  const whole = Array.from({ length: most - fewest + 1 }, (_, i) => fewest + i);
  const bestAt = (budget: number) =>
    whole.reduce((best, r) => (loss(source.theta, r, budget) < loss(source.theta, best, budget) ? r : best), fewest);
  const choices = budgets.map((budget): RoundsAt => {
    const best = bestAt(budget);
    const isAlike = (r: number) => {
      const difference = (theta: Float64Array) => loss(theta, r, budget) - loss(theta, best, budget);
      const half = halfWidthOf(source, difference);
      return half === null || difference(source.theta) <= half;
    };
    return {
      flops: budget,
      rounds: best,
      alike: whole.filter((r) => r === best || isAlike(r)),
      continuous: law.continuous(budget),
    };
  });
  const switches = switchesOf(bestAt, law.trained[0], 100 * law.trained[1]);
  return {
    group: law.group,
    fit: law.fit,
    at: choices,
    switches,
    sentences: sentencesOf(choices, switches, bestAt(law.trained[0]), most),
    warnings: law.warnings,
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
  first: number,
  most: number,
): readonly string[] {
  const said = choices.map(({ flops, rounds, alike, continuous }) => {
    const where = `At ${count(flops)} FLOPs`;
    const law = `the law has its lowest point at r = ${quantityText(continuous, (value) => significant(value, 2))}`;
    if (alike.length > 1) {
      const names = `${alike.slice(0, -1).join(", ")} and ${alike.at(-1)}`;
      return `${where} r = ${rounds} is best on the mean curve, but the data cannot tell between ${names}; ${law}.`;
    }
    return `${where} use r = ${rounds}${rounds === most ? ", the most that was trained; more may be better" : ""}; ${law}.`;
  });
  const [turn] = switches;
  if (turn === undefined) return said;
  const turns = switches.map(({ rounds, flops }) => `r = ${rounds} from ${count(flops)}`);
  return [...said, `On the mean curve r = ${first} is best up to ${count(turn.flops)} FLOPs, ${turns.join(", ")}.`];
}
