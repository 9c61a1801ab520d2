// Forecasts of what is known already: the largest budgets are kept out, carried on to, and held against what came.
import { InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { pick } from "../fit/held-out.js";
import type { Interval } from "../fit/record.js";
import { at } from "../law/law.js";
import { type ForecastOptions, forecast } from "./forecast.js";

/** One run that the forecast had not seen. */
export interface HeldOutForecast {
  readonly group: Readonly<Record<string, string>>;
  readonly x: number;
  /** log10 of x over the largest that was seen. */
  readonly decades: number;
  readonly observed: number;
  readonly predicted: number;
  /** predicted/observed − 1. */
  readonly error: number;
  readonly newRun: Interval | null;
  /** Whether the interval for a new run held it; null without one. */
  readonly inside: boolean | null;
}

/** Keeps the runs at the `count` largest different x apart. Throws InputError unless four are left. */
export function holdOutBudgets(
  group: Observations,
  count: number,
): { readonly kept: Observations; readonly heldOut: Observations } {
  const x = group.x[0] ?? new Float64Array(0);
  const distinct = [...new Set(x)].sort((a, b) => a - b);
  if (count > distinct.length - 4) {
    throw new InputError(
      `--held-out: the largest budgets kept out must leave 4 to carry on from, got ${count} of ${distinct.length}; keep out fewer`,
    );
  }
  const from = count === 0 ? Number.POSITIVE_INFINITY : at(distinct, distinct.length - count);
  const rows = Array.from(x.keys()).sort((a, b) => at(x, a) - at(x, b) || at(group.loss, a) - at(group.loss, b));
  return {
    kept: pick(
      group,
      rows.filter((i) => at(x, i) < from),
    ),
    heldOut: pick(
      group,
      rows.filter((i) => at(x, i) >= from),
    ),
  };
}

/** Each group's runs at its `count` largest budgets against the forecast from the rest, in the order of x. */
export function heldOutForecasts(
  groups: readonly Observations[],
  count: number,
  options: Omit<Partial<ForecastOptions>, "at" | "reach"> = {},
): readonly HeldOutForecast[] {
  return groups.flatMap((group) => {
    const { kept, heldOut } = holdOutBudgets(group, count);
    const x = Array.from(heldOut.x[0] ?? []);
    const [one] = forecast([kept], { ...options, at: x }).forecasts;
    return (one?.at ?? []).map(({ decades, loss, newRun }, i): HeldOutForecast => {
      const observed = at(heldOut.loss, i);
      const inside =
        newRun === null ? null : (newRun.lower ?? -Infinity) <= observed && observed <= (newRun.upper ?? Infinity);
      return {
        group: group.group,
        x: at(x, i),
        decades,
        observed,
        predicted: loss,
        error: loss / observed - 1,
        newRun,
        inside,
      };
    });
  });
}
