// What a curve will reach: loss at budgets beyond the data with intervals, which scheme leads there, and the budget that a
// loss asks for.
//
//   observations → ensemble of forms (or one law, insisted on) → points, score card, budgets → leads → sentences

import { normalBelow, studentTwoSided } from "../base/distributions.js";
import { InputError, type Warning } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import { predict } from "../fit/predict.js";
import type { Interval } from "../fit/record.js";
import type { Law } from "../law/law.js";
import { type Ensemble, ensemble } from "./ensemble.js";
import { forecastSentences } from "./forecast-sentences.js";
import type { Forecast, ForecastPoint, Forecasts, Lead, Reached } from "./forecasting.js";
import { sharedNoise } from "./shared-noise.js";

export interface ForecastOptions {
  /** Values of x to say the loss at. */
  readonly at: readonly number[];
  /** Losses to say the budget for. */
  readonly reach: readonly number[];
  readonly level: number;
  /** Insists on one law of one variable; null for the forms that extrapolate best, together. */
  readonly law: Law | null;
}

const DEFAULTS: ForecastOptions = { at: [], reach: [], level: 0.95, law: null };

/** With fewer windows the forms were hardly judged. */
const ENOUGH_WINDOWS = 3;
const FAR = 1;
/** How far beyond the data a loss is looked for, decades. */
const FARTHEST = 10;

/** What a curve says of any x, whichever way it was fitted. */
interface Carried {
  readonly forecast: Omit<Forecast, "at" | "reached">;
  readonly point: (x: number) => ForecastPoint;
  /** Null where one law was insisted on: schemes are then compared as if independent. */
  readonly forms: Ensemble | null;
}

/**
 * Forecasts of each group's curve, and who leads.
 *
 * `groups[g].x` = [x], tokens or FLOPs; losses in nats per token (any unit will do). By default five forms of law compete
 * by what they predicted beyond expanding windows of the curve and are combined (see `ensemble`); the interval holds the
 * spread between them. With `law` the engine's own fit and its prediction intervals are used.
 * Throws InputError for x that are not positive, FitError where a curve has too few points.
 *
 * @example
 * import { forecast, observe, tableOf } from "rinsight";
 *
 * const points = Array.from({ length: 12 }, (_, i) => ({ tokens: 1e6 * 2 ** i, loss: 2 + 300 * (1e6 * 2 ** i) ** -0.4 }));
 * const { groups } = observe(tableOf("mine", points), ["tokens"]);
 * const [curve] = forecast(groups, { at: [1e10], reach: [2.1] }).forecasts;
 * console.log(curve?.at[0]?.loss.toFixed(2), curve?.reached[0]?.budget?.estimate.toExponential(0)); // 2.03 5e+8
 */
export function forecast(groups: readonly Observations[], options: Partial<ForecastOptions> = {}): Forecasts {
  const chosen = { ...DEFAULTS, ...options };
  check(chosen);
  const carried = groups.map((group) => carryOn(group, chosen));
  const forecasts = carried.map(
    ({ forecast: record, point }): Forecast => ({
      ...record,
      at: chosen.at.map(point),
      reached: chosen.reach.map((loss) => budgetFor(loss, point, record, chosen.level)),
    }),
  );
  const leads = chosen.at.flatMap((x) => leadsAt(x, groups, carried, chosen.level));
  return { forecasts, leads, sentences: forecastSentences(forecasts, leads) };
}

function check({ at, reach, level, law }: ForecastOptions): void {
  for (const x of at) {
    if (!(x > 0 && Number.isFinite(x)))
      throw new InputError(`forecast: x must be above 0, got ${x}; give for example 1e21`);
  }
  for (const loss of reach) {
    if (!(loss > 0))
      throw new InputError(`forecast: a loss to reach must be above 0, got ${loss}; give for example 2.1`);
  }
  if (!(level > 0 && level < 1)) {
    throw new InputError(`forecast: the level must lie between 0 and 1, got ${level}; .95 is usual`);
  }
  if (law !== null && law.variables.length !== 1) {
    throw new InputError(
      `forecast: the law must have one variable, got ${law.name} of ${law.variables.join(", ")}; use rinsight allocate for laws in parameters and tokens`,
    );
  }
}

function carryOn(group: Observations, { level, law }: ForecastOptions): Carried {
  const reach = (group.x[0] ?? new Float64Array(0)).reduce((m, v) => Math.max(m, v), 0);
  const common = { group: group.group, points: group.loss.length, reach, level };
  const place = (x: number) => ({ x, decades: Math.log10(x / reach) });
  if (law !== null) {
    const fitted = fitLaw(law, group, { interval: "delta", level });
    const status: readonly Warning[] =
      fitted.status === "converged" ? [] : [{ code: fitted.status, message: fitted.statusMessage }];
    return {
      forecast: {
        ...common,
        method: "one-law",
        forms: [{ law: law.name, weight: 1, error: null }],
        noise: fitted.residualScale,
        scoreCard: [],
        warnings: [...status, ...fitted.warnings],
      },
      point: (x) => {
        const [prediction] = predict(law, fitted, [[x]], { level });
        const loss = prediction?.loss ?? Number.NaN;
        return {
          ...place(x),
          loss,
          curve: prediction?.curve ?? null,
          newRun: prediction?.newRun ?? null,
          byForm: [loss],
        };
      },
      forms: null,
    };
  }
  const forms = ensemble(group);
  return {
    forecast: {
      ...common,
      method: "combined",
      forms: forms.forms,
      noise: Math.sqrt(forms.noise),
      scoreCard: forms.scoreCard,
      warnings: doubts(forms),
    },
    point: (x) => {
      const { log, byForm } = forms.outlook(x);
      return { ...place(x), loss: Math.exp(log), ...forms.intervals(x, level), byForm };
    },
    forms,
  };
}

