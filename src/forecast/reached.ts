// The budget that a loss asks for: a forecast turned round.
import type { Interval } from "../fit/record.js";
import type { Forecast, ForecastPoint, Reached } from "./forecasting.js";

/** How far beyond the data a loss is looked for, decades. */
const FARTHEST = 10;

/** Bisection on the mean curve and on both ends of its interval, from the data to ten decades on. */
export function budgetFor(
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
