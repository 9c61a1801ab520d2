// Simulated studies: observations of schemes whose laws, noise and plan are given. For planning and for validation.
import type { Random } from "../base/random.js";
import type { Observations } from "../curve/observations.js";

/** L(x) = limit + coefficient·x^−exponent. */
export interface PowerLaw {
  readonly limit: number;
  readonly coefficient: number;
  readonly exponent: number;
}

export interface Noise {
  /** Standard deviation of a run's final loss, nats. */
  readonly standardDeviation: number;
  /** Share of its variance that all schemes have in common at a horizon and seed, 0 to 1. */
  readonly correlation: number;
}

export interface StudyPlan {
  /** Values of x at which runs end. */
  readonly horizons: readonly number[];
  readonly seeds: number;
}

/**
 * One data set: every scheme at every horizon and seed, with normal noise; paired by horizon and seed.
 *
 * @example
 * import { random, simulate } from "rinsight";
 * const law = { limit: 2, coefficient: 60, exponent: 0.25 };
 * const plan = { horizons: [1e6, 1e7, 1e8], seeds: 2 };
 * const curves = simulate([law, law], { standardDeviation: 0.003, correlation: 0.5 }, plan, random(1));
 * console.log(curves.length, curves[0]?.loss.length); // 2 6
 */
export function simulate(
  laws: readonly PowerLaw[],
  noise: Noise,
  plan: StudyPlan,
  random: Random,
): readonly Observations[] {
  const cells = plan.horizons.flatMap((x) => Array.from({ length: plan.seeds }, (_, seed) => ({ x, seed })));
  const shared = cells.map(() => random.normal() * Math.sqrt(noise.correlation));
  return laws.map((law, scheme) => ({
    group: { scheme: `scheme ${scheme}` },
    x: [Float64Array.from(cells, ({ x }) => x)],
    loss: Float64Array.from(cells, ({ x }, i) => {
      const own = random.normal() * Math.sqrt(1 - noise.correlation);
      return law.limit + law.coefficient * x ** -law.exponent + noise.standardDeviation * ((shared[i] ?? 0) + own);
    }),
    standardError: null,
    run: cells.map(({ x, seed }) => `${scheme}/${x}/${seed}`),
    pair: cells.map(({ x, seed }) => `${x}/${seed}`),
    decayed: null,
    excluded: [],
  }));
}

/**
 * `count` horizons from `least` to `most`, evenly spaced in log x.
 *
 * @example
 * import { logHorizons } from "rinsight";
 * console.log(logHorizons(1e6, 1e8, 3).map(Math.round)); // [1000000, 10000000, 100000000]
 */
export function logHorizons(least: number, most: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => least * (most / least) ** (count === 1 ? 0 : i / (count - 1)));
}
