// The forecast fan of a report: a decade beyond the data, where every scheme has budgets enough for forms to be judged by.
import { forecast } from "../../forecast/forecast.js";
import { observationsOf } from "../analysis.js";
import type { Chart, Given } from "./chart.js";
import { forecastFan } from "./forecast-fan.js";

/** Distinct budgets from which on at least three expanding windows judge the forms. */
const ENOUGH_BUDGETS = 7;
const DRAWN = 61;

export function reportForecast({ source, analysis, palette }: Given): Chart | null {
  const groups = source.schemes.map((scheme) => observationsOf(source, scheme, analysis.variable));
  const enough = groups.every(({ x }) => new Set(x[0]).size >= ENOUGH_BUDGETS);
  if (groups.length === 0 || palette.crowded || !enough) return null;
  const budgets = groups.flatMap(({ x }) => Array.from(x[0] ?? []));
  const [least, most] = [Math.min(...budgets), 10 * Math.max(...budgets)];
  const at = Array.from({ length: DRAWN }, (_, i) => least * (most / least) ** (i / (DRAWN - 1)));
  return forecastFan(groups, forecast(groups, { at, level: analysis.level }).forecasts, analysis.variable);
}
