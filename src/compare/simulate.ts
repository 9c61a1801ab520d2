// Simulated studies: observations of schemes whose laws, noise and plan are given. For planning and for validation.
import type { Random } from "../base/random.js";
import type { Observations } from "../curve/observations.js";
import { at } from "../law/law.js";

/** L(x) = limit + coefficient·x^−exponent. */
export interface PowerLaw {
  readonly limit: number;
  readonly coefficient: number;
  readonly exponent: number;
}

export interface Noise {
  /** Standard deviation of a run's final loss, nats; where it changes with x, at `along.centre`. */
  readonly standardDeviation: number;
  /** Share of its variance that all schemes have in common at a horizon and seed, 0 to 1. */
  readonly correlation: number;
  /** Standard deviation is standardDeviation·(x/centre)^slope; the same everywhere when left out. */
  readonly along?: { readonly slope: number; readonly centre: number };
  /** Standard deviation, nats, of what all horizons of a run share; one run of a scheme and seed then supplies them all. */
  readonly runEffect?: number;
  /** Normal when left out; Student's t with 3 degrees of freedom; or normal with 1 in 20 draws 10 times as large. */
  readonly tails?: "normal" | "t3" | "outliers";
}

export interface StudyPlan {
  /** Values of x at which runs end. */
  readonly horizons: readonly number[];
  readonly seeds: number;
}

/**
 * One data set: every scheme at every horizon and seed; paired by horizon and seed.
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
  const { runEffect = 0, tails = "normal" } = noise;
  const shared = cells.map(() => draw(tails, random) * Math.sqrt(noise.correlation));
  const size = (x: number) =>
    noise.standardDeviation * (noise.along === undefined ? 1 : (x / noise.along.centre) ** noise.along.slope);
  return laws.map((law, scheme) => {
    const runs = runEffect === 0 ? null : Array.from({ length: plan.seeds }, () => runEffect * random.normal());
    return {
      group: { scheme: `scheme ${scheme}` },
      x: [Float64Array.from(cells, ({ x }) => x)],
      loss: Float64Array.from(cells, ({ x, seed }, i) => {
        const own = draw(tails, random) * Math.sqrt(1 - noise.correlation);
        const error = size(x) * (at(shared, i) + own) + (runs === null ? 0 : at(runs, seed));
        return law.limit + law.coefficient * x ** -law.exponent + error;
      }),
      standardError: null,
      run: cells.map(({ x, seed }) => (runs === null ? `${scheme}/${x}/${seed}` : `${scheme}/${seed}`)),
      pair: cells.map(({ x, seed }) => `${x}/${seed}`),
      decayed: null,
      excluded: [],
    };
  });
}

const OUTLIERS = { share: 0.05, size: 10 } as const;

function draw(tails: NonNullable<Noise["tails"]>, random: Random): number {
  if (tails === "outliers") return random.normal() * (random.uniform() < OUTLIERS.share ? OUTLIERS.size : 1);
  if (tails === "normal") return random.normal();
  const [a, b, c] = [random.normal(), random.normal(), random.normal()];
  return random.normal() / Math.sqrt((a * a + b * b + c * c) / 3);
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