function doubts({ windows, scoreCard }: Ensemble): readonly Warning[] {
  if (windows < ENOUGH_WINDOWS) {
    return [
      {
        code: "few-windows",
        message: `${windows === 0 ? "no window judges" : windows === 1 ? "1 window judges" : `${windows} windows judge`} the forms: too few points to choose well, so lean on the interval and not on the curve; add horizons`,
      },
    ];
  }
  const farthest = scoreCard.at(-1);
  if (farthest === undefined || farthest.to >= FAR) return [];
  return [
    {
      code: "untested-distance",
      message: `the curve itself tests forecasts up to ${farthest.to} decades ahead alone: beyond, the interval rests on the forms; add smaller horizons`,
    },
  ];
}

/** Bisection on the mean curve and on both ends of its interval, from the data to ten decades on. */
function budgetFor(
  loss: number,
  point: (x: number) => ForecastPoint,
  { reach }: Pick<Forecast, "reach">,
  level: number,
): Reached {
  const crossing = (of: (one: ForecastPoint) => number | null): number | null => {
    const above = (log: number) => !((of(point(10 ** log)) ?? Number.POSITIVE_INFINITY) <= loss);
    const start = Math.log10(reach);
    let [low, high] = [start - FARTHEST, start + FARTHEST];
    // The first place where the curve is that low, walking up: ends of intervals may rise again far out.
    for (let log = start - 4; log < high; log += 0.125) {
      if (!above(log)) {
        [low, high] = [log - 0.125, log];
        break;
      }
    }
    if (above(high)) return null;
    for (let i = 0; i < 50; i++) {
      const middle = (low + high) / 2;
      if (above(middle)) low = middle;
      else high = middle;
    }
    return 10 ** high;
  };
  const estimate = crossing((one) => one.loss);
  if (estimate === null) return { loss, budget: null };
  const interval: Interval = {
    level,
    lower: crossing((one) => one.curve?.lower ?? null),
    upper: crossing((one) => one.curve?.upper ?? null),
    method: "inverted",
  };
  return { loss, budget: { estimate, interval } };
}

function leadsAt(
  x: number,
  groups: readonly Observations[],
  carried: readonly Carried[],
  level: number,
): readonly Lead[] {
  const losses = carried.map(({ point }) => point(x).loss);
  const best = losses.indexOf(Math.min(...losses));
  const leader = carried[best];
  if (leader === undefined) return [];
  return carried.flatMap((other, g): readonly Lead[] => {
    if (g === best) return [];
    const difference = (losses[g] ?? Number.NaN) - (losses[best] ?? Number.NaN);
    const error = differenceError(x, leader, other, sharedNoise(groups[best], groups[g]));
    const freedom = Math.min(leader.forms?.degreesOfFreedom ?? 30, other.forms?.degreesOfFreedom ?? 30);
    const half = error === null ? null : studentTwoSided(level, freedom) * error;
    return [
      {
        x,
        ahead: nameOf(leader.forecast.group),
        behind: nameOf(other.forecast.group),
        difference: {
          estimate: difference,
          interval:
            half === null ? null : { level, lower: difference - half, upper: difference + half, method: "forms" },
        },
        probability: error === null ? null : normalBelow(difference / error),
      },
    ];
  });
}

/**
 * Of the difference of two mean curves: each form against itself, since what a form misses of one scheme it misses of the
 * other, and errors that share `correlation` of their noise.
 */
function differenceError(x: number, one: Carried, other: Carried, correlation: number): number | null {
  const size = (carried: Carried) => {
    const { loss, curve } = carried.point(x);
    if (curve === null || curve.lower === null || curve.upper === null) return null;
    return { loss, half: curve };
  };
  if (one.forms === null || other.forms === null) {
    const [a, b] = [size(one), size(other)];
    if (a === null || b === null) return null;
    const width = ({ half }: typeof a) => ((half.upper ?? 0) - (half.lower ?? 0)) / 2 / studentTwoSided(half.level, 30);
    return Math.hypot(width(a), width(b));
  }
  const [a, b] = [one.forms.outlook(x), other.forms.outlook(x)];
  const shift = a.log - b.log;
  const weights = one.forms.forms.map(({ law, weight }, j) => {
    const k = other.forms?.forms.findIndex((form) => form.law === law) ?? -1;
    const rival = other.forms?.forms[k];
    return rival === undefined
      ? null
      : { weight: Math.sqrt(weight * rival.weight), apart: Math.log((a.byForm[j] ?? 1) / (b.byForm[k] ?? 1)) - shift };
  });
  const common = weights.filter((entry) => entry !== null);
  const sum = common.reduce((total, { weight }) => total + weight, 0);
  if (!(sum > 0)) return Math.exp(a.log) * Math.sqrt(a.variance + b.variance);
  const between = common.reduce((total, { weight, apart }) => total + (weight / sum) * apart ** 2, 0);
  const within = a.within + b.within - 2 * correlation * Math.sqrt(a.within * b.within);
  return Math.exp((a.log + b.log) / 2) * Math.sqrt(within + one.forms.inflation * between);
}

export const nameOf = (group: Forecast["group"]): string => Object.values(group).join(", ");
