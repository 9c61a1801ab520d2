// Power laws with a limit fitted to several schemes at once, with the limit, the exponent or both in common.
// What is not shared belongs to one scheme alone, so the normal equations are an arrow: each scheme's own unknowns are
// eliminated by themselves and at most two shared ones remain. That makes a fit cheap enough to be redrawn thousands
// of times. Inside, a scheme's law is E + exp(a − c·u) with u = ln x − origin, which takes the steepest correlation
// (coefficient against exponent) out of the problem; outside there are limit, coefficient and exponent only.

/** One scheme's points, ready for fitting. */
export interface Ladder {
  readonly name: string;
  /** ln x − origin, the origin being common to all ladders. */
  readonly u: Float64Array;
  readonly loss: Float64Array;
  /** Weight of each squared residual. */
  readonly weight: Float64Array;
  /** Matches points between ladders; null when nothing does. */
  readonly pair: readonly string[] | null;
  readonly run: readonly string[] | null;
}

export interface JointModel {
  readonly space: "log" | "linear";
  readonly limit: "free" | "shared" | "fixed";
  readonly exponent: "free" | "shared";
  /** Huber's δ; null for squared residuals. */
  readonly huber: number | null;
}

export interface JointFit {
  /** E, a, c of each ladder in turn; a shared value stands in every ladder. */
  readonly theta: Float64Array;
  /** Weighted sum of squared residuals (of Huber losses where asked for). */
  readonly sum: number;
  readonly converged: boolean;
}

export const WIDTH = 3;
const MAX_EXPONENT = 10;
const MIN_EXPONENT = 1e-6;
const EXPONENT_GRID = [0.02, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5, 0.8, 1.3, 2.5];

/** Predicted loss of the ladder whose parameters start at `offset` of theta. */
export function predict(theta: Float64Array, offset: number, u: number): number {
  return (theta[offset] ?? 0) + Math.exp((theta[offset + 1] ?? 0) - (theta[offset + 2] ?? 0) * u);
}

/** Observed − predicted in the space of the model, one array a ladder. */
export function residuals(ladders: readonly Ladder[], model: JointModel, theta: Float64Array): Float64Array[] {
  return ladders.map((ladder, l) =>
    ladder.u.map((u, i) => {
      const predicted = predict(theta, l * WIDTH, u);
      const observed = ladder.loss[i] ?? Number.NaN;
      return model.space === "log" ? Math.log(observed / predicted) : observed - predicted;
    }),
  );
}

function objective(ladders: readonly Ladder[], model: JointModel, theta: Float64Array): number {
  let sum = 0;
  for (let l = 0; l < ladders.length; l++) {
    const ladder = ladders[l];
    if (ladder === undefined) continue;
    for (let i = 0; i < ladder.u.length; i++) {
      const predicted = predict(theta, l * WIDTH, ladder.u[i] ?? 0);
      const observed = ladder.loss[i] ?? 0;
      const residual = model.space === "log" ? Math.log(observed / predicted) : observed - predicted;
      sum += (ladder.weight[i] ?? 0) * rho(residual, model.huber);
    }
  }
  return sum;
}

/** Huber's loss scaled so that it is the squared residual up to δ. */
function rho(residual: number, huber: number | null): number {
  const size = Math.abs(residual);
  return huber === null || size <= huber ? residual * residual : huber * (2 * size - huber);
}

/**
 * Levenberg–Marquardt from `start` on the arrow-shaped normal equations, the limit kept at 0 or above.
 * @param tolerance relative decrease of the objective below which two steps in a row end it
 */
