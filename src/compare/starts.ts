// Where descents begin: a grid of exponents with the rest by linear least squares, and what the free fits suggest.
import { descend } from "./joint.js";
import { type JointFit, type JointModel, type Ladder, WIDTH } from "./ladder.js";

const EXPONENT_GRID = [0.02, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5, 0.8, 1.3, 2.5];

/** The objective at a point: a descent of no steps. */
function sumAt(ladders: readonly Ladder[], model: JointModel, theta: Float64Array): number {
  return descend(ladders, model, theta, 0, 0).sum;
}

/** E ≥ 0 and exp(a) > 0 of one ladder by weighted linear least squares at a given exponent; null where no excess is left. */
function linearStart(ladder: Ladder, exponent: number, limit: number | null): [number, number, number] | null {
  let [w, wp, wpp, wy, wpy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < ladder.u.length; i++) {
    const power = Math.exp(-exponent * (ladder.u[i] ?? 0));
    const weight = ladder.weight[i] ?? 0;
    const loss = ladder.loss[i] ?? 0;
    w += weight;
    wp += weight * power;
    wpp += weight * power * power;
    wy += weight * loss;
    wpy += weight * power * loss;
  }
  let e = limit ?? (wpp * wy - wp * wpy) / (w * wpp - wp * wp);
  if (!(e > 0)) e = limit ?? 0;
  const factor = (wpy - e * wp) / wpp;
  return factor > 0 ? [e, Math.log(factor), exponent] : null;
}

/** The best of several starts for one ladder alone; `limit` holds the limit at a value. Null where no start has a value. */
export function fitLadder(
  ladder: Ladder,
  space: "log" | "linear",
  limit: number | null = null,
  huber: number | null = null,
): JointFit | null {
  const model: JointModel = { space, limit: limit === null ? "free" : "fixed", exponent: "free", huber };
  const starts = EXPONENT_GRID.flatMap((exponent) => {
    const start = linearStart(ladder, exponent, limit);
    return start === null ? [] : [Float64Array.from(start)];
  })
    .map((theta) => ({ theta, sum: sumAt([ladder], model, theta) }))
    .filter((start) => Number.isFinite(start.sum))
    .sort((p, q) => p.sum - q.sum)
    .slice(0, 3);
  return best(starts.map((start) => descend([ladder], model, start.theta)));
}

/** The best of several starts for all ladders, given the best free fits of each. Null where no start has a value. */
export function fitJoint(ladders: readonly Ladder[], model: JointModel, free: Float64Array): JointFit | null {
  const column = (p: number) => ladders.map((_, l) => free[l * WIDTH + p] ?? 0).sort((a, b) => a - b);
  const quantiles = (sorted: readonly number[]) =>
    [0, 0.25, 0.5, 0.75, 1].map((q) => sorted[Math.round(q * (sorted.length - 1))] ?? 0);
  const candidates: readonly { limit: number | null; exponent: number | null }[] =
    model.exponent === "shared"
      ? [...quantiles(column(2)), ...EXPONENT_GRID].map((exponent) => ({ limit: null, exponent }))
      : quantiles(column(0)).map((limit) => ({ limit, exponent: null }));
  const starts = candidates.flatMap(({ limit, exponent }) => {
    const theta = new Float64Array(ladders.length * WIDTH);
    for (const [l, ladder] of ladders.entries()) {
      const start = linearStart(ladder, exponent ?? free[l * WIDTH + 2] ?? 0.3, limit);
      if (start === null) return [];
      theta.set(start, l * WIDTH);
    }
    if (model.limit === "shared") {
      const limits = ladders.map((_, l) => theta[l * WIDTH] ?? 0);
      const mean = limits.reduce((a, b) => a + b, 0) / limits.length;
      for (const [l, ladder] of ladders.entries()) {
        const start = linearStart(ladder, theta[l * WIDTH + 2] ?? 0.3, limit ?? mean);
        if (start === null) return [];
        theta.set(start, l * WIDTH);
      }
    }
    const sum = sumAt(ladders, model, theta);
    return Number.isFinite(sum) ? [{ theta, sum }] : [];
  });
  starts.sort((p, q) => p.sum - q.sum);
  return best(starts.slice(0, 4).map((start) => descend(ladders, model, start.theta)));
}

function best(fits: readonly JointFit[]): JointFit | null {
  return fits.reduce<JointFit | null>((a, b) => (a === null || b.sum < a.sum ? b : a), null);
}
