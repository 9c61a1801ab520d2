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
 * @param tolerance relative decrease of the objective at which a nearly undamped step ends it
 */
export function descend(
  ladders: readonly Ladder[],
  model: JointModel,
  start: Float64Array,
  tolerance = 1e-12,
  iterations = 300,
): JointFit {
  const shared = [...(model.limit === "shared" ? [0] : []), ...(model.exponent === "shared" ? [2] : [])];
  const local = [1, ...(model.limit === "free" ? [0] : []), ...(model.exponent === "free" ? [2] : [])];
  const order = [...local, ...shared];
  const cells = ladders.length * order.length * (order.length + 1);
  let normal = new Float64Array(cells);
  let trialNormal = new Float64Array(cells);
  const arrow: Arrow = {
    order,
    locals: local.length,
    system: new Float64Array(cells),
    top: new Float64Array(shared.length * (shared.length + 1)),
    solution: new Float64Array(order.length),
  };
  const step = new Float64Array(ladders.length * WIDTH);
  let theta = Float64Array.from(start);
  let trial = new Float64Array(theta.length);
  let sum = assemble(ladders, model, theta, order, normal);
  let damping = 1e-6;
  let growth = 4;
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (!eliminate(normal, arrow, step, ladders.length, damping)) {
      damping *= 10;
      if (damping > 1e12) return { theta, sum, converged: false };
      continue;
    }
    for (let j = 0; j < theta.length; j++) {
      const moved = (theta[j] ?? 0) + (step[j] ?? 0);
      const parameter = j % WIDTH;
      if (parameter === 0) trial[j] = Math.max(0, moved);
      else trial[j] = parameter === 1 ? moved : Math.min(MAX_EXPONENT, Math.max(MIN_EXPONENT, moved));
    }
    const next = assemble(ladders, model, trial, order, trialNormal);
    // A step that changes nothing, up or down, ends it: what is left below the tolerance is rounding.
    const ended = Math.abs(sum - next) <= tolerance * sum && damping < 1e-2;
    if (next <= sum) {
      [theta, trial] = [trial, theta];
      [normal, trialNormal] = [trialNormal, normal];
      sum = next;
      if (ended || sum === 0) return { theta, sum, converged: true };
      damping = Math.max(damping / 10, 1e-15);
      growth = 4;
    } else {
      if (ended || damping > 1e8) return { theta, sum, converged: true };
      damping = Math.max(damping, 1e-6) * growth;
      growth *= 2;
    }
  }
  return { theta, sum, converged: false };
}

/** Per ladder, the augmented normal equations [JᵀWJ | JᵀWr] in the given order of parameters; returns the objective. */
function assemble(
  ladders: readonly Ladder[],
  model: JointModel,
  theta: Float64Array,
  order: readonly number[],
  normal: Float64Array,
): number {
  const size = order.length;
  const width = size + 1;
  const log = model.space === "log";
  const huber = model.huber ?? Number.POSITIVE_INFINITY;
  const position = [order.indexOf(0), order.indexOf(1), order.indexOf(2)];
  const [pe, pa, pc] = [position[0] ?? -1, position[1] ?? -1, position[2] ?? -1];
  normal.fill(0);
  let objectiveSum = 0;
  let limitGradient = 0;
  for (let l = 0; l < ladders.length; l++) {
    const ladder = ladders[l];
    if (ladder === undefined) continue;
    const { u: us, loss, weight: weights } = ladder;
    const e = theta[l * WIDTH] ?? 0;
    const a = theta[l * WIDTH + 1] ?? 0;
    const c = theta[l * WIDTH + 2] ?? 0;
    let [ee, ea, ec, aa, ac, cc, er, ar, cr] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < us.length; i++) {
      const u = us[i] ?? 0;
      const observed = loss[i] ?? 0;
      const power = Math.exp(a - c * u);
      const predicted = e + power;
      const residual = log ? Math.log(observed / predicted) : observed - predicted;
      const je = log ? 1 / predicted : 1;
      const ja = je * power;
      const jc = -ja * u;
      const size = Math.abs(residual);
      let weight = weights[i] ?? 0;
      if (size <= huber) objectiveSum += weight * residual * residual;
      else {
        objectiveSum += weight * huber * (2 * size - huber);
        weight *= huber / size;
      }
      const we = weight * je;
      const wa = weight * ja;
      const wc = weight * jc;
      ee += we * je;
      ea += we * ja;
      ec += we * jc;
      aa += wa * ja;
      ac += wa * jc;
      cc += wc * jc;
      er += we * residual;
      ar += wa * residual;
      cr += wc * residual;
    }
    // A limit that stands at its bound and is pushed against it takes no part in the step.
    limitGradient += er;
    if (model.limit === "free" && e === 0 && er <= 0) [ee, ea, ec, er] = [1, 0, 0, 0];
    const base = l * size * width;
    const put = (p: number, q: number, value: number) => {
      if (p < 0 || q < 0) return;
      normal[base + p * width + q] = value;
      normal[base + q * width + p] = value;
    };
    put(pe, pe, ee);
    put(pe, pa, ea);
    put(pe, pc, ec);
    put(pa, pa, aa);
    put(pa, pc, ac);
    put(pc, pc, cc);
    if (pe >= 0) normal[base + pe * width + size] = er;
    normal[base + pa * width + size] = ar;
    if (pc >= 0) normal[base + pc * width + size] = cr;
  }
  if (model.limit === "shared" && theta[0] === 0 && limitGradient <= 0) holdLimit(normal, ladders.length, size, pe);
  return objectiveSum;
}

/** Takes the shared limit out of the step: its rows and columns become those of the identity. */
function holdLimit(normal: Float64Array, ladders: number, size: number, position: number): void {
  const width = size + 1;
  for (let l = 0; l < ladders; l++) {
    const base = l * size * width;
    for (let p = 0; p < size; p++) {
      normal[base + p * width + position] = 0;
      normal[base + position * width + p] = 0;
    }
    normal[base + position * width + position] = 1;
    normal[base + position * width + size] = 0;
  }
}

/** Working memory of one descent's linear systems. */
interface Arrow {
  /** Parameters (0 limit, 1 a, 2 exponent) in the order of elimination, a scheme's own first. */
  readonly order: readonly number[];
  readonly locals: number;
  readonly system: Float64Array;
  readonly top: Float64Array;
  readonly solution: Float64Array;
}

/** Solves the damped arrow system into `step`; false where it is singular. */
function eliminate(
  normal: Float64Array,
  { order, locals, system, top, solution }: Arrow,
  step: Float64Array,
  ladders: number,
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
