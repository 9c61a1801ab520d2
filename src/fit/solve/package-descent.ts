// ml-levenberg-marquardt as the first descent. It differences the law itself, rejects no step and reports no status, so
// its answer is only ever a better start: scaled so that its absolute settings mean something, and judged by our cost.
import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { cost, type Problem } from "../problem/problem.js";

const ITERATIONS = 20;

/** Where the package ends from `start` on squared residuals; null when that is no better than the start. */
export function packageDescent(problem: Problem, start: Float64Array): Float64Array | null {
  const n = problem.points;
  const scratch = new Float64Array(n);
  const before = cost(problem, start, scratch);
  const width = start.map((value) => Math.abs(value) || 1);
  const free = new Float64Array(start.length);
  const index = Float64Array.from({ length: n }, (_, i) => i);
  // The package sees the points by number, and as its data the residuals' negatives: its model must come out at 0.
  const law = (scaled: number[]) => {
    scaled.forEach((value, k) => {
      free[k] = value * (width[k] ?? Number.NaN);
    });
    const usable = problem.residuals(free, scratch);
    return (i: number) => (usable ? -(scratch[i] ?? Number.NaN) : Number.MAX_SAFE_INTEGER);
  };
  const bound = (limits: Float64Array, sign: number) =>
    Array.from(limits, (value, k) =>
      Number.isFinite(value) ? value / (width[k] ?? Number.NaN) : sign * Number.MAX_SAFE_INTEGER,
    );
  let end: readonly number[];
  try {
    end = levenbergMarquardt({ x: index, y: new Float64Array(n) }, law, {
      initialValues: Array.from(start, (value, k) => value / (width[k] ?? Number.NaN)),
      gradientDifference: start.map(() => 1e-6),
      damping: 1e-2,
      maxIterations: ITERATIONS,
      errorTolerance: 0,
      minValues: bound(problem.lower, -1),
      maxValues: bound(problem.upper, 1),
    }).parameterValues;
  } catch {
    return null; // It throws where its normal equations turn singular; the start stands.
  }
  const reached = Float64Array.from(end, (value, k) => value * (width[k] ?? Number.NaN));
  const after = cost(problem, reached, scratch);
  return after < before ? reached : null;
}
