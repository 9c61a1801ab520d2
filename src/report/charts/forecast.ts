// The forecast fan of a report: a decade beyond the data, or beyond those that were not held out.
import { forecast } from "../../forecast/forecast.js";
import { holdOutBudgets } from "../../forecast/held-out.js";
import { observationsOf } from "../analysis.js";
import type { Chart, Given } from "./chart.js";
import { forecastFan } from "./forecast-fan.js";

const DRAWN = 61;

export function reportForecast({ source, analysis, palette }: Given): Chart | null {
  const { forecast: asked } = analysis;
  if (asked === undefined || palette.crowded) return null;
  const groups = source.schemes.map((scheme) =>
    holdOutBudgets(observationsOf(source, scheme, analysis.variable), asked.heldOutBudgets),
  );
  const budgets = groups.flatMap(({ kept, heldOut }) => [...(kept.x[0] ?? []), ...(heldOut.x[0] ?? [])]);
  const [least, most] = [Math.min(...budgets), 10 * Math.max(...budgets)];
  const at = Array.from({ length: DRAWN }, (_, i) => least * (most / least) ** (i / (DRAWN - 1)));
  const kept = groups.map((group) => group.kept);
  const { forecasts } = forecast(kept, { at, level: analysis.level });
  return forecastFan(
    kept,
    forecasts,
    analysis.variable,
    groups.map(({ heldOut }) => heldOut),
  );
}
