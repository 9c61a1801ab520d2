// Which group is ahead at an x, and how sure that is.
import { normalBelow, studentTwoSided } from "../base/distributions.js";
import type { Observations } from "../curve/observations.js";
import type { Ensemble } from "./ensemble.js";
import type { Forecast, ForecastPoint, Lead } from "./forecasting.js";
import { sharedNoise } from "./shared-noise.js";

/** Degrees of freedom where one law was insisted on and its own are spent in its interval. */
const MANY = 30;

/** What a curve says of any x, whichever way it was fitted. */
export interface Carried {
  readonly forecast: Omit<Forecast, "at" | "reached">;
  readonly point: (x: number) => ForecastPoint;
  /** Null where one law was insisted on: schemes are then compared as if independent. */
  readonly forms: Ensemble | null;
}

/** The lowest mean curve at x against each other group. */
export function leadsAt(
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
    const freedom = Math.min(leader.forms?.degreesOfFreedom ?? MANY, other.forms?.degreesOfFreedom ?? MANY);
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
    const width = ({ half }: typeof a) =>
      ((half.upper ?? 0) - (half.lower ?? 0)) / 2 / studentTwoSided(half.level, MANY);
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
  // What windows say of distance counts as it does for the curves themselves.
  const heard = Math.sqrt((a.variance / a.announced) * (b.variance / b.announced));
  return Math.exp((a.log + b.log) / 2) * Math.sqrt(heard * (within + between));
}

/** The values of the group's columns, as tables name it. */
export const nameOf = (group: Forecast["group"]): string => Object.values(group).join(", ");
