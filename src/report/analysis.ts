// From what was read to what is concluded: fits by scheme, their comparison, profiles and held-out errors.

import { FitError, InputError } from "../base/errors.js";
import { extent } from "../base/extent.js";
import { mean } from "../base/mean.js";
import { compare } from "../compare/compare.js";
import type { Comparison } from "../compare/comparison.js";
import type { Observations } from "../curve/observations.js";
import type { Selection } from "../curve/observe.js";
import { extrapolations } from "../fit/extrapolations.js";
import { fit as fitLaw } from "../fit/fit.js";
import { profile } from "../fit/profile/profile.js";
import type { Fit, FitOptions } from "../fit/record.js";
import { forecast } from "../forecast/forecast.js";
import { heldOutForecasts } from "../forecast/held-out.js";
import { powerLaw, powerLawWithLimit } from "../law/power-law.js";
import { detailed } from "./detail.js";
import { drawn } from "./drawn.js";
import { ranking } from "./ranking.js";
import type {
  Analysis,
  HeldOutPoint,
  ProfilePoint,
  ReportPoint,
  ReportSource,
  SchemeFacts,
  SchemeSummary,
  Variable,
} from "./record.js";
import { tally } from "./tally.js";

export interface AnalysisOptions {
  readonly title: string;
  readonly level: number;
  readonly bootstrap: number;
  readonly seed: number;
  /** The scheme that the others are held against, by its label; null for the first. */
  readonly baseline: string | null;
  /** Columns and rows taken from plain tables; run files need none. */
  readonly selection: Selection;
  /** A law in parameters and tokens makes the report one of sizes (see surface/); left out, one of curves. */
  readonly law?: string;
  /** Budgets to forecast or to split; left out, those ten and a hundred times (to split: one and ten times) the largest. */
  readonly at?: readonly number[];
  /** How many of the largest budgets are kept out of a forecast to score it. */
  readonly heldOut?: number;
  /** A page beside the report that its head links to: a file's name. */
  readonly see?: string;
}

export const DEFAULT_OPTIONS: AnalysisOptions = {
  title: "Scaling report",
  level: 0.95,
  bootstrap: 1000,
  seed: 0,
  baseline: null,
  selection: {},
};

/**
 * Fits L(D) = E + β·D^−c to each scheme's points in the fit and compares the schemes at equal compute.
 * A scheme whose data give no estimate is listed in `failures` and the report goes on without it.
 *
 * @example
 * import { analyse, readSource } from "rinsight";
 *
 * const { source } = await readSource(["curves.csv"]);
 * const analysis = analyse(source, { title: "Mine", bootstrap: 200 });
 * console.log(analysis.schemes.map((scheme) => scheme.name).join()); // baseline,rins-3
 */
