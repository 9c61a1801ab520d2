// The procedure that published comparisons used: the baseline's limit fixed in every scheme, exponents from log-log slopes.
import type { Borrowed } from "./comparison.js";
import type { Ladder } from "./ladder.js";
import { fitLadder } from "./starts.js";

/**
 * One row a scheme. The baseline is fitted with a free limit E (squared loss residuals in `space`; the procedure of
 * arXiv 2609.19107 is "linear"); every other scheme's exponent is minus the least-squares slope of log(loss − E) on log x.
 */
export function borrowedLimit(
  ladders: readonly Ladder[],
  baseline: number,
  space: "log" | "linear" = "linear",
  huber: number | null = null,
): readonly Borrowed[] {
  const source = ladders[baseline];
  const fit = source === undefined ? null : fitLadder(source, space, null, huber);
  if (fit === null) {
    return ladders.map((ladder) => ({ scheme: ladder.name, limit: null, exponent: null, lastMultiplier: null }));
  }
  const limit = fit.theta[0] ?? 0;
  return ladders.map((ladder, l) => {
    const slope = l === baseline ? -(fit.theta[2] ?? 0) : logSlope(ladder, limit);
    return {
      scheme: ladder.name,
      limit: slope === null ? null : limit,
      exponent: slope === null ? null : -slope,
      lastMultiplier: source === undefined ? null : lastMultiplier(ladder, source),
    };
  });
}

/** x of the baseline's largest point over the scheme's x at that loss, interpolated in (loss, log x); null outside. */
function lastMultiplier(ladder: Ladder, baseline: Ladder): number | null {
  const last = Math.max(...baseline.u);
  const target = baseline.loss[baseline.u.indexOf(last)] ?? 0;
  const order = Array.from(ladder.u.keys()).sort((i, j) => (ladder.u[i] ?? 0) - (ladder.u[j] ?? 0));
  for (const [rank, i] of order.slice(1).entries()) {
    const before = order[rank] ?? 0;
    const [high, low] = [ladder.loss[before] ?? 0, ladder.loss[i] ?? 0];
    if (target > high || target < low || high === low) continue;
    const [from, to] = [ladder.u[before] ?? 0, ladder.u[i] ?? 0];
    return Math.exp(last - (from + ((high - target) / (high - low)) * (to - from)));
  }
  return null;
}

/** Weighted least-squares slope of log(loss − limit) on u; null where a loss does not exceed the limit. */
function logSlope(ladder: Ladder, limit: number): number | null {
  if (ladder.loss.some((loss) => loss <= limit)) return null;
  const y = ladder.loss.map((loss) => Math.log(loss - limit));
  let [w, wu, wy] = [0, 0, 0];
  for (const [i, weight] of ladder.weight.entries()) {
    w += weight;
    wu += weight * (ladder.u[i] ?? 0);
    wy += weight * (y[i] ?? 0);
  }
  let [uu, uy] = [0, 0];
  for (const [i, weight] of ladder.weight.entries()) {
    const du = (ladder.u[i] ?? 0) - wu / w;
    uu += weight * du * du;
    uy += weight * du * ((y[i] ?? 0) - wy / w);
  }
  return uy / uu;
}
