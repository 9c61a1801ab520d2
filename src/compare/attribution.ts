// Exponent or limit? Nested models over schemes, F tests calibrated to the noise, a verdict.
import { fTail } from "../base/distributions.js";
import type { Fitted } from "../fit/fitted.js";
import { linearize } from "../fit/linearize.js";
import { makeProblem } from "../fit/problem/columns.js";
import { minimum } from "../fit/solve/solve.js";
import { calibratedTests } from "../fit/variance/calibrated-test.js";
import { at, type LawParameter } from "../law/law.js";
import type { NestedTest, NestedTests, Verdict } from "./comparison.js";
import { holm } from "./holm.js";
import { freeGradient, type Scheme, type Schemes } from "./schemes.js";

/** What each nested model gives one value in all schemes. */
const MODELS: readonly { readonly name: NestedTest["model"]; readonly roles: readonly LawParameter["role"][] }[] = [
  { name: "shared-limit", roles: ["limit"] },
  { name: "shared-exponent", roles: ["exponent"] },
  { name: "shared-both", roles: ["limit", "exponent"] },
];

/** Whether limits and exponents were shown to be equal within the margins; decides between "neither" and "cannot tell". */
export type Equivalence = "equal" | "not shown";

/**
 * The nested models against the free one, by least squares in the space of the fit. A law without a limit or without an
 * exponent has one nested model only.
 *
 * F = ((SSE₀ − SSE)/q)/(SSE/ν), q = parameters saved, ν = points − parameters. The F distribution assumes residuals that
 * are independent, also between schemes, and of one size; where schemes share their errors at equal keys it rejects too
 * seldom, and where the noise grows along x or a run's points share theirs too often. Hence F is calibrated to the noise as
 * it is (calibrated-test.ts), which decides: 0 to 5 of 100 simulated data sets at 5%, where plain F rejected 0 to 30 and data
 * redrawn under each nested model 1 to 16. Where the data say nothing of the noise plain F decides, unless points share
 * errors: nothing is rejected then.
 *
 * @param schemes fitted by squared residuals
 */
export function nestedTests(schemes: Schemes, alpha: number): NestedTests {
  const { law, options, all } = schemes;
  const fits = all.map(({ fit }) => fit);
  const groups = all.map(({ group }) => group);
  const total = (of: (fit: Fitted) => number) => fits.reduce((sum, fit) => sum + of(fit), 0);
  const points = total(({ problem }) => problem.points);
  const parameters = total(({ problem }) => problem.names.length);
  const sumOfSquares = total(({ problem, solution }) => solution.cost * problem.residualUnit ** 2);
  const denominatorDf = points - parameters;
  const linearized = linearize(fits, Int32Array.from(all.flatMap(({ cluster }) => [...cluster])));
  const calibrated = denominatorDf > 0 && linearized.basis !== null ? calibratedTests(linearized.basis) : null;
  const shared = (roles: readonly LawParameter["role"][]) =>
    law.parameters.filter(({ role, name }) => roles.includes(role) && options.fixed[name] === undefined);
  const tests = MODELS.flatMap(({ name, roles }): NestedTest[] => {
    if (roles.some((role) => shared([role]).length === 0)) return [];
    const share = shared(roles);
    const problem = makeProblem(law, groups, options, { share: share.map((parameter) => parameter.name), by: {} });
    const joint = minimum(
      problem,
      options,
      all.map(({ theta }) => theta),
    ).polished;
    const numeratorDf = parameters - problem.names.length;
    // Least squares of a nested model cannot beat the free one; a difference below rounding is none.
    const nested = Math.max(joint.cost * problem.residualUnit ** 2, sumOfSquares);
    const fStatistic = (nested - sumOfSquares) / numeratorDf / (sumOfSquares / denominatorDf);
    const pValue = denominatorDf > 0 ? fTail(fStatistic, numeratorDf, denominatorDf) : 1;
    const pairs = share.flatMap((parameter) => differencesOf(all, law.parameters.indexOf(parameter)));
    const test = calibrated?.(
      pairs.map(({ gradients }) => linearized.gradient(gradients)),
      pairs.map(({ difference }) => difference),
      fStatistic,
    );
    const calibratedPValue = test?.pValue ?? null;
    const adjustedPValue = calibratedPValue ?? (linearized.basis?.clusters ? 1 : pValue);
    return [
      {
        model: name,
        sumOfSquares: nested,
        parameters: problem.names.length,
        fStatistic,
        numeratorDf,
        denominatorDf,
        pValue,
        calibratedPValue,
        adjustedPValue,
        rejected: adjustedPValue < alpha,
      },
    ];
  });
  return {
    verdict: verdict(tests, "not shown"),
    tests,
    free: { sumOfSquares, parameters, points },
    schemes: all.map(({ name }) => name),
  };
}

/** Of parameter i of each scheme from the first scheme's, with the gradients over all fits' free parameters. */
function differencesOf([first, ...others]: readonly Scheme[], i: number) {
  if (first === undefined) return [];
  const unit = Float64Array.from(first.theta, (_, k) => Number(k === i));
  const gradient = freeGradient(first, unit).map((value) => -value);
  return others.map((scheme) => ({
    difference: at(scheme.theta, i) - at(first.theta, i),
    gradients: [gradient, ...others.map((other) => (other === scheme ? freeGradient(scheme, unit) : null))],
  }));
}

/**
 * What the tests say. Sharing both must be rejected before any difference is named; then `exponent` needs a shared
 * exponent (the explanation by limits alone) rejected and a shared limit not, `limit` the reverse, `both` both. A law that
 * has only one of the two has no rival explanation.
 */
export function verdict(tests: readonly NestedTest[], equivalence: Equivalence): Verdict {
  const rejected = (model: NestedTest["model"]) => tests.some((test) => test.model === model && test.rejected);
  const [only] = tests;
  if (tests.length === 1 && only?.rejected) return only.model === "shared-limit" ? "limit" : "exponent";
  if (!rejected("shared-both")) return equivalence === "equal" ? "neither" : "cannot tell";
  if (rejected("shared-exponent")) return rejected("shared-limit") ? "both" : "exponent";
  return rejected("shared-limit") ? "limit" : "cannot tell";
}

/**
 * Pair tests with their p-values adjusted over the pairs, within each model, and the verdicts that follow; with each
 * pair's own equivalence, in the order of the pairs.
 */
export function adjustPairs(
  pairs: readonly NestedTests[],
  equivalences: readonly Equivalence[],
  alpha: number,
): readonly NestedTests[] {
  const adjusted = MODELS.map((_, m) => holm(pairs.map((pair) => pair.tests[m]?.adjustedPValue ?? null)));
  return pairs.map((pair, i) => {
    const tests = pair.tests.map((test, m): NestedTest => {
      const adjustedPValue = adjusted[m]?.[i] ?? 1;
      return { ...test, adjustedPValue, rejected: adjustedPValue < alpha };
    });
    return { ...pair, tests, verdict: verdict(tests, equivalences[i] ?? "not shown") };
  });
}
