// The least-squares system of one descent step, min |r − J·step|² + damping·|scale·step|², by QR: a group's own columns are
// eliminated within its own points (the Schur complement of the shared ones, in orthogonal form), and what is left of all
// groups is solved for the shared columns. With one group there are none of these, and it is plain QR (Moré 1978).
import { factorQr, solveUpper } from "../../base/linear-algebra.js";
import type { LossShape } from "../problem/loss.js";
import type { Problem } from "../problem/problem.js";

export interface LinearSystem {
  /** Jᵀr and the squared length of each column, both weighted; of the last `load`. */
  readonly dot: Float64Array;
  readonly square: Float64Array;
  /** Takes residuals and Jacobian, weighted by the loss and `times` each point; returns the weighted sum of squared residuals. */
  load(residuals: Float64Array, jacobian: Float64Array, shape: LossShape, times: Float64Array | null): number;
  /** Scales the columns, leaves out the parameters that do not move, and factors what each group has. */
  factor(moves: readonly boolean[], scale: Float64Array): void;
  /**
   * Writes the step from `free` into `step`; 0 for what does not move. A parameter that would leave its bounds goes to the
   * bound, and the others minimise what is left, which a step merely clipped would miss. False where singular.
   */
  solve(damping: number, free: Float64Array, step: Float64Array): boolean;
  /** What |r − J·step|² promises to be less than |r|². */
  promised(step: Float64Array): number;
}

/** One group's part: QR of its points, then of R with the damping below it. */
interface Part {
  readonly from: number;
  readonly points: number;
  readonly columns: readonly number[];
  readonly own: number;
  readonly rows: number;
  readonly matrix: Float64Array;
  readonly right: Float64Array;
  readonly augmented: Float64Array;
  readonly augmentedRight: Float64Array;
  /** Local columns that move. */
  readonly active: number[];
  /** Of `augmented`: its height, and how many of its columns are own and shared. */
  height: number;
  ownLeft: number;
  sharedLeft: number;
}

const known = new WeakMap<Problem["blocks"], LinearSystem>();

/** One for all problems of the same blocks, which no two descents use at once: redrawn losses leave the blocks as they are. */
export function linearSystem(problem: Problem): LinearSystem {
  const system = known.get(problem.blocks) ?? newSystem(problem);
  known.set(problem.blocks, system);
  return system;
}

