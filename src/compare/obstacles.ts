// What forbids a verdict on limits and exponents although the tests may reject: fits that are not to be read. The tests
// take the law for true; where it misses the data, a rejection may be the law's failure and no difference of schemes.
import type { Observations } from "../curve/observations.js";
import { isOneRun } from "../curve/one-run.js";
import { STRUCTURED } from "../fit/doubts.js";
import type { Fit } from "../fit/record.js";
import type { Law } from "../law/law.js";
import type { Difference, NestedTests, Obstacle } from "./comparison.js";
import { holm } from "./holm.js";

/** Names of the schemes whose residuals keep a shape along x that chance does not make somewhere among so many (Holm). */
function rejectedShapes(names: readonly string[], fits: readonly Fit[], level: number): readonly string[] {
  const adjusted = holm(fits.map(({ structure }) => structure?.pValue ?? null));
  return names.filter((_, i) => (adjusted[i] ?? 1) < level);
}

/**
 * Schemes of which a bend undoes a difference that the verdict rests on: of a parameter whose sharing was rejected, and not
 * by chance somewhere among so many schemes.
 */
export function bentVerdicts(
  { parameters }: Law,
  { tests }: NestedTests,
  {
    names,
    fits,
    undone,
    alpha,
  }: {
    readonly names: readonly string[];
    readonly fits: readonly Fit[];
    readonly undone: readonly Difference[];
    readonly alpha: number;
  },
): readonly string[] {
  const deciding = undone.filter(({ quantity }) => {
    const role = parameters.find(({ name }) => name === quantity)?.role;
    return tests.some(({ model, rejected }) => rejected && model === `shared-${role}`);
  });
  return rejectedShapes(names, fits, alpha).filter((name) =>
    deciding.some(({ scheme, baseline }) => name === scheme || name === baseline),
  );
}

/**
 * Fits that ended elsewhere than at an optimum inside their bounds; laws whose shape chance does not make somewhere among
 * so many, where the doubts name it for its size; laws whose bend undoes what the verdict rests on (`bent`); and schemes known by points of one run alone, whose limit is that of its schedule.
 */
export function obstacles(
  names: readonly string[],
  fits: readonly Fit[],
  groups: readonly Observations[],
  bent: readonly string[],
): readonly Obstacle[] {
  const rejected = rejectedShapes(names, fits, STRUCTURED);
  return fits.flatMap((fit, i) => {
    const scheme = names[i] ?? "";
    const codes = fit.status === "converged" ? [] : [fit.status];
    const said = fit.warnings.some(({ code }) => code === "residuals-structured");
    const misses = bent.includes(scheme) || (said && rejected.includes(scheme));
    const structured = misses ? ["residuals-structured"] : [];
    const group = groups[i];
    const single = group !== undefined && isOneRun(group) ? ["one-run"] : [];
    return [...codes, ...structured, ...single].map((code) => ({ scheme, code }));
  });
}

/** A difference that would be told if the shapes of the laws were not rejected. */
export const isUndone = ({ told, adjustedPValue }: Difference, alpha: number): boolean =>
  !told && (adjustedPValue ?? 1) < alpha;

/** The same tests, with the verdict "cannot tell" where an obstacle stands in one of their schemes. */
export function withheld<T extends NestedTests>(tests: T, found: readonly Obstacle[]): T {
  return found.some(({ scheme }) => tests.schemes.includes(scheme)) ? { ...tests, verdict: "cannot tell" } : tests;
}
