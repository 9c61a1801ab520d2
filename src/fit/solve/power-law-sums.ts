// The passes over the points that power-law-solver.ts is made of: a scan of exponents, the linear projection at one of
// them, and the objective with its exact derivatives. Everything is summed in local numbers; nothing is allocated.
import { FitError } from "../../base/errors.js";

export const EXPONENT_UPPER = 10;

export interface PowerLawSums {
  /** log of the smallest tokens, and the largest log distance from them. */
  readonly origin: number;
  readonly range: number;
  /** Half the gradient, and half the Hessian packed 00 01 02 11 12 22, of the last call of `derivatives`. */
  readonly g: Float64Array;
  readonly h: Float64Array;
  /** Takes losses over their largest and squared-residual weights; returns the largest. */
  load(loss: Float64Array, omega: Float64Array | null): number;
  /** The exponent to start from, over the whole range allowed; the limit is 0 unless it is `free`. */
  scan(free: boolean): number;
  /** Writes the best limit ≥ 0 (0 unless it is `free`) and coefficient ≥ 0 at an exponent, and this, into `theta`. */
  project(exponent: number, free: boolean, theta: Float64Array): void;
  /** Objective at (a, b, c), gradient into `g`, Hessian into `h`; without the residuals' own curvature unless `exact`. */
  derivatives(straight: boolean, a: number, b: number, c: number, exact: boolean): number;
}

/** What a solve writes before it reads. */
interface Scratch {
  readonly y: Float64Array;
  readonly target: Float64Array;
  readonly weight: Float64Array;
  /** Weights under which plain residuals are log residuals to first order. */
  readonly flat: Float64Array;
  readonly power: Float64Array;
  /** One an exponent of the scan and one on either side; over the whole range of doubles it has 22. */
  readonly costs: Float64Array;
}

let scratch: Scratch | null = null;

/**
 * Shared by all solvers of one size, which never run inside each other: allocating these arrays takes a sixth of the
 * time of a fit of forty points.
 */
function scratchOf(n: number): Scratch {
  if (scratch?.y.length === n) return scratch;
  const column = () => new Float64Array(n);
  scratch = {
    y: column(),
    target: column(),
    weight: column(),
    flat: column(),
    power: column(),
    costs: new Float64Array(32),
  };
  return scratch;
}

/** Where between its neighbours the least of evenly spaced values lies: by the quartic through five, else the parabola. */
function lowest(values: Float64Array, least: number): number {
  const middle = values[least] ?? Number.NaN;
  const [left, right] = [values[least - 1] ?? Number.NaN, values[least + 1] ?? Number.NaN];
  const bend = left - 2 * middle + right;
  if (!(bend > 0 && bend < Number.POSITIVE_INFINITY)) return 0;
  const parabola = (0.5 * (left - right)) / bend;
  const [first, last] = [values[least - 2] ?? Number.NaN, values[least + 2] ?? Number.NaN];
  const d1 = (8 * (right - left) - last + first) / 12;
  const d2 = (16 * (right + left) - last - first - 30 * middle) / 12;
  const d3 = (last - 2 * right + 2 * left - first) / 2;
  const d4 = last - 4 * right + 6 * middle - 4 * left + first;
  let shift = parabola;
  for (let step = 0; step < 4; step++) {
    shift -= (d1 + shift * (d2 + shift * (d3 / 2 + (shift * d4) / 6))) / (d2 + shift * (d3 + (shift * d4) / 2));
  }
  return Math.abs(shift) < 1 ? shift : parabola;
}

