// Exponent or limit? Nested models over schemes, F tests and a paired bootstrap of the same statistics, a verdict.
import { fTail } from "../base/distributions.js";
import { InputError } from "../base/errors.js";
import { item } from "../base/item.js";
import { random } from "../base/random.js";
import { resampler } from "../fit/bootstrap.js";
import type { Fitted } from "../fit/fitted.js";
import { linearize } from "../fit/linearize.js";
import { makeProblem } from "../fit/problem/columns.js";
import { fullTheta, type Problem } from "../fit/problem/problem.js";
import { type ReplicateOptions, resampleGroup } from "../fit/replicates.js";
import { leastSquares } from "../fit/solve/refit.js";
import { minimum } from "../fit/solve/solve.js";
import { calibratedTests } from "../fit/variance/calibrated-test.js";
import { at, type LawParameter } from "../law/law.js";
import type { NestedTest, NestedTests, Verdict } from "./comparison.js";
import { holm } from "./holm.js";
import { freeGradient, pointOf, type Scheme, type Schemes } from "./schemes.js";

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
 * it is (calibrated-test.ts), which decides. The bootstrap beside it redraws data under each nested model with the free
 * model's residuals, one draw for all schemes: a second opinion, which decides together with the plain F where nothing is
 * known of the noise (with two schemes it rejected 4 to 16 of 100 simulated data sets, the calibrated F 1 to 5). `drawWhere` "deciding" spares it where it decides nothing: the calibrated test does, or F does not reject.
 * Throws InputError for fewer replicates than can reject at `alpha`.
 *
 * @param schemes fitted by squared residuals
 */
export function nestedTests(
  schemes: Schemes,
  alpha: number,
  bootstrap: ReplicateOptions | null,
  drawWhere: "always" | "deciding" = "always",
): NestedTests {
  if (bootstrap !== null && 1 / (1 + bootstrap.replicates) >= alpha) {
    throw new InputError(
      `compare: a bootstrap test at ${alpha} must have ${Math.ceil(1 / alpha)} replicates at least, got ${bootstrap.replicates}; give more, or 0 for F tests alone`,
    );
  }
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
    const drawn = drawWhere === "always" || (calibratedPValue === null && pValue < alpha);
    const bootstrapPValue =
      bootstrap !== null && denominatorDf > 0 && drawn
        ? redrawnShare(schemes, problem, joint.free, name, (nested - sumOfSquares) / sumOfSquares, bootstrap)
        : null;
    const adjustedPValue = calibratedPValue ?? Math.max(pValue, bootstrapPValue ?? pValue);
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
        bootstrapPValue,
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

/** Share of data sets redrawn under the nested fit whose statistic reaches the observed one, (1 + exceeding)/(1 + R). */
function redrawnShare(
  { all }: Schemes,
  problem: Problem,
  nestedFree: Float64Array,
  model: NestedTest["model"],
  observed: number,
  options: ReplicateOptions,
): number {
  // Pairs hold no null hypothesis, so they are redrawn as wild residuals here.
  const method = options.method === "pairs" ? "wild" : options.method;
  const groups = all.map(({ group, fit }, l) => {
    const theta = fullTheta(problem, nestedFree, l);
    const predicted = group.loss.map((_, i) => problem.law.value(theta, pointOf(group, i)));
    return resampleGroup(fit, method, group, predicted);
  });
  const draw = resampler(groups, method, options.unit);
  const stream = random(options.seed).split(model);
  const under = leastSquares(problem, nestedFree);
  const over = all.map(({ fit }) => ({
    sum: leastSquares(fit.problem, fit.solution.free),
    factor: (1 + observed) * (fit.problem.residualUnit / problem.residualUnit) ** 2,
  }));
  const whole = new Float64Array(problem.points);
  const reaches = (losses: readonly Float64Array[]): boolean => {
    let place = 0;
    for (const loss of losses) {
      whole.set(loss, place);
      place += loss.length;
    }
    // The nested sum only comes down from where it starts, and the free one only grows: most data sets are told early.
    const nested = under(whole);
    const start = nested(Number.POSITIVE_INFINITY);
    let enough = 0;
    for (const [l, { sum, factor }] of over.entries()) {
      enough += factor * sum(item(losses, l))();
      if (start < enough) return false;
    }
    // Without an optimum it fits worse than any.
    return !(nested(enough) < enough);
  };
  let reached = 0;
  for (let r = 0; r < options.replicates; r++) if (reaches(draw(stream).map(({ loss }) => loss))) reached++;
  return (1 + reached) / (1 + options.replicates);
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
