// Exponent or limit? Nested models over schemes, F tests and a paired bootstrap of the same statistics, a verdict.
import { fTail } from "../base/distributions.js";
import { InputError } from "../base/errors.js";
import { random } from "../base/random.js";
import { resampler } from "../fit/bootstrap.js";
import { linearize } from "../fit/linearize.js";
import { makeProblem } from "../fit/problem/columns.js";
import { fullTheta, type Problem } from "../fit/problem/problem.js";
import { type ReplicateOptions, resampleGroup } from "../fit/replicates.js";
import { leastSquares } from "../fit/solve/refit.js";
import { minimum } from "../fit/solve/solve.js";
import { calibratedTests } from "../fit/variance/calibrated-test.js";
import { clustersOf } from "../fit/variance/clusters.js";
import { at, type Law } from "../law/law.js";
import type { NestedTest, NestedTests, Verdict } from "./comparison.js";
import { freeGradient, type Schemes, thetaOf } from "./schemes.js";

/** What a nested model shares: every limit, every exponent, or both. */
const SHARES: Readonly<Record<NestedTest["model"], readonly ("limit" | "exponent")[]>> = {
  "shared-limit": ["limit"],
  "shared-exponent": ["exponent"],
  "shared-both": ["limit", "exponent"],
};
const NESTED: readonly NestedTest["model"][] = ["shared-limit", "shared-exponent", "shared-both"];

/** Whether limits and exponents were shown to be equal within the margins; decides between "neither" and "cannot tell". */
export type Equivalence = "equal" | "not shown";

/** The law's free parameters that a model gives one value in all schemes. */
function sharedBy(model: NestedTest["model"], law: Law, schemes: Schemes): readonly string[] {
  const { fixed } = schemes.options;
  return law.parameters
    .filter(({ role, name }) => SHARES[model].some((shared) => shared === role) && fixed[name] === undefined)
    .map(({ name }) => name);
}

/**
 * The nested models against the free one, by least squares in the space of the fit. A law without a limit or without an
 * exponent has one nested model only.
 *
 * F = ((SSE₀ − SSE)/q)/(SSE/ν), q = parameters saved, ν = points − parameters. The F distribution assumes residuals that
 * are independent, also between schemes, and of one size; where schemes share their errors at equal keys it rejects too
 * seldom, and where the noise grows along x or a run's points share theirs too often. Hence F is calibrated to the noise as
 * it is (calibrated-test.ts), which decides. The bootstrap beside it redraws data under each nested model with the free
 * model's residuals, one draw for all schemes: a second opinion, which decides together with the plain F where nothing is
 * known of the noise. `drawWhere` "deciding" spares it where it decides nothing: the calibrated test does, or F does not reject.
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
  const { law, groups, fits, names } = schemes;
  const points = fits.reduce((sum, { problem }) => sum + problem.points, 0);
  const parameters = fits.reduce((sum, { problem }) => sum + problem.names.length, 0);
  const denominatorDf = points - parameters;
  const sumOfSquares = fits.reduce((sum, { solution, problem }) => sum + solution.cost * problem.residualUnit ** 2, 0);
  const alone = names.map((_, l) => thetaOf(schemes, l));
  const linearized = linearize(fits, clustersOf(groups).of);
  const calibrated = denominatorDf > 0 && linearized.basis !== null ? calibratedTests(linearized.basis) : null;
  const models = NESTED.map((name) => ({ name, share: sharedBy(name, law, schemes) }));
  const two = models.every(({ share }) => share.length > 0);
  const tests = models.flatMap(({ name, share }): NestedTest[] => {
    if (share.length === 0 || (name === "shared-both" && !two)) return [];
    const problem = makeProblem(law, groups, schemes.options, { share, by: {} });
    const joint = minimum(problem, schemes.options, alone).polished;
    const numeratorDf = parameters - problem.names.length;
    // Least squares of a nested model cannot beat the free one; a difference below rounding is none.
    const nested = Math.max(joint.cost * problem.residualUnit ** 2, sumOfSquares);
    const fStatistic = (nested - sumOfSquares) / numeratorDf / (sumOfSquares / denominatorDf);
    const pValue = denominatorDf > 0 ? fTail(fStatistic, numeratorDf, denominatorDf) : 1;
    const pairs = differencesOf(schemes, share);
    const calibratedPValue =
      denominatorDf > 0
        ? (calibrated?.(
            pairs.map(({ gradients }) => linearized.gradient(gradients)),
            pairs.map(({ difference }) => difference),
            fStatistic,
          )?.pValue ?? null)
        : null;
    const bootstrapPValue =
      bootstrap === null ||
      denominatorDf <= 0 ||
      (drawWhere === "deciding" && (calibratedPValue !== null || pValue >= alpha))
        ? null
        : redrawnShare(schemes, problem, joint.free, name, (nested - sumOfSquares) / sumOfSquares, bootstrap);
    const adjustedPValue = calibratedPValue ?? Math.max(pValue, bootstrapPValue ?? 0);
    return [
      {
        model: name,
        sumOfSquares: nested,
        parameters: parameters - numeratorDf,
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
    schemes: names,
  };
}

/** Of each scheme's shared parameters from the first scheme's, with the gradients over all fits' free parameters. */
function differencesOf(schemes: Schemes, share: readonly string[]) {
  const { law, names } = schemes;
  return share.flatMap((name) => {
    const i = law.parameters.findIndex((parameter) => parameter.name === name);
    const unit = Float64Array.from(law.parameters, (_, k) => Number(k === i));
    return names.slice(1).map((_, k) => ({
      difference: at(thetaOf(schemes, k + 1), i) - at(thetaOf(schemes, 0), i),
      gradients: names.map((__, l) =>
        l === 0
          ? freeGradient(schemes, 0, unit).map((value) => -value)
          : l === k + 1
            ? freeGradient(schemes, l, unit)
            : null,
      ),
    }));
  });
}