/** Sums for losses at these `tokens`; z is log tokens over the smallest. */
export function powerLawSums(tokens: Float64Array, space: "log" | "linear"): PowerLawSums {
  const n = tokens.length;
  const z = new Float64Array(n);
  const { y, target, weight, flat, power, costs } = scratchOf(n);
  let origin = Number.POSITIVE_INFINITY;
  let farthest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const logTokens = Math.log(tokens[i] ?? Number.NaN);
    z[i] = logTokens;
    origin = Math.min(origin, logTokens);
    farthest = Math.max(farthest, logTokens);
  }
  const range = farthest - origin;
  for (let i = 0; i < n; i++) z[i] = (z[i] ?? Number.NaN) - origin;
  if (!(range > 0 && Number.isFinite(range))) {
    throw new FitError("fit: tokens must be above 0 with two distinct values at least, got fewer; add horizons");
  }
  const log = space === "log";
  // Exponents a factor of two apart, from curves that a straight line in log tokens matches to 1e−5.
  const smallest = 2 ** -7 / range;
  const grid = Math.max(1, Math.floor(Math.log2(EXPONENT_UPPER / smallest)) + 1);
  const g = new Float64Array(3);
  const h = new Float64Array(6);

  return {
    origin,
    range,
    g,
    h,

    load(loss, omega) {
      let unit = 0;
      for (let i = 0; i < n; i++) unit = Math.max(unit, loss[i] ?? Number.NaN);
      for (let i = 0; i < n; i++) {
        const value = (loss[i] ?? Number.NaN) / unit;
        const w = omega === null ? 1 : (omega[i] ?? Number.NaN);
        y[i] = value;
        target[i] = log ? Math.log(value) : value;
        weight[i] = w;
        flat[i] = log ? w / (value * value) : w;
      }
      return unit;
    },

    scan(free) {
      let s = 0;
      let sy = 0;
      for (let i = 0; i < n; i++) {
        s += flat[i] ?? Number.NaN;
        sy += (flat[i] ?? Number.NaN) * (y[i] ?? Number.NaN);
        power[i] = Math.exp(-smallest * (z[i] ?? Number.NaN));
      }
      const mean = free ? sy / s : 0;
      let best = 1;
      costs.fill(Number.POSITIVE_INFINITY);
      for (let k = 1; k <= grid; k++) {
        let su = 0;
        let suu = 0;
        let suy = 0;
        for (let i = 0; i < n; i++) {
          const u = power[i] ?? Number.NaN;
          const wu = (flat[i] ?? Number.NaN) * u;
          su += wu;
          suu += wu * u;
          suy += wu * ((y[i] ?? Number.NaN) - mean);
          power[i] = u * u;
        }
        // What the coefficient takes off the squares around the mean, or around zero where the limit would be negative.
        const centred = free ? suu - (su * su) / s : suu;
        const height = Math.max(0, suy / centred);
        const below = free && mean * s < height * su;
        const aroundZero = suy + mean * su;
        costs[k] = below ? mean * mean * s - (aroundZero * aroundZero) / suu : -height * suy;
        if ((costs[k] ?? Number.NaN) < (costs[best] ?? Number.NaN)) best = k;
      }
      return Math.min(smallest * 2 ** (best - 1 + lowest(costs, best)), EXPONENT_UPPER);
    },

    project(exponent, free, theta) {
      let s = 0;
      let su = 0;
      let sy = 0;
      for (let i = 0; i < n; i++) {
        const u = Math.exp(-exponent * (z[i] ?? Number.NaN));
        power[i] = u;
        s += flat[i] ?? Number.NaN;
        su += (flat[i] ?? Number.NaN) * u;
        sy += (flat[i] ?? Number.NaN) * (y[i] ?? Number.NaN);
      }
      let [meanU, meanY] = free ? [su / s, sy / s] : [0, 0];
      for (;;) {
        let suu = 0;
        let suy = 0;
        for (let i = 0; i < n; i++) {
          const du = (power[i] ?? Number.NaN) - meanU;
          suu += (flat[i] ?? Number.NaN) * du * du;
          suy += (flat[i] ?? Number.NaN) * du * ((y[i] ?? Number.NaN) - meanY);
        }
        const height = suu > 0 ? Math.max(0, suy / suu) : 0;
        const level = meanY - height * meanU;
        theta[0] = level;
        theta[1] = height;
        theta[2] = exponent;
        if (level >= 0 || meanU === 0) return;
        [meanU, meanY] = [0, 0];
      }
    },

    derivatives(straight, a, b, c, exact) {
      let [sum, g0, g1, g2] = [0, 0, 0, 0];
      let [h00, h01, h02, h11, h12, h22] = [0, 0, 0, 0, 0, 0];
      for (let i = 0; i < n; i++) {
        const zi = z[i] ?? Number.NaN;
        const v = c * zi;
        const drop = straight ? Math.expm1(-v) : 0;
        const u = straight ? 1 + drop : Math.exp(-v);
        // f and its derivatives ∂₁, ∂₂, ∂₁₂, ∂₂₂; ∂₀ is 1 and the others are 0.
        let f = a + b * u;
        let f1 = u;
        let f2 = -b * zi * u;
        let f12 = -zi * u;
        let f22 = b * zi * zi * u;
        if (straight) {
          // By series where the quotients would cancel.
          const small = v < 1e-2 && v > -1e-2;
          const phi = v === 0 ? zi : -drop / c;
          const first = small
            ? zi * zi * (-1 / 2 + v * (1 / 3 - v * (1 / 8 - v * (1 / 30 - v / 144))))
            : (zi * u - phi) / c;
          const second = small
            ? zi * zi * zi * (1 / 3 - v * (1 / 4 - v * (1 / 10 - v / 36)))
            : (-zi * zi * u - 2 * first) / c;
          f = a - b * phi;
          f1 = -phi;
          f2 = -b * first;
          f12 = -first;
          f22 = -b * second;
        }
        const w = weight[i] ?? Number.NaN;
        const scale = log ? 1 / f : 1;
        const r = (target[i] ?? Number.NaN) - (log ? Math.log(f) : f);
        f1 *= scale;
        f2 *= scale;
        // −r·∂²f; in log space ∂²log f = ∂²f/f − ∂f∂fᵀ/f², which adds r to the factor of the outer product.
        const outer = exact && log ? w * (1 + r) : w;
        const wr = w * r;
        sum += wr * r;
        g0 -= wr * scale;
        g1 -= wr * f1;
        g2 -= wr * f2;
        h00 += outer * scale * scale;
        h01 += outer * scale * f1;
        h02 += outer * scale * f2;
        h11 += outer * f1 * f1;
        h12 += outer * f1 * f2;
        h22 += outer * f2 * f2;
        if (exact) {
          h12 -= wr * f12 * scale;
          h22 -= wr * f22 * scale;
        }
      }
      g[0] = g0;
      g[1] = g1;
      g[2] = g2;
      h[0] = h00;
      h[1] = h01;
      h[2] = h02;
      h[3] = h11;
      h[4] = h12;
      h[5] = h22;
      return sum;
    },
  };
}
