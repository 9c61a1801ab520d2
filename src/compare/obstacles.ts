// What forbids a verdict on limits and exponents although the tests may reject: fits that are not to be read. The tests
// take the law for true; where it misses the data, a rejection may be the law's failure and no difference of schemes.
import type { Observations } from "../curve/observations.js";
import { isOneRun } from "../curve/one-run.js";
import { STRUCTURED } from "../fit/doubts.js";
import type { Fit } from "../fit/record.js";
import type { NestedTests, Obstacle } from "./comparison.js";
import { holm } from "./holm.js";

/**
 * Fits that ended elsewhere than at an optimum inside their bounds, or whose residuals keep a shape along x: one that the
 * doubts name, and that chance does not make somewhere among so many schemes (Holm); and schemes known by points of one
 * run alone, whose limit is that of its schedule.
 */
export function obstacles(
  names: readonly string[],
  fits: readonly Fit[],
  groups: readonly Observations[],
): readonly Obstacle[] {
  const adjusted = holm(fits.map(({ structure }) => structure?.pValue ?? null));
  return fits.flatMap((fit, i) => {
    const codes = fit.status === "converged" ? [] : [fit.status];
    const said = fit.warnings.some(({ code }) => code === "residuals-structured");
    const structured = said && (adjusted[i] ?? 1) < STRUCTURED ? ["residuals-structured"] : [];
    const group = groups[i];
    const single = group !== undefined && isOneRun(group) ? ["one-run"] : [];
    return [...codes, ...structured, ...single].map((code) => ({ scheme: names[i] ?? "", code }));
  });
}

/** The same tests, with the verdict "cannot tell" where an obstacle stands in one of their schemes. */
export function withheld<T extends NestedTests>(tests: T, found: readonly Obstacle[]): T {
  return found.some(({ scheme }) => tests.schemes.includes(scheme)) ? { ...tests, verdict: "cannot tell" } : tests;
}
