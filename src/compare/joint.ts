// Power laws with a limit fitted to several schemes at once, with the limit, the exponent or both in common.
// What is not shared belongs to one scheme alone, so the normal equations are an arrow: each scheme's own unknowns are
// eliminated by themselves and at most two shared ones remain. That makes a fit cheap enough to be redrawn thousands
// of times. Inside, a scheme's law is E + exp(a − c·u) with u = ln x − origin, which takes the steepest correlation
// (coefficient against exponent) out of the problem; outside there are limit, coefficient and exponent only.
import { type Arrow, assemble, eliminate } from "./arrow.js";
import { type JointFit, type JointModel, type Ladder, WIDTH } from "./ladder.js";

const MAX_EXPONENT = 10;
const MIN_EXPONENT = 1e-6;

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
