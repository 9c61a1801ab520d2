// What a curve will reach: loss at budgets beyond the data with intervals, which scheme leads there, and the budget that a
// loss asks for.
//
//   observations → ensemble of forms (or one law, insisted on) → points, score card, budgets → leads → sentences

import { InputError, type Warning } from "../base/errors.js";
import { extent } from "../base/extent.js";
import type { Observations } from "../curve/observations.js";
import { fit as fitLaw } from "../fit/fit.js";
import { predict } from "../fit/predict.js";
import type { Law } from "../law/law.js";
import { type Ensemble, ensemble } from "./ensemble.js";
import { forecastSentences } from "./forecast-sentences.js";
import type { Forecast, Forecasts } from "./forecasting.js";
import { type Carried, leadsAt } from "./leads.js";
import { budgetFor } from "./reached.js";

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
/** Points nearer than this, in decades, say nothing of a forecast; with fewer held than this share it is not to be believed. */
const NEAR = 0.25;
const LEAST_HELD = 0.8;

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
  const [, reach] = extent(group.x[0] ?? []);
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
  const warnings: Warning[] = [];
  const tested = scoreCard.filter(({ from }) => from >= NEAR);
  const points = tested.reduce((sum, row) => sum + row.points, 0);
  const held = tested.reduce((sum, row) => sum + row.points * row.held, 0) / points;
  if (held < LEAST_HELD) {
    warnings.push({
      code: "forecasts-missed",
      message: `${Math.round(100 * held)}% of ${points} points ${NEAR} decades or more beyond windows of this curve lay inside their intervals: no form carries it, so neither will the interval be held; train to a larger horizon instead`,
    });
  }
  const farthest = scoreCard.at(-1);
  if (farthest !== undefined && farthest.to < FAR) {
    warnings.push({
      code: "untested-distance",
      message: `the curve itself tests forecasts up to ${farthest.to} decades ahead alone: beyond, the interval rests on the forms; add smaller horizons`,
    });
  }
  return warnings;
}
