// From observations to ladders, with the free fit of each: where every comparison starts.
import { FitError, InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { residuals } from "./joint.js";
import { type JointFit, type Ladder, WIDTH } from "./ladder.js";
import { fitLadder } from "./starts.js";

/** All schemes' ladders with every parameter free. */
export interface FreeFits {
  readonly ladders: readonly Ladder[];
  /** ln x − origin = u, in all ladders. */
  readonly origin: number;
  readonly space: "log" | "linear";
  readonly huber: number | null;
  readonly theta: Float64Array;
  readonly fits: readonly JointFit[];
}

/** The group's values joined by ", "; "all" for data without groups. */
export function schemeName(observations: Observations): string {
  return Object.values(observations.group).join(", ") || "all";
}

/** Ladders over one common origin (the middle of the logarithmic range). Throws InputError on fewer than three points. */
export function ladders(
  observations: readonly Observations[],
  weighted: boolean,
): { readonly ladders: readonly Ladder[]; readonly origin: number } {
  const logs = observations.map((group) => Float64Array.from(group.x[0] ?? [], Math.log));
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of logs) {
    for (const value of values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  const origin = (least + most) / 2;
  const list = observations.map((group, g): Ladder => {
    const name = schemeName(group);
    const values = logs[g] ?? new Float64Array();
    if (group.x.length !== 1) {
      throw new InputError(
        `compare: schemes are compared over one variable, got ${group.x.length}; give one --x column`,
      );
    }
    if (new Set(values).size < WIDTH) {
      throw new InputError(
        `compare: ${name} must have points at ${WIDTH} different x at least, got ${new Set(values).size}; add horizons or leave it out`,
      );
    }
    if (![...values, ...group.loss].every(Number.isFinite) || group.loss.some((loss) => loss <= 0)) {
      throw new InputError(`compare: ${name} must have positive finite x and loss at every point; exclude the others`);
    }
    return {
      name,
      u: values.map((value) => value - origin),
      loss: group.loss,
      weight: weights(group, weighted),
      pair: group.pair,
      run: group.run,
    };
  });
  return { ladders: list, origin };
}

/** 1/standardError² over its mean, or 1. */
function weights(group: Observations, weighted: boolean): Float64Array {
  const errors = weighted ? group.standardError : null;
  if (errors === null) return new Float64Array(group.loss.length).fill(1);
  const raw = errors.map((error) => 1 / error ** 2);
  const mean = raw.reduce((a, b) => a + b, 0) / raw.length;
  return raw.map((value) => value / mean);
}

/** Every ladder fitted by itself; throws FitError naming the scheme that has no fit. */
export function fitFree(
  list: readonly Ladder[],
  origin: number,
  space: "log" | "linear",
  huber: number | null = null,
): FreeFits {
  const fits = list.map((ladder) => {
    const fit = fitLadder(ladder, space, null, huber);
    if (fit === null) {
      throw new FitError(
        `compare: ${ladder.name} must fall with x to have a power law, got losses that do not; leave it out or check --x`,
      );
    }
    return fit;
  });
  const theta = new Float64Array(list.length * WIDTH);
  for (const [l, fit] of fits.entries()) theta.set(fit.theta, l * WIDTH);
  return { ladders: list, origin, space, huber, theta, fits };
}

/** The free fits of some of the schemes. */
export function subset(free: FreeFits, which: readonly number[]): FreeFits {
  const pick = <T>(list: readonly T[]) => which.flatMap((l) => list.slice(l, l + 1));
  const fits = pick(free.fits);
  const theta = new Float64Array(which.length * WIDTH);
  for (const [l, fit] of fits.entries()) theta.set(fit.theta, l * WIDTH);
  return { ...free, ladders: pick(free.ladders), fits, theta };
}

/** Mean correlation of residuals between schemes at equal pair keys; null where fewer than 4 keys match in every pair. */
export function residualCorrelation(free: FreeFits): number | null {
  const model = { space: free.space, limit: "free", exponent: "free", huber: null } as const;
  const errors = residuals(free.ladders, model, free.theta);
  const maps = free.ladders.map((ladder, l) => new Map(ladder.pair?.map((key, i) => [key, errors[l]?.[i] ?? 0])));
  const correlations: number[] = [];
  for (let a = 0; a < maps.length; a++) {
    for (let b = a + 1; b < maps.length; b++) {
      let [count, xx, yy, xy] = [0, 0, 0, 0];
      for (const [key, x] of maps[a] ?? []) {
        const y = maps[b]?.get(key);
        if (y === undefined) continue;
        count++;
        xx += x * x;
        yy += y * y;
        xy += x * y;
      }
      if (count >= 4 && xx > 0 && yy > 0) correlations.push(xy / Math.sqrt(xx * yy));
    }
  }
  return correlations.length === 0 ? null : correlations.reduce((a, b) => a + b, 0) / correlations.length;
}
