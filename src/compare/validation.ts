// Simulated studies whose truth is known, and counts of how often intervals cover it and verdicts name what is not there.
// npm run validate draws the full tables; npm test a small seeded part of them.
import type { Random } from "../base/random.js";
import { bcaBounds, expandedLevel, percentileBounds } from "../fit/bootstrap-interval.js";
import { fit as fitLaw } from "../fit/fit.js";
import { DEFAULT_FIT_OPTIONS, type Interval } from "../fit/record.js";
import { jackknife, replicate } from "../fit/replicates.js";
import { clustersOf } from "../fit/variance/clusters.js";
import { powerLawWithLimit } from "../law/power-law.js";
import { verdictOn } from "./design.js";
import { differences } from "./differences.js";
import { differenceErrors } from "./errors-of-differences.js";
import { multipliers } from "./multipliers.js";
import { fitSchemes } from "./schemes.js";
import { logHorizons, type Noise, type PowerLaw, type StudyPlan, simulate } from "./simulate.js";

export interface Regime {
  readonly baseline: PowerLaw;
  readonly noise: Noise;
  readonly plan: StudyPlan;
  /** What a scheme differs by where the truth says that it does. */
  readonly effect: { readonly limit: number; readonly exponent: number };
}

const SMALL_MODELS: PowerLaw = { limit: 2.2, coefficient: 60, exponent: 0.25 };

/** Excess losses of .3–2 nats, as small models have them between 1e6 and 1e9 tokens. */
export const REGIMES: Readonly<Record<string, Regime>> = {
  "well identified": {
    baseline: SMALL_MODELS,
    noise: { standardDeviation: 0.002, correlation: 0.5 },
    plan: { horizons: logHorizons(1e6, 1e9, 10), seeds: 3 },
    effect: { limit: -0.05, exponent: 0.01 },
  },
  realistic: {
    baseline: SMALL_MODELS,
    noise: { standardDeviation: 0.005, correlation: 0.5 },
    plan: { horizons: logHorizons(3e6, 1e8, 6), seeds: 3 },
    effect: { limit: -0.05, exponent: 0.01 },
  },
  "short range": {
    baseline: SMALL_MODELS,
    noise: { standardDeviation: 0.005, correlation: 0.5 },
    plan: { horizons: logHorizons(1e7, 6e7, 5), seeds: 3 },
    effect: { limit: -0.05, exponent: 0.01 },
  },
};

export interface Count {
  hits: number;
  of: number;
  /** How many intervals were closed on both sides, and the sum of their widths. */
  closed: number;
  width: number;
}

/** Hits of each key. */
export type Counts = Readonly<Record<string, Readonly<Count>>>;

const REPLICATES = 300;

/** Adds the counts of a part to those of the whole. */
export function addCounts(total: Record<string, Count>, part: Counts): void {
  for (const [key, { hits, of, closed, width }] of Object.entries(part)) {
    const before = total[key] ?? { hits: 0, of: 0, closed: 0, width: 0 };
    total[key] = {
      hits: before.hits + hits,
      of: before.of + of,
      closed: before.closed + closed,
      width: before.width + width,
    };
  }
}

class Tally {
  readonly counts: Record<string, Count> = {};
  add(key: string, hit: boolean, width: number | null = null): void {
    addCounts(this.counts, { [key]: { hits: Number(hit), of: 1, closed: Number(width !== null), width: width ?? 0 } });
  }
  interval(key: string, interval: Pick<Interval, "lower" | "upper"> | null, truth: number): void {
    const { lower, upper } = interval ?? { lower: Number.NaN, upper: Number.NaN };
    const inside = (lower === null || lower <= truth) && (upper === null || truth <= upper);
    this.add(key, inside, lower === null || upper === null || interval === null ? null : upper - lower);
  }
}