export function analyse(source: ReportSource, given: Partial<AnalysisOptions> = {}): Analysis {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const variable: Variable = known(source, "tokens") ? "tokens" : "flops";
  const comparisonVariable: Variable = known(source, "flops") ? "flops" : "tokens";
  const fitOptions: Partial<FitOptions> = { level: options.level, seed: options.seed };
  const failures: { scheme: string; message: string }[] = [];
  const fits = source.schemes.map((scheme): Fit | null => {
    try {
      return fitLaw(powerLawWithLimit, observationsOf(source, scheme, variable), fitOptions);
    } catch (error) {
      if (!(error instanceof FitError)) throw error;
      failures.push({ scheme: scheme.label, message: error.message });
      return null;
    }
  });
  const fittedSchemes = source.schemes.filter((_, order) => fits[order] !== null);
  const comparison = compareSchemes(source, fittedSchemes, comparisonVariable, options, failures);
  const fitted = source.points.filter((point) => point.excluded === null);
  const budgets = fitted.flatMap((point) => point[variable] ?? []);
  return {
    title: options.title,
    variable,
    comparisonVariable,
    level: options.level,
    schemes: source.schemes.map((scheme) => summary(source, scheme, variable)),
    fits,
    failures,
    comparison,
    ranking: ranking(source, comparisonVariable),
    ...(detailed(source) ? profiles(source, fits, variable, fitOptions) : { profiles: [], profileCutoffs: [] }),
    heldOut: (detailed(source) ? fittedSchemes : []).flatMap((scheme): HeldOutPoint[] =>
      extrapolations([powerLawWithLimit, powerLaw], observationsOf(source, scheme, variable), fitOptions).map(
        (row) => ({
          scheme: scheme.name,
          law: row.law,
          fittedPoints: row.fitted,
          decades: drawn(row.decades),
          relativeError: drawn(Math.abs(row.relativeError)),
        }),
      ),
    ),
    ...carriedOn(source, variable, options),
    points: {
      read: source.points.length + source.leftOut.length,
      fitted: fitted.length,
      excluded: tally([...source.points.flatMap(({ excluded }) => excluded ?? []), ...source.leftOut]),
      distinctBudgets: new Set(budgets).size,
      decades: budgets.length === 0 ? null : drawn(Math.log10(Math.max(...budgets) / Math.min(...budgets))),
    },
    excludedRuns: source.excludedRuns,
    provenance: source.provenance,
  };
}

/** Distinct budgets from which on at least three expanding windows judge the forms; with fewer, forecasts are to be asked for. */
const ENOUGH_BUDGETS = 7;
/** More curves than this are not told apart beyond their data. */
const MOST_FORECASTS = 20;

function carriedOn(source: ReportSource, variable: Variable, options: AnalysisOptions): Pick<Analysis, "forecast"> {
  const groups = source.schemes.map((scheme) => observationsOf(source, scheme, variable));
  const { heldOut: held = 0, level } = options;
  const asked = held > 0 || options.at !== undefined;
  const enough = groups.every(({ x }) => new Set(x[0]).size >= ENOUGH_BUDGETS);
  if (groups.length === 0 || (!asked && (groups.length > MOST_FORECASTS || !enough))) return {};
  const largest = groups.reduce((most, { x }) => Array.from(x[0] ?? []).reduce((m, v) => Math.max(m, v), most), 0);
  return {
    forecast: {
      ...forecast(groups, { at: options.at ?? [10 * largest, 100 * largest], level }),
      heldOutBudgets: held,
      heldOut: held === 0 ? [] : heldOutForecasts(groups, held, { level }),
    },
  };
}

/** True where every point in the fit has the variable. */
function known(source: ReportSource, variable: Variable): boolean {
  return source.points.every((point) => point.excluded !== null || point[variable] !== null);
}

/** One scheme's points in the fit, as the fit takes them. */
export function observationsOf(source: ReportSource, scheme: SchemeFacts, variable: Variable): Observations {
  const points = source.points.filter((point) => point.scheme === scheme.name && point.excluded === null);
  const whole = <T>(values: readonly (T | null)[]): T[] | null => {
    const present = values.filter((value): value is T => value !== null);
    return present.length === values.length ? present : null;
  };
  const errors = whole(points.map((point) => point.standardError));
  return {
    group: { scheme: scheme.label },
    x: [Float64Array.from(points, (point) => point[variable] ?? Number.NaN)],
    loss: Float64Array.from(points, (point) => point.loss),
    standardError: errors === null ? null : Float64Array.from(errors),
    run: whole(points.map((point) => point.run)),
    pair: pairKeys(source, points),
    decayed: whole(points.map((point) => point.decayed)),
    excluded: [],
  };
}

/**
 * Schemes are matched by the keys that the points bring, else by seed and by the rank of the budget among that seed's: equal
 * compute gives every scheme other token counts, and a stochastic one other FLOPs in every seed.
 */
