// Uncertainty of a difference between two schemes that takes neither equal noise along x nor independence at equal pair
// keys for granted: the sandwich variance over resampling units, and the degrees of freedom that so few units leave it.
import { assignUnits, type ResampleUnit } from "../fit/bootstrap.js";
import { WIDTH } from "./joint.js";
import type { FreeFits } from "./ladders.js";
import { gradientAt, type Spread } from "./spread.js";

/** Gradients of what is asked for: over (E, a, c) of the scheme, then of the baseline. */
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

export interface Robust {
  standardError(gradient: Gradient): number;
  /** Of the t distribution that estimate over standard error is held against; may be a fraction. */
  degreesOfFreedom(gradient: Gradient): number;
}

/**
 * Var(gᵀθ) = Σ over units k of (Σ over points i of k of aᵢrᵢ/√(1 − hᵢ))², a being the pull of a point's residual on gᵀθ
 * and h its leverage (HC2). That sum of squares is held against χ² by its first two moments under equal noise (Satterthwaite's
 * approximation of Bell & McCaffrey 2002): a loss at the end of the data hangs on the few runs that end there, and t then
 * has 3 degrees of freedom, not n − 3. Residual correlation is left out of the degrees of freedom, where it cancels
 * between schemes that weigh their points alike. Null where a scheme has no degrees of freedom or its fit no curvature.
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
  const size = 2 * WIDTH;
  const bread: number[][] = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const points: { readonly unit: number; readonly pull: number[]; readonly row: number[] }[] = [];
  // y = Σ over a unit's points of pull·residual; Σ y yᵀ is the covariance of the six parameters.
  const sums = Array.from({ length: units }, () => new Array<number>(size).fill(0));
  for (const [s, l] of schemes.entries()) {
    const own = spread[l];
    const weight = free.ladders[l]?.weight;
    if (own?.inverse === undefined || own.inverse === null || own.variance === null || weight === undefined)
      return null;
    const { inverse, jacobian, residual, leverage } = own;
    const placed = (values: readonly number[]) => Array.from({ length: size }, (_, p) => values[p - s * WIDTH] ?? 0);
    for (const [p, row] of inverse.entries()) bread[s * WIDTH + p] = placed(row);
    for (const [i, raw] of jacobian.entries()) {
      const root = Math.sqrt(weight[i] ?? 0);
      const row = placed(raw.map((value) => value * root));
      const shrunk = Math.sqrt(1 - (leverage[i] ?? 0));
      const pull = bread.map((line) => dot(line, row) / shrunk);
      const index = unitOf[s]?.[i] ?? 0;
      points.push({ unit: index, pull, row });
      addTo(sums[index], pull, root * (residual[i] ?? 0));
    }
  }
  const meat = gram(sums, size);

  return {
    standardError: (gradient) => Math.sqrt(Math.max(0, bilinear(gradient, meat, gradient))),
    degreesOfFreedom: (gradient) => {
      // Covariance of the units' sums under equal noise: diag(d) − P·bread·Pᵀ, a row p of P for each unit.
      const d = new Float64Array(units);
      const rows = Array.from({ length: units }, () => new Array<number>(size).fill(0));
      for (const { unit: k, pull, row } of points) {
        const b = dot(gradient, pull);
        d[k] = (d[k] ?? 0) + b * b;
        addTo(rows[k], row, b);
      }
      const taken = rows.map((row) => bilinear(row, bread, row));
      const squares = gram(rows, size);
      const product = bread.map((line) => squares.map((column) => dot(line, column)));
      let trace = 0;
      let traceOfSquare = 0;
      for (const [k, value] of d.entries()) {
        trace += value - (taken[k] ?? 0);
        traceOfSquare += value * (value - 2 * (taken[k] ?? 0));
      }
      for (const [p, line] of product.entries()) {
        for (const [q, value] of line.entries()) traceOfSquare += value * (product[q]?.[p] ?? 0);
      }
      return trace ** 2 / traceOfSquare;
    },
  };
}

function dot(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
}

function addTo(target: number[] | undefined, values: readonly number[], factor: number): void {
  if (target === undefined) return;
  for (const [p, value] of values.entries()) target[p] = (target[p] ?? 0) + factor * value;
}

/** gᵀ·M·h. */
function bilinear(g: readonly number[], matrix: readonly (readonly number[])[], h: readonly number[]): number {
  return matrix.reduce((sum, row, p) => sum + (g[p] ?? 0) * dot(row, h), 0);
}

/** Σ v vᵀ. */
function gram(vectors: readonly (readonly number[])[], size: number): number[][] {
  return Array.from({ length: size }, (_, p) =>
    Array.from({ length: size }, (_, q) => vectors.reduce((sum, v) => sum + (v[p] ?? 0) * (v[q] ?? 0), 0)),
  );
}