export function descend(
  ladders: readonly Ladder[],
  model: JointModel,
  start: Float64Array,
  tolerance = 1e-14,
  iterations = 300,
): JointFit {
  const shared = [model.limit === "shared" ? 0 : -1, model.exponent === "shared" ? 2 : -1].filter((p) => p >= 0);
  const local = [1, ...(model.limit === "free" ? [0] : []), ...(model.exponent === "free" ? [2] : [])];
  const order = [...local, ...shared];
  const size = order.length;
  const width = size + 1;
  const stride = size * width;
  const normal = new Float64Array(ladders.length * stride);
  const system = new Float64Array(ladders.length * stride);
  const top = new Float64Array(shared.length * (shared.length + 1));
  const step = new Float64Array(ladders.length * WIDTH);
  let theta = Float64Array.from(start);
  let trial = new Float64Array(theta.length);
  let sum = objective(ladders, model, theta);
  let damping = 1e-4;
  let growth = 2;
  let small = 0;
  let stale = true;
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (stale) assemble(ladders, model, theta, order, normal);
    stale = false;
    if (!eliminate(normal, system, top, step, ladders.length, order, local.length, damping)) {
      damping *= 10;
      if (damping > 1e12) return { theta, sum, converged: false };
      continue;
    }
    for (let j = 0; j < theta.length; j++) {
      const moved = (theta[j] ?? 0) + (step[j] ?? 0);
      const parameter = j % WIDTH;
      trial[j] =
        parameter === 0
          ? Math.max(0, moved)
          : parameter === 2
            ? Math.min(MAX_EXPONENT, Math.max(MIN_EXPONENT, moved))
            : moved;
    }
    const next = objective(ladders, model, trial);
    if (next <= sum) {
      small = sum - next <= tolerance * sum ? small + 1 : 0;
      [theta, trial] = [trial, theta];
      sum = next;
      damping = Math.max(damping / 8, 1e-15);
      growth = 2;
      stale = true;
      if (small === 2 || sum === 0) return { theta, sum, converged: true };
    } else {
      // A rejected step of no length means that rounding, not the model, is what is left.
      if (damping > 1e8) return { theta, sum, converged: true };
      damping *= growth;
      growth *= 2;
    }
  }
  return { theta, sum, converged: false };
}

/** Per ladder, the augmented normal equations [JᵀWJ | JᵀWr] in the given order of parameters. */
function assemble(
  ladders: readonly Ladder[],
  model: JointModel,
  theta: Float64Array,
  order: readonly number[],
  normal: Float64Array,
): void {
  const size = order.length;
  const width = size + 1;
  normal.fill(0);
  const row = new Float64Array(WIDTH);
  let limitGradient = 0;
  const atZero = (l: number) => (theta[l * WIDTH] ?? 0) === 0;
  for (let l = 0; l < ladders.length; l++) {
    const ladder = ladders[l];
    if (ladder === undefined) continue;
    const base = l * size * width;
    for (let i = 0; i < ladder.u.length; i++) {
      const u = ladder.u[i] ?? 0;
      const power = Math.exp((theta[l * WIDTH + 1] ?? 0) - (theta[l * WIDTH + 2] ?? 0) * u);
      const predicted = (theta[l * WIDTH] ?? 0) + power;
      const observed = ladder.loss[i] ?? 0;
      const residual = model.space === "log" ? Math.log(observed / predicted) : observed - predicted;
      const slope = model.space === "log" ? 1 / predicted : 1;
      let weight = ladder.weight[i] ?? 0;
      if (model.huber !== null && Math.abs(residual) > model.huber) weight *= model.huber / Math.abs(residual);
      row[0] = slope;
      row[1] = slope * power;
      row[2] = -slope * power * u;
      for (let p = 0; p < size; p++) {
        const jp = weight * (row[order[p] ?? 0] ?? 0);
        for (let q = p; q < size; q++) {
          normal[base + p * width + q] = (normal[base + p * width + q] ?? 0) + jp * (row[order[q] ?? 0] ?? 0);
        }
        normal[base + p * width + size] = (normal[base + p * width + size] ?? 0) + jp * residual;
      }
    }
    for (let p = 0; p < size; p++) {
      for (let q = 0; q < p; q++) normal[base + p * width + q] = normal[base + q * width + p] ?? 0;
    }
    limitGradient += normal[base + order.indexOf(0) * width + size] ?? 0;
  }
  // A limit that stands at its bound and is pushed against it takes no part in the step.
  const position = order.indexOf(0);
  if (position < 0) return;
  for (let l = 0; l < ladders.length; l++) {
    const base = l * size * width;
    const push = model.limit === "shared" ? limitGradient : (normal[base + position * width + size] ?? 0);
    if (!atZero(l) || push > 0) continue;
    for (let p = 0; p < size; p++) {
      normal[base + p * width + position] = 0;
      normal[base + position * width + p] = 0;
    }
    normal[base + position * width + position] = 1;
    normal[base + position * width + size] = 0;
  }
}

