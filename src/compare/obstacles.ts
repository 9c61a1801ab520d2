// What forbids a verdict on limits and exponents although the tests may reject: fits that are not to be read. The tests
// take the law for true; where it misses the data, a rejection may be the law's failure and no difference of schemes.
import type { Fit } from "../fit/record.js";
import type { NestedTests, Obstacle } from "./comparison.js";

/** Fits that ended elsewhere than at an optimum inside their bounds, or whose residuals keep a shape along x. */
export function obstacles(names: readonly string[], fits: readonly Fit[]): readonly Obstacle[] {
  return fits.flatMap((fit, i) => {
    const codes = fit.status === "converged" ? [] : [fit.status];
    const structured = fit.warnings.filter(({ code }) => code === "residuals-structured").map(({ code }) => code);
    return [...codes, ...structured].map((code) => ({ scheme: names[i] ?? "", code }));
  });
}

/** The same tests, with the verdict "cannot tell" where an obstacle stands in one of their schemes. */
export function withheld<T extends NestedTests>(tests: T, found: readonly Obstacle[]): T {
  return found.some(({ scheme }) => tests.schemes.includes(scheme)) ? { ...tests, verdict: "cannot tell" } : tests;
}