function pairKeys(source: ReportSource, points: readonly ReportPoint[]): string[] | null {
  const brought = points.flatMap((point) => point.pair ?? []);
  if (brought.length === points.length) return brought;
  const byFlops = known(source, "flops");
  const budgetOf = (point: ReportPoint) => (byFlops ? point.flops : point.tokens) ?? 0;
  const budgets = new Map<number | null, number[]>();
  for (const point of points) budgets.set(point.seed, [...(budgets.get(point.seed) ?? []), budgetOf(point)]);
  for (const ofSeed of budgets.values()) ofSeed.sort((a, b) => a - b);
  const keys = points.map((point) =>
    point.seed === null ? null : `${budgets.get(point.seed)?.indexOf(budgetOf(point))}/${point.seed}`,
  );
  return keys.some((key) => key === null) || new Set(keys).size !== keys.length ? null : keys.map(String);
}

function compareSchemes(
  source: ReportSource,
  schemes: readonly SchemeFacts[],
  variable: Variable,
  options: AnalysisOptions,
  failures: { scheme: string; message: string }[],
): Comparison | null {
  if (schemes.length < 2) return null;
  try {
    return compare(
      schemes.map((scheme) => observationsOf(source, scheme, variable)),
      {
        fit: { level: options.level, seed: options.seed },
        replicates: detailed(source) ? options.bootstrap : 0,
        detail: detailed(source) ? "all" : "least",
        baseline: options.baseline,
      },
    );
  } catch (error) {
    if (!(error instanceof FitError || error instanceof InputError)) throw error;
    failures.push({ scheme: "comparison", message: error.message });
    return null;
  }
}

function summary(source: ReportSource, scheme: SchemeFacts, variable: Variable): SchemeSummary {
  const points = source.points.filter((point) => point.scheme === scheme.name && point.excluded === null);
  const [, budget] = extent(points.map((point) => point[variable] ?? Number.NEGATIVE_INFINITY));
  const last = points.filter((point) => point[variable] === budget);
  const first = last[0];
  return {
    ...scheme,
    runs: new Set(points.map((point) => point.run)).size,
    seeds: new Set(points.map((point) => point.seed)).size,
    points: points.length,
    largest:
      first === undefined
        ? null
        : {
            tokens: first.tokens,
            flops: first.flops,
            loss: mean(last.map((point) => point.loss)),
            seeds: last.length,
          },
  };
}

const PROFILE_STEPS = 24;

/** The profile over the limit, twice as far as its interval on each side, under the lowest loss. */
function profiles(
  source: ReportSource,
  fits: readonly (Fit | null)[],
  variable: Variable,
  options: Partial<FitOptions>,
): { readonly profiles: readonly ProfilePoint[]; readonly profileCutoffs: readonly (number | null)[] } {
  const rows: ProfilePoint[] = [];
  const cutoffs = fits.map((free, order) => {
    const scheme = source.schemes[order];
    const limit = free?.parameters.limit;
    if (free === null || scheme === undefined || limit === undefined || free.degreesOfFreedom < 1) return null;
    const observations = observationsOf(source, scheme, variable);
    const [lowest] = extent(observations.loss);
    const { estimate, interval } = limit;
    const from = Math.max(0, estimate - 2 * (estimate - (interval?.lower ?? 0)));
    const to = Math.min(estimate + 0.98 * (lowest - estimate), estimate + 2 * ((interval?.upper ?? lowest) - estimate));
    const grid = Array.from({ length: PROFILE_STEPS + 1 }, (_, step) => from + ((to - from) * step) / PROFILE_STEPS);
    const { points, critical } = profile(powerLawWithLimit, observations, options, "limit", grid);
    for (const { value, t } of [...points].sort((one, other) => one.value - other.value)) {
      if (Number.isFinite(t)) rows.push({ scheme: scheme.name, limit: drawn(value), statistic: drawn(t * t) });
    }
    return Number.isFinite(critical) ? drawn(critical ** 2) : null;
  });
  return { profiles: rows, profileCutoffs: cutoffs };
}
