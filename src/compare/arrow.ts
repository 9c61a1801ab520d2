// The normal equations of laws with shared parameters: an arrow, whose own block of each scheme is eliminated by itself.
import { type JointModel, type Ladder, WIDTH } from "./ladder.js";

/** Per ladder, the augmented normal equations [JᵀWJ | JᵀWr] in the given order of parameters; returns the objective. */
export function assemble(
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
export interface Arrow {
  /** Parameters (0 limit, 1 a, 2 exponent) in the order of elimination, a scheme's own first. */
  readonly order: readonly number[];
  readonly locals: number;
  readonly system: Float64Array;
  readonly top: Float64Array;
  readonly solution: Float64Array;
}

/** Solves the damped arrow system into `step`; false where it is singular. */
export function eliminate(
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