/** Share of data sets redrawn under the nested fit whose statistic reaches the observed one, (1 + exceeding)/(1 + R). */
function redrawnShare(
  { fits, groups }: Schemes,
  problem: Problem,
  nestedFree: Float64Array,
  model: NestedTest["model"],
  observed: number,
  options: ReplicateOptions,
): number {
  // Pairs hold no null hypothesis, so they are redrawn as wild residuals here.
  const method = options.method === "pairs" ? "wild" : options.method;
  const draw = resampler(
    fits.map((fit, l) => {
      const theta = fullTheta(problem, nestedFree, l);
      const curve = fit.problem.observed.map((_, i) =>
        problem.law.value(
          theta,
          fit.problem.x.map((column) => at(column, i)),
        ),
      );
      return resampleGroup(fit, method, groups[l] ?? { run: null, pair: null }, curve);
    }),
    method,
    options.unit,
  );
  const stream = random(options.seed).split(model);
  const under = leastSquares(problem, nestedFree);
  const over = fits.map((fit) => leastSquares(fit.problem, fit.solution.free));
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
    for (const [l, loss] of losses.entries()) {
      const unit = ((fits[l]?.problem.residualUnit ?? Number.NaN) / problem.residualUnit) ** 2;
      enough += (over[l]?.(loss)() ?? Number.NaN) * unit * (1 + observed);
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

/** Holm's step-down adjustment (1979) of p-values, in their order; null stays null and does not count. */
export function holm(pValues: readonly (number | null)[]): readonly (number | null)[] {
  const known = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let running = 0;
  for (const [rank, { p, index }] of known.entries()) {
    running = Math.max(running, Math.min(1, p * (known.length - rank)));
    adjusted[index] = running;
  }
  return adjusted;
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
  const adjusted = NESTED.map((_, m) => holm(pairs.map((pair) => pair.tests[m]?.adjustedPValue ?? null)));
  return pairs.map((pair, i) => {
    const tests = pair.tests.map((test, m): NestedTest => {
      const adjustedPValue = adjusted[m]?.[i] ?? 1;
      return { ...test, adjustedPValue, rejected: adjustedPValue < alpha };
    });
    return { ...pair, tests, verdict: verdict(tests, equivalences[i] ?? "not shown") };
  });
}