/** Coverage of 95% intervals in `n` data sets of two schemes; keys "method|quantity". */
export function covered(regime: Regime, stream: Random, n: number): Counts {
  const tally = new Tally();
  const other = changed(regime, "both");
  const truth = regime.baseline;
  const largest = Math.max(...regime.plan.horizons);
  for (let i = 0; i < n; i++) {
    const data = simulate([truth, other], regime.noise, regime.plan, stream);
    const [first] = data;
    if (first === undefined) continue;
    for (const interval of ["profile", "delta"] as const) {
      const { parameters } = fitLaw(powerLawWithLimit, first, { interval });
      for (const name of ["limit", "exponent"] as const) {
        tally.interval(`${interval}|${name}`, parameters[name]?.interval ?? null, truth[name]);
      }
    }
    const schemes = fitSchemes(powerLawWithLimit, data, DEFAULT_FIT_OPTIONS);
    const out = jackknife(schemes.fits, data, "pair");
    const paired = [null, differenceErrors(schemes, clustersOf(data), [1, 0])];
    const options = { level: 0.95, budget: largest, point: [largest] };
    const wider = expandedLevel(0.95, first.loss.length - 3);
    for (const method of ["pairs", "residual", "wild"] as const) {
      const how = { method, unit: "pair", replicates: REPLICATES, seed: stream.integer(2 ** 31) } as const;
      const draws = replicate(schemes.fits, data, how);
      for (const [name, p] of [
        ["limit", 0],
        ["exponent", 2],
      ] as const) {
        const values = draws.frees.map(([free]) => free?.[p] ?? Number.NaN);
        const left = out.map(([free]) => free?.[p] ?? Number.NaN);
        const estimate = schemes.fits[0]?.solution.free[p] ?? Number.NaN;
        tally.interval(`${method}, percentile|${name}`, percentileBounds(values, wider), truth[name]);
        tally.interval(`${method}, BCa|${name}`, bcaBounds(values, estimate, left, wider), truth[name]);
        tally.interval(`${method}, plain percentile|${name}`, percentileBounds(values, 0.95), truth[name]);
      }
      for (const interval of ["bootstrap-percentile", "bootstrap-bca"] as const) {
        for (const row of differences(schemes, 0, paired, draws, out, { ...options, interval })) {
          if (row.quantity !== "limit" && row.quantity !== "exponent") continue;
          tally.interval(
            `${method}, ${interval.slice(10)}|difference of ${row.quantity}`,
            row.interval,
            other[row.quantity] - truth[row.quantity],
          );
        }
      }
    }
    for (const [key, errors] of [
      ["robust t, paired", paired],
      ["robust t, unpaired", [null, differenceErrors(schemes, { by: "point", of: null, count: 0 }, [1, 0])]],
    ] as const) {
      for (const row of differences(schemes, 0, errors, null, [], { ...options, interval: "delta" })) {
        const expected =
          row.quantity === "limit" || row.quantity === "exponent"
            ? other[row.quantity] - truth[row.quantity]
            : lossAt(other, largest) - lossAt(truth, largest);
        tally.interval(`${key}|difference of ${row.quantity}`, row.interval, expected);
      }
      const [multiplier] = multipliers(schemes, 0, [largest], errors, null, 0.95);
      tally.interval(`${key}|multiplier`, multiplier?.last ?? null, budgetFor(truth, lossAt(other, largest)) / largest);
    }
  }
  return tally.counts;
}

const lossAt = ({ limit, coefficient, exponent }: PowerLaw, x: number): number => limit + coefficient * x ** -exponent;

/** x at which a law has come down to a loss. */
const budgetFor = ({ limit, coefficient, exponent }: PowerLaw, loss: number): number =>
  ((loss - limit) / coefficient) ** (-1 / exponent);

export type Truth = "neither" | "limit" | "exponent" | "both";

/** Verdicts that name what the truth does not hold. */
export const FALSE_TRUTHS: Readonly<Record<Truth, readonly string[]>> = {
  neither: ["exponent", "limit", "both"],
  limit: ["exponent"],
  exponent: ["limit"],
  both: [],
};

export interface Cell {
  readonly regime: string;
  readonly schemes: number;
  readonly truth: Truth;
}

export function cells(): readonly Cell[] {
  return Object.keys(REGIMES).flatMap((regime) =>
    [2, 4].flatMap((schemes) =>
      (["neither", "limit", "exponent", "both"] as const).map((truth) => ({ regime, schemes, truth })),
    ),
  );
}

/** The baseline's law changed in what the truth names, the coefficient so that both agree at the smallest horizon. */
function changed(regime: Regime, truth: Truth): PowerLaw {
  const { baseline, effect, plan } = regime;
  const limit = baseline.limit + (truth === "limit" || truth === "both" ? effect.limit : 0);
  const exponent = baseline.exponent + (truth === "exponent" || truth === "both" ? effect.exponent : 0);
  const x = plan.horizons[0] ?? 1;
  return { limit, exponent, coefficient: baseline.coefficient * x ** (exponent - baseline.exponent) };
}

/** Verdicts in `n` data sets: half of the schemes follow the baseline's law, half the changed one. Keys are verdicts. */
export function attributed(cell: Cell, stream: Random, n: number): Counts {
  const regime = REGIMES[cell.regime];
  const tally = new Tally();
  if (regime === undefined) return tally.counts;
  const laws = Array.from({ length: cell.schemes }, (_, s) =>
    s % 2 === 0 ? regime.baseline : changed(regime, cell.truth),
  );
  for (let i = 0; i < n; i++) {
    const data = simulate(laws, regime.noise, regime.plan, stream);
    const given = verdictOn(fitSchemes(powerLawWithLimit, data, DEFAULT_FIT_OPTIONS), 99, stream.integer(2 ** 31));
    for (const verdict of ["exponent", "limit", "both", "cannot tell"]) tally.add(verdict, verdict === given);
  }
  return tally.counts;
}
