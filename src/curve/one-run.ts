// Points of one run, measured on the way: nothing in them says what runs that end at those budgets would reach.
import type { Observations } from "./observations.js";

/** Fewer points than this may be ends of runs that were planned in even steps. */
const LEAST_LOGGED = 16;
/** This share of the steps from point to point must be alike. */
const ALIKE = 0.9;

/** True where all points of a group are of one run and none is said to be cooled down. */
export function isOneRun({ run, loss, decayed }: Pick<Observations, "run" | "loss" | "decayed">): boolean {
  return decayed === null && run !== null && loss.length > 2 && new Set(run).size === 1;
}

/**
 * True where x, sorted, goes on in even steps, as one run logs itself; runs of their own are planned in ratios, and
 * several meet at one x. For tables that do not say which points are of which run.
 */
export function isLoggedEvenly(x: Float64Array): boolean {
  if (x.length < LEAST_LOGGED) return false;
  const steps = Float64Array.from(x.subarray(1), (value, i) => value - (x[i] ?? 0));
  const middle = steps.toSorted()[steps.length >> 1] ?? 0;
  const alike = steps.filter((step) => Math.abs(step - middle) <= 0.01 * middle);
  return middle > 0 && alike.length >= ALIKE * steps.length;
}
