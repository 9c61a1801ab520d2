// Expanding windows: every form fitted to the smallest part of a curve, for several parts, and what came beyond each.
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { pick } from "../fit/held-out.js";
import { at } from "../law/law.js";
import { type Candidate, candidate, FORMS, predicted } from "./candidate.js";

/** Parts of the distinct x that windows take. */
const SHARES = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/** Fewest different x of a window, and of a curve that is carried on. */
export const LEAST_WINDOW = 4;

export interface Window {
  /** Its largest x. */
  readonly edge: number;
  readonly seen: Observations;
  /** One a form; null where the window is too short for it. */
  readonly fitted: readonly (Candidate | null)[];
  readonly ahead: readonly { readonly x: number; readonly log: number }[];
}

/** The smallest first; forms start from `full`, their fits to all points. `distinct`: the different x, ascending. */
export function windowsOf(
  points: Observations,
  distinct: readonly number[],
  full: readonly (Candidate | null)[],
): readonly Window[] {
  const sizes = SHARES.map((share) => Math.max(LEAST_WINDOW, Math.round(share * distinct.length)));
  return [...new Set(sizes)]
    .filter((size) => size < distinct.length)
    .map((size) => windowOf(points, distinct, size, full));
}

function windowOf(
  points: Observations,
  distinct: readonly number[],
  size: number,
  full: readonly (Candidate | null)[],
): Window {
  const x = points.x[0] ?? new Float64Array(0);
  const edge = at(distinct, size - 1);
  const seen = pick(
    points,
    Array.from(x.keys()).filter((i) => at(x, i) <= edge),
  );
  return {
    edge,
    seen,
    fitted: FORMS.map(({ law, rigid }, j) => {
      const whole = full[j] ?? null;
      return whole === null || size <= law.parameters.length ? null : candidate(law, rigid, seen, whole.free);
    }),
    ahead: Array.from(x.keys())
      .filter((i) => at(x, i) > edge)
      .map((i) => ({ x: at(x, i), log: Math.log(at(points.loss, i)) })),
  };
}

/** Root of the mean over windows of the mean square of form j beyond each; null where no window could fit it. */
export function errorOf(windows: readonly Window[], j: number): number | null {
  const squares = windows.flatMap(({ fitted, ahead }) => {
    const one = fitted[j] ?? null;
    return one === null ? [] : [mean(ahead.map(({ x, log }) => (predicted(one, x).log - log) ** 2))];
  });
  const square = mean(squares);
  return Number.isFinite(square) ? Math.sqrt(square) : null;
}
