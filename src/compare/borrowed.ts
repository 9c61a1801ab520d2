// The procedure that published comparisons used: the baseline's limit fixed in every scheme, exponents from log-log slopes.
import { extent } from "../base/extent.js";
import { item } from "../base/item.js";
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { fitted } from "../fit/fitted.js";
import { groupName } from "../fit/problem/columns.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions } from "../fit/record.js";
import { at } from "../law/law.js";
import { powerLawWithLimit } from "../law/power-law.js";
import type { Borrowed } from "./comparison.js";

/**
 * One row a scheme of one variable. The baseline is fitted with a free limit E (squared loss residuals; the procedure of
 * arXiv 2609.19107); every other scheme's exponent is minus the least-squares slope of log(loss − E) on log x.
 */
export function borrowedLimit(
  groups: readonly Observations[],
  baseline: number,
  options: Partial<FitOptions> = { space: "linear" },
): readonly Borrowed[] {
  const source = item(groups, baseline);
  const { thetas } = fitted(powerLawWithLimit, [source], { ...DEFAULT_FIT_OPTIONS, interval: "delta", ...options });
  const [limit = Number.NaN, , exponent = Number.NaN] = item(thetas, 0);
  return groups.map((group, l) => {
    const slope = l === baseline ? -exponent : logSlope(group, limit);
    return {
      scheme: groupName(group),
      limit: slope === null ? null : limit,
      exponent: slope === null ? null : -slope,
      lastMultiplier: lastMultiplier(group, source),
    };
  });
}

/** Log of the only variable. */
const logX = ({ x }: Observations): Float64Array => item(x, 0).map(Math.log);

/** x of the baseline's largest point over the scheme's x at that loss, interpolated in (loss, log x); null outside. */
function lastMultiplier(scheme: Observations, baseline: Observations): number | null {
  const [u, base] = [logX(scheme), logX(baseline)];
  const [, last] = extent(base);
  const target = at(baseline.loss, base.indexOf(last));
  const order = Array.from(u.keys()).sort((i, j) => at(u, i) - at(u, j));
  for (const [rank, i] of order.slice(1).entries()) {
    const before = item(order, rank);
    const [high, low] = [at(scheme.loss, before), at(scheme.loss, i)];
    if (target > high || target < low || high === low) continue;
    return Math.exp(last - (at(u, before) + ((high - target) / (high - low)) * (at(u, i) - at(u, before))));
  }
  return null;
}

/** Least-squares slope of log(loss − limit) on log x; null where a loss does not exceed the limit. */
function logSlope(scheme: Observations, limit: number): number | null {
  if (scheme.loss.some((loss) => loss <= limit)) return null;
  const u = logX(scheme);
  const y = scheme.loss.map((loss) => Math.log(loss - limit));
  const [middle, height] = [mean(u), mean(y)];
  const [uu, uy] = [mean(u.map((v) => (v - middle) ** 2)), mean(u.map((v, i) => (v - middle) * (at(y, i) - height)))];
  return uy / uu;
}
