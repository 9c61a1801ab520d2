// Uncertainty of a difference between two schemes that takes neither equal noise along x nor independence at equal pair
// keys for granted: the sandwich variance over resampling units, and the degrees of freedom that so few units leave it.
import { assignUnits, type ResampleUnit } from "../fit/bootstrap.js";
import { WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";
import { bilinear, gradientAt, type Matrix, type Spread } from "./spread.js";

/** Of what is asked for: over (E, a, c) of the scheme, then of the baseline. */
export type Gradient = readonly number[];

/** Of the scheme's limit or exponent less the baseline's. */
export const DIFFERENCE_OF = { limit: [1, 0, 0, -1, 0, 0], exponent: [0, 0, 1, 0, 0, -1] } as const;

/** Of the scheme's loss at u[0] less the baseline's at u[1]; their parameters start at these offsets of theta. */
export function lossGradient(
  theta: Float64Array,
  offsets: readonly [scheme: number, baseline: number],
  u: readonly [scheme: number, baseline: number],
): Gradient {
  const other = gradientAt(theta, offsets[1], u[1], "linear").map((value) => -value);
  return [...gradientAt(theta, offsets[0], u[0], "linear"), ...other];
}

export interface StandardError {
  readonly value: number;
  /** Of the t distribution that estimate over standard error is held against; at least 1, may be a fraction. */
  readonly df: number;
}

/** Standard error of gᵀθ; null where the residuals say nothing of it. */
export type Robust = (gradient: Gradient) => StandardError | null;

/** 1 − h below this: the fit goes through the point, whose residual then says nothing of its noise. */
const LEAST_FREEDOM = 1e-6;
const SIZE = 2 * WIDTH;

/** A point of one scheme in the fit of its three parameters. */
interface Point {
  readonly unit: number;
  /** Place of the scheme's parameters among the six. */
  readonly offset: number;
  readonly row: readonly number[];
  /** What gᵀθ moves by with the point's residual, as a vector over θ; over √(1 − h). */
  readonly pull: readonly number[];
}

/**
 * Z = Σ over units k of (Σ over points i of k of aᵢrᵢ/√(1 − hᵢ))², a being the pull of a point's residual on gᵀθ and h its
 * leverage (HC2), scaled so that Z is unbiased where noise is equal: with one point of a scheme in a unit it is so already.
 * Z is held against χ² by its first two moments under equal noise (Satterthwaite's approximation of Bell & McCaffrey
 * 2002): a loss at the end of the data hangs on the few runs that end there, and t then has 3 degrees of freedom, not n − 3.
 *
 * Left out: correlation of residuals in the two moments, where it cancels as far as the schemes weigh their points alike;
 * that Huber's loss leans less on outliers and that a limit at 0 cannot move further, which both make the error too large.
 * Null where a scheme has no degrees of freedom or its fit no curvature.
 */
export function robustDifference(
  free: FreeFits,
  spread: readonly Spread[],
  schemes: readonly [scheme: number, baseline: number],
  unit: ResampleUnit,
): Robust | null {
  const { unitOf, units } = assignUnits(
    schemes.flatMap((l) => free.ladders.slice(l, l + 1)),
    unit,
  );
  const bread = zeros();
  const points: Point[] = [];
  const sums = Array.from({ length: units }, () => new Array<number>(SIZE).fill(0));
  for (const [s, l] of schemes.entries()) {
    const own = spread[l];
    const weight = free.ladders[l]?.weight;
    if (own === undefined || own.inverse === null || own.variance === null || weight === undefined) return null;
    const { inverse, jacobian, residual, leverage } = own;
    const offset = s * WIDTH;
    for (const [p, line] of inverse.entries()) {
      for (const [q, value] of line.entries()) set(bread, offset + p, offset + q, value);
    }
    for (const [i, raw] of jacobian.entries()) {
      const freedom = 1 - (leverage[i] ?? 0);
      if (freedom < LEAST_FREEDOM) continue;
      const root = Math.sqrt(weight[i] ?? 0);
      const row = raw.map((value) => value * root);
      const pull = inverse.map((line) => dot(line, row) / Math.sqrt(freedom));
      const point = { unit: unitOf[s]?.[i] ?? 0, offset, row, pull };
      points.push(point);
      addTo(sums[point.unit], offset, pull, root * (residual[i] ?? 0));
    }
  }
  const meat = zeros();
  for (const sum of sums) addOuter(meat, sum, 0, sum, 0, 1);
  const expected = expectedMeat(points, bread);

  return (gradient) => {
    const variance = bilinear(gradient, bread, gradient);
    const trace = bilinear(gradient, expected, gradient);
    const found = bilinear(gradient, meat, gradient);
    if (!(trace > LEAST_FREEDOM * variance && found > 0)) return null;
    return {
      value: Math.sqrt((found * variance) / trace),
      // Dearer than the error itself, and not asked for where no t would do.
      get df() {
        return Math.max(1, trace ** 2 / squaredTrace(points, bread, gradient, units));
      },
    };
  };
}

/** What Z would be on average with residuals of unit noise, as a quadratic form of g. */
function expectedMeat(points: readonly Point[], bread: Matrix): number[][] {
  const form = zeros();
  const byUnit = new Map<number, Point[]>();
  for (const point of points) {
    addOuter(form, point.pull, point.offset, point.pull, point.offset, 1);
    const members = byUnit.get(point.unit);
    if (members === undefined) byUnit.set(point.unit, [point]);
    else members.push(point);
  }
  for (const members of byUnit.values()) {
    for (const a of members) {
      for (const b of members) {
        if (a.offset !== b.offset) continue;
        addOuter(form, a.pull, a.offset, b.pull, b.offset, -quadratic(a.row, bread, a.offset, b.row));
      }
    }
  }
  return form;
}

/** Tr S², S being the covariance of the units' sums under unit noise: diag(d) − P·bread·Pᵀ, a row p of P for each unit. */
function squaredTrace(points: readonly Point[], bread: Matrix, gradient: Gradient, units: number): number {
  const d = new Float64Array(units);
  const rows = Array.from({ length: units }, () => new Array<number>(SIZE).fill(0));
  for (const { unit, offset, row, pull } of points) {
    let b = 0;
    for (let p = 0; p < WIDTH; p++) b += (gradient[offset + p] ?? 0) * (pull[p] ?? 0);
    d[unit] = (d[unit] ?? 0) + b * b;
    addTo(rows[unit], offset, row, b);
  }
  const squares = zeros();
  let trace = 0;
  for (const [k, row] of rows.entries()) {
    const own = d[k] ?? 0;
    trace += own * (own - 2 * bilinear(row, bread, row));
    addOuter(squares, row, 0, row, 0, 1);
  }
  const product = bread.map((line) => squares.map((column) => dot(line, column)));
  for (const [p, line] of product.entries()) {
    for (const [q, value] of line.entries()) trace += value * (product[q]?.[p] ?? 0);
  }
  return trace;
}

const zeros = (): number[][] => Array.from({ length: SIZE }, () => new Array<number>(SIZE).fill(0));

function set(matrix: number[][], p: number, q: number, value: number): void {
  const row = matrix[p];
  if (row !== undefined) row[q] = value;
}

function dot(x: readonly number[], y: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] ?? 0) * (y[i] ?? 0);
  return sum;
}

/** xᵀ·M·y within one scheme's block of M. */
function quadratic(x: readonly number[], matrix: Matrix, offset: number, y: readonly number[]): number {
  let sum = 0;
  for (let p = 0; p < WIDTH; p++) {
    for (let q = 0; q < WIDTH; q++) sum += (x[p] ?? 0) * (matrix[offset + p]?.[offset + q] ?? 0) * (y[q] ?? 0);
  }
  return sum;
}

function addTo(target: number[] | undefined, offset: number, values: readonly number[], factor: number): void {
  if (target === undefined) return;
  for (let p = 0; p < values.length; p++) target[offset + p] = (target[offset + p] ?? 0) + factor * (values[p] ?? 0);
}

/** matrix += factor · x yᵀ, x and y standing at their offsets. */
function addOuter(
  matrix: number[][],
  x: readonly number[],
  xOffset: number,
  y: readonly number[],
  yOffset: number,
  factor: number,
): void {
  for (let p = 0; p < x.length; p++) addTo(matrix[xOffset + p], yOffset, y, factor * (x[p] ?? 0));
}
