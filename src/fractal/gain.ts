// Whether recursion helps more where a text has more structure: the gain of a scheme over the baseline, text by text from
// pairs of runs, and the rank correlation of these gains with an exponent of the texts.
import { studentTwoSided } from "../base/distributions.js";
import { InputError, shown } from "../base/errors.js";
import { mean, standardErrorOfMean } from "../base/mean.js";
import { random } from "../base/random.js";
import type { Observations } from "../curve/observations.js";
import type { FractalAnalysis, Gain, GainStudy, RankCorrelation } from "./record.js";

/** Runs of one text, by scheme, at budgets of training FLOPs. */
export interface TextRuns {
  /** The text's name, a group of the analysis of surprisals. */
  readonly group: string;
  readonly baseline: Observations;
  /** One scheme, held against the baseline. */
  readonly scheme: Observations;
}

/** Up to so many points every order is counted; beyond, ORDERS at random. */
const COUNTED = 8;
const ORDERS = 20_000;

/**
 * Gains of every text that was analysed and has runs, and their rank correlation with H and S at every budget, in nats and
 * as a share of the baseline's loss. Throws InputError for a text without an analysis or without pairs, and where texts
 * have different numbers of budgets.
 */
export function gainStudy({ groups, options }: FractalAnalysis, texts: readonly TextRuns[], scheme: string): GainStudy {
  const analysed = texts.map(({ group }) => {
    const found = groups.find((one) => one.group === group);
    if (found !== undefined) return found;
    const names = groups.map((one) => one.group).join(", ");
    throw new InputError(
      `fractal --runs: folders must be named as the groups, ${names}, got ${shown(group)}; rename the folder`,
    );
  });
  const byText = texts.map((text) => gainsOf(text, options.level));
  const budgets = byText[0]?.map(({ budget }) => budget) ?? [];
  const other = byText.find((gains) => gains.length !== budgets.length)?.[0];
  if (other !== undefined) {
    throw new InputError(
      `fractal --runs ${shown(other.group)}: every text must have the same budgets, got other ones; train all by one plan`,
    );
  }
  const ties = (["fluctuation", "selfSimilarity"] as const).flatMap((statistic) => {
    const exponents = analysed.map(
      ({ estimates }) => estimates.find((one) => one.statistic === statistic)?.estimate ?? Number.NaN,
    );
    return budgets.flatMap((budget, b) =>
      (["gain", "share"] as const).map((of) => {
        const values = byText.map((gains) => gains[b]?.[of] ?? Number.NaN);
        return { statistic, budget, of, correlation: rankCorrelation(exponents, values) };
      }),
    );
  });
  return { scheme, gains: byText.flat(), ties };
}

/**
 * Gains of a text by budget, the smallest first, over the pairs that both schemes have. Throws InputError where there is
 * no pair.
 */
export function gainsOf({ group, baseline, scheme }: TextRuns, level: number): readonly Gain[] {
  const others = new Map((scheme.pair ?? []).map((key, i) => [key, scheme.loss[i]]));
  const byBudget = new Map<number, { readonly loss: number; readonly gain: number }[]>();
  (baseline.pair ?? []).forEach((key, i) => {
    const [loss, other, budget] = [baseline.loss[i], others.get(key), baseline.x[0]?.[i]];
    if (loss === undefined || other === undefined || budget === undefined) return;
    byBudget.set(budget, [...(byBudget.get(budget) ?? []), { loss, gain: loss - other }]);
  });
  if (byBudget.size === 0) {
    throw new InputError(
      `fractal --runs ${shown(group)}: baseline and scheme must share budgets and seeds, got none; train both by one plan`,
    );
  }
  return [...byBudget]
    .sort(([a], [b]) => a - b)
    .map(([budget, pairs]) => {
      const gains = pairs.map((pair) => pair.gain);
      const [n, gain] = [pairs.length, mean(gains)];
      const half = n < 2 ? null : studentTwoSided(level, n - 1) * standardErrorOfMean(gains);
      return {
        group,
        budget,
        pairs: n,
        gain,
        interval: half === null ? null : { level, lower: gain - half, upper: gain + half },
        share: gain / mean(pairs.map((pair) => pair.loss)),
      };
    });
}

/**
 * ρ of two lists of one length, ties at their mean rank, and where it lies among the orders of one of them: all of them for
 * up to 8 points (n!), else 20,000 drawn from a fixed seed. Null for fewer than 4 points, or where one list is level.
 */
export function rankCorrelation(x: readonly number[], y: readonly number[]): RankCorrelation | null {
  const n = x.length;
  const [a, b] = [centred(ranks(x)), centred(ranks(y))];
  const size = Math.sqrt(dot(a, a) * dot(b, b));
  if (n < 4 || y.length !== n || size === 0) return null;
  const rho = dot(a, b) / size;
  const all = Float64Array.from(n <= COUNTED ? orders(b) : drawnOrders(b), (order) => dot(a, order) / size).sort();
  const atLeast = all.filter((other) => other >= rho - 1e-9).length;
  const at = (share: number) => all[Math.round(share * (all.length - 1))] ?? Number.NaN;
  return { rho, pValue: atLeast / all.length, unrelated: [at(0.025), at(0.975)], points: n };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? Number.NaN), 0);
const centred = (values: readonly number[]): readonly number[] => values.map((value) => value - mean(values));

/** Ranks from 1, ties at their mean. */
function ranks(values: readonly number[]): readonly number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    return below + (values.filter((other) => other === value).length + 1) / 2;
  });
}

/** Every order of the values. */
function* orders(values: readonly number[]): Generator<readonly number[]> {
  if (values.length < 2) yield values;
  else {
    for (const [i, first] of values.entries()) {
      for (const rest of orders(values.filter((_, j) => j !== i))) yield [first, ...rest];
    }
  }
}

function* drawnOrders(values: readonly number[]): Generator<readonly number[]> {
  const stream = random("orders of ranks");
  for (let drawn = 0; drawn < ORDERS; drawn++) {
    const keyed = values.map((value) => ({ value, key: stream.uniform() })).sort((a, b) => a.key - b.key);
    yield keyed.map(({ value }) => value);
  }
}
