// Every chart of a report, in the order of the page. To add one: a file with a `Draw`, and a line here.
import type { Draw } from "./chart.js";
import { differences } from "./differences.js";
import { reportForecast } from "./forecast.js";
import { heldOut } from "./held-out.js";
import { jointRegion } from "./joint-region.js";
import { learningCurves, learningRate } from "./learning.js";
import { limitProfile } from "./limit-profile.js";
import { lossByFlops, lossByTokens, remainingExcess } from "./loss.js";
import { multiplier } from "./multiplier.js";
import { exponents, limits } from "./parameters.js";
import { rankingChart } from "./ranking.js";
import { residualSize } from "./residual-size.js";
import { residualQuantiles, residualsByBudget } from "./residuals.js";
import { inferenceRounds } from "./rounds.js";

/** By the name of the chart that it draws. */
export const CHARTS: Readonly<Record<string, Draw>> = {
  "loss-flops": lossByFlops,
  differences,
  "loss-tokens": lossByTokens,
  multiplier,
  ranking: rankingChart,
  limits,
  exponents,
  "joint-region": jointRegion,
  "excess-loss": remainingExcess,
  "inference-rounds": inferenceRounds,
  "learning-curves": learningCurves,
  "learning-rate": learningRate,
  residuals: residualsByBudget,
  "residual-size": residualSize,
  "residual-quantiles": residualQuantiles,
  "limit-profile": limitProfile,
  "held-out": heldOut,
  "forecast-fan": reportForecast,
};

/** The charts that are drawn of any number of schemes; those left out are read scheme by scheme. */
export const OF_ANY_CROWD: ReadonlySet<string> = new Set([
  "loss-flops",
  "differences",
  "loss-tokens",
  "ranking",
  "limits",
  "exponents",
]);