/** Solves the damped arrow system into `step`; false where it is singular. */
function eliminate(
  normal: Float64Array,
  system: Float64Array,
  top: Float64Array,
  step: Float64Array,
  ladders: number,
  order: readonly number[],
  locals: number,
  damping: number,
): boolean {
  const size = order.length;
  const width = size + 1;
  const sharedSize = size - locals;
  const topWidth = sharedSize + 1;
  system.set(normal);
  top.fill(0);
  for (let l = 0; l < ladders; l++) {
    const base = l * size * width;
    for (let p = 0; p < size; p++) system[base + p * width + p] = (system[base + p * width + p] ?? 0) * (1 + damping);
    if (!forward(system, base, width, size, locals)) return false;
    for (let p = 0; p < sharedSize; p++) {
      for (let q = 0; q < topWidth; q++) {
        const at = base + (locals + p) * width + locals + q;
        top[p * topWidth + q] = (top[p * topWidth + q] ?? 0) + (system[at] ?? 0);
      }
    }
  }
  if (!forward(top, 0, topWidth, sharedSize, sharedSize)) return false;
  const solution = new Float64Array(size);
  for (let p = sharedSize - 1; p >= 0; p--) {
    let value = top[p * topWidth + sharedSize] ?? 0;
    for (let q = p + 1; q < sharedSize; q++) value -= (top[p * topWidth + q] ?? 0) * (solution[locals + q] ?? 0);
    solution[locals + p] = value / (top[p * topWidth + p] ?? 1);
  }
  step.fill(0);
  for (let l = 0; l < ladders; l++) {
    const base = l * size * width;
    for (let p = locals - 1; p >= 0; p--) {
      let value = system[base + p * width + size] ?? 0;
      for (let q = p + 1; q < size; q++) value -= (system[base + p * width + q] ?? 0) * (solution[q] ?? 0);
      solution[p] = value / (system[base + p * width + p] ?? 1);
    }
    for (let p = 0; p < size; p++) step[l * WIDTH + (order[p] ?? 0)] = solution[p] ?? 0;
  }
  return true;
}

/** Gaussian elimination of the first `count` unknowns of a symmetric positive definite system; false on a bad pivot. */
function forward(a: Float64Array, base: number, width: number, size: number, count: number): boolean {
  for (let k = 0; k < count; k++) {
    const pivot = a[base + k * width + k] ?? 0;
    if (!(pivot > 0)) return false;
    for (let i = k + 1; i < size; i++) {
      const factor = (a[base + i * width + k] ?? 0) / pivot;
      if (factor === 0) continue;
      for (let j = k; j < width; j++) {
        a[base + i * width + j] = (a[base + i * width + j] ?? 0) - factor * (a[base + k * width + j] ?? 0);
      }
    }
  }
  return true;
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
    .map((theta) => ({ theta, sum: objective([ladder], model, theta) }))
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
    const sum = objective(ladders, model, theta);
    return Number.isFinite(sum) ? [{ theta, sum }] : [];
  });
  starts.sort((p, q) => p.sum - q.sum);
  return best(starts.slice(0, 4).map((start) => descend(ladders, model, start.theta)));
}

function best(fits: readonly JointFit[]): JointFit | null {
  return fits.reduce<JointFit | null>((a, b) => (a === null || b.sum < a.sum ? b : a), null);
}