function newSystem({ names, blocks, lower, upper }: Problem): LinearSystem {
  const p = names.length;
  const parts = blocks.map(({ from, to, columns, own }): Part => {
    const q = columns.length;
    const rows = Math.max(to - from, q);
    return {
      from,
      points: to - from,
      columns,
      own,
      rows,
      matrix: new Float64Array(rows * q),
      right: new Float64Array(rows),
      augmented: new Float64Array(2 * q * q),
      augmentedRight: new Float64Array(2 * q),
      active: [],
      height: 0,
      ownLeft: 0,
      sharedLeft: 0,
    };
  });
  const shared = [...new Set(parts.flatMap(({ columns, own }) => columns.slice(own)))];
  const topCells = shared.length + parts.reduce((sum, part) => sum + part.columns.length, 0);
  const top = new Float64Array(topCells * shared.length);
  const topRight = new Float64Array(topCells);
  const dot = new Float64Array(p);
  const square = new Float64Array(p);
  const scaleOf = new Float64Array(p);
  const moving = new Float64Array(p);
  const solution = new Float64Array(p);
  const pinned: boolean[] = [];
  let mobile: readonly boolean[] = [];
  const left: number[] = [];

  /** R of a part over its unpinned columns, the damping of its own ones below. */
  const augment = (part: Part, root: number, step: Float64Array): void => {
    const { active, columns, own, rows, matrix, right, augmented, augmentedRight } = part;
    const q = active.length;
    let [ownLeft, sharedLeft] = [0, 0];
    for (const j of active) {
      if (pinned[columns[j] ?? -1]) continue;
      if (j < own) ownLeft++;
      else sharedLeft++;
    }
    const height = q + ownLeft;
    augmented.fill(0);
    augmentedRight.fill(0);
    for (let i = 0; i < q; i++) augmentedRight[i] = right[i] ?? Number.NaN;
    let column = 0;
    for (let a = 0; a < q; a++) {
      const k = columns[active[a] ?? -1] ?? -1;
      if (pinned[k]) {
        const moved = (step[k] ?? Number.NaN) * (scaleOf[k] ?? Number.NaN);
        for (let i = 0; i <= a; i++) {
          augmentedRight[i] = (augmentedRight[i] ?? Number.NaN) - (matrix[a * rows + i] ?? Number.NaN) * moved;
        }
        continue;
      }
      for (let i = 0; i <= a; i++) augmented[column * height + i] = matrix[a * rows + i] ?? Number.NaN;
      if (column < ownLeft) augmented[column * height + q + column] = root;
      column++;
    }
    part.height = height;
    part.ownLeft = ownLeft;
    part.sharedLeft = sharedLeft;
    factorQr(augmented, height, ownLeft + sharedLeft, augmentedRight, ownLeft);
  };

  /** The shared columns from what the parts left of them; false where singular. */
  const solveShared = (root: number): boolean => {
    left.length = 0;
    for (const k of shared) if (mobile[k] && !pinned[k]) left.push(k);
    const count = left.length;
    if (count === 0) return true;
    const height = count + parts.reduce((sum, part) => sum + part.active.length, 0);
    top.fill(0);
    topRight.fill(0);
    let row = 0;
    for (const part of parts) {
      const { active, columns, own, height: tall, ownLeft, augmented, augmentedRight } = part;
      const below = tall - ownLeft;
      let column = ownLeft;
      for (const j of active) {
        const k = columns[j] ?? -1;
        if (j < own || pinned[k]) continue;
        const place = left.indexOf(k);
        for (let i = 0; i < below; i++)
          top[place * height + row + i] = augmented[column * tall + ownLeft + i] ?? Number.NaN;
        column++;
      }
      for (let i = 0; i < below; i++) topRight[row + i] = augmentedRight[ownLeft + i] ?? Number.NaN;
      row += below;
    }
    for (let c = 0; c < count; c++) top[c * height + row + c] = root;
    factorQr(top, height, count, topRight);
    if (!solveUpper(top, height, count, topRight, solution)) return false;
    for (let c = 0; c < count; c++) moving[left[c] ?? -1] = solution[c] ?? Number.NaN;
    return true;
  };

  /** A part's own columns, the shared ones being known; false where singular. */
  const solveOwn = ({ active, columns, own, height, ownLeft, augmented, augmentedRight }: Part): boolean => {
    let column = ownLeft;
    for (const j of active) {
      const k = columns[j] ?? -1;
      if (j < own || pinned[k]) continue;
      for (let i = 0; i < ownLeft; i++) {
        augmentedRight[i] =
          (augmentedRight[i] ?? Number.NaN) -
          (augmented[column * height + i] ?? Number.NaN) * (moving[k] ?? Number.NaN);
      }
      column++;
    }
    if (!solveUpper(augmented, height, ownLeft, augmentedRight, solution)) return false;
    let place = 0;
    for (const j of active) {
      const k = columns[j] ?? -1;
      if (j < own && !pinned[k]) moving[k] = solution[place++] ?? Number.NaN;
    }
    return true;
  };

  return {
    dot,
    square,
    load(residuals, jacobian, shape, times) {
      dot.fill(0);
      square.fill(0);
      let sum = 0;
      let offset = 0;
      for (const { from, points: n, columns, rows, matrix, right } of parts) {
        right.fill(0);
        for (let i = 0; i < n; i++) {
          const r = residuals[from + i] ?? Number.NaN;
          const weight = shape.weight(r);
          const root = Math.sqrt(times === null ? weight : weight * (times[from + i] ?? Number.NaN));
          right[i] = root * r;
          sum += root * r * root * r;
          for (let j = 0; j < columns.length; j++) {
            matrix[j * rows + i] = root * (jacobian[offset + j * n + i] ?? Number.NaN);
          }
        }
        for (let j = 0; j < columns.length; j++) {
          const k = columns[j] ?? -1;
          let [d, s] = [0, 0];
          for (let i = 0; i < n; i++) {
            const entry = matrix[j * rows + i] ?? Number.NaN;
            d += entry * (right[i] ?? Number.NaN);
            s += entry * entry;
          }
          for (let i = n; i < rows; i++) matrix[j * rows + i] = 0;
          dot[k] = (dot[k] ?? Number.NaN) + d;
          square[k] = (square[k] ?? Number.NaN) + s;
        }
        offset += n * columns.length;
      }
      return sum;
    },
    factor(moves, scale) {
      scaleOf.set(scale);
      mobile = moves;
      for (const { columns, rows, matrix, right, active } of parts) {
        active.length = 0;
        for (let j = 0; j < columns.length; j++) {
          const k = columns[j] ?? -1;
          if (!moves[k]) continue;
          const by = 1 / (scale[k] ?? Number.NaN);
          const [from, to] = [j * rows, active.length * rows];
          for (let i = 0; i < rows; i++) matrix[to + i] = (matrix[from + i] ?? Number.NaN) * by;
          active.push(j);
        }
        factorQr(matrix, rows, active.length, right);
      }
    },
    solve(damping, free, step) {
      const root = Math.sqrt(damping);
      step.fill(0);
      pinned.length = 0;
      for (let round = 0; round <= p; round++) {
        for (const part of parts) augment(part, root, step);
        if (!solveShared(root)) return false;
        for (const part of parts) if (!solveOwn(part)) return false;
        let inside = true;
        for (let k = 0; k < p; k++) {
          if (!mobile[k] || pinned[k]) continue;
          const from = free[k] ?? Number.NaN;
          step[k] = (moving[k] ?? Number.NaN) / (scaleOf[k] ?? Number.NaN);
          const end = from + (step[k] ?? Number.NaN);
          const [low, high] = [lower[k] ?? Number.NaN, upper[k] ?? Number.NaN];
          if (end >= low && end <= high) continue;
          step[k] = Math.min(Math.max(end, low), high) - from;
          pinned[k] = true;
          inside = false;
        }
        if (inside) return true;
      }
      return true;
    },
    promised(step) {
      let sum = 0;
      for (const { active, columns, rows, matrix, right } of parts) {
        for (let i = 0; i < active.length; i++) {
          let image = 0;
          for (let a = i; a < active.length; a++) {
            const k = columns[active[a] ?? -1] ?? -1;
            image += (matrix[a * rows + i] ?? Number.NaN) * (step[k] ?? Number.NaN) * (scaleOf[k] ?? Number.NaN);
          }
          sum += image * (2 * (right[i] ?? Number.NaN) - image);
        }
      }
      return sum;
    },
  };
}
