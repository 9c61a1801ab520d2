// Exponent or limit? Four nested models over schemes, F tests and a paired bootstrap of the same statistics, a verdict.

import { fTail } from "../base/distributions.js";
import { InputError } from "../base/errors.js";
import { random } from "../base/random.js";
import { resampler } from "../fit/bootstrap.js";
import type { NestedTest, NestedTests, Verdict } from "./comparison.js";
import { distinctX } from "./distinct.js";
import { descend } from "./joint.js";
import { type JointFit, type JointModel, WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";
import { type BootstrapOptions, resampleGroups } from "./replicates.js";
import { fitJoint } from "./starts.js";

const NESTED: readonly NestedTest["model"][] = ["shared-limit", "shared-exponent", "shared-both"];

/** Whether limits and exponents were shown to be equal within the margins; decides between "neither" and "cannot tell". */
export type Equivalence = "equal" | "not shown";

function jointModel(name: NestedTest["model"], free: FreeFits): JointModel {
  return {
    space: free.space,
    limit: name === "shared-exponent" ? "free" : "shared",
    exponent: name === "shared-limit" ? "free" : "shared",
    huber: null,
  };
}

/**
 * The three nested models against the free one, by least squares in the space of the fit.
 *
 * F = ((SSE₀ − SSE)/q)/(SSE/ν), q = parameters saved, ν = points − 3·schemes. The F distribution assumes residuals that
 * are independent, also between schemes; where schemes share their errors at equal keys it rejects too seldom, and where
 * a run's points share theirs too often. Hence the bootstrap beside it: data redrawn under each nested model with the
 * free model's residuals, one draw for all schemes. A model counts as rejected when both p-values are small, so that a
 * bootstrap can only take a rejection back: `drawWhere` "rejected" spares it where F does not reject at `alpha`.
 * Throws InputError for fewer replicates than can reject at `alpha`.
 */
export function nestedTests(
  free: FreeFits,
  alpha: number,
  bootstrap: BootstrapOptions | null,
  drawWhere: "always" | "rejected" = "always",
): NestedTests {
  if (bootstrap !== null && 1 / (1 + bootstrap.replicates) >= alpha) {
    throw new InputError(
      `compare: a bootstrap test at ${alpha} must have ${Math.ceil(1 / alpha)} replicates at least, got ${bootstrap.replicates}; give more, or 0 for F tests alone`,
    );
  }
  const points = free.ladders.reduce((sum, ladder) => sum + ladder.u.length, 0);
  const parameters = free.ladders.length * WIDTH;
  const denominatorDf = points - parameters;
  const sumOfSquares = free.fits.reduce((sum, fit) => sum + fit.sum, 0);
  const saved = free.ladders.length - 1;
  const tests = NESTED.map((name): NestedTest => {
    const model = jointModel(name, free);
    const fit = fitJoint(free.ladders, model, free.theta);
    const numeratorDf = name === "shared-both" ? 2 * saved : saved;
    // Least squares of a nested model cannot beat the free one; a difference below rounding is none.
    const nested = fit === null ? Number.POSITIVE_INFINITY : Math.max(fit.sum, sumOfSquares);
    const fStatistic = (nested - sumOfSquares) / numeratorDf / (sumOfSquares / denominatorDf);
    const pValue = denominatorDf > 0 ? fTail(fStatistic, numeratorDf, denominatorDf) : 1;
    const bootstrapPValue =
      bootstrap === null || fit === null || denominatorDf <= 0 || (drawWhere === "rejected" && pValue >= alpha)
        ? null
        : redrawnShare(free, model, fit, (nested - sumOfSquares) / sumOfSquares, bootstrap);
    const adjustedPValue = Math.max(pValue, bootstrapPValue ?? 0);
    return {
      model: name,
      sumOfSquares: nested,
      parameters: parameters - numeratorDf,
      fStatistic,
      numeratorDf,
      denominatorDf,
      pValue,
      bootstrapPValue,
      adjustedPValue,
      rejected: adjustedPValue < alpha,
    };
  });
  return {
    verdict: verdict(tests, "not shown"),
    tests,
    free: { sumOfSquares, parameters, points },
    schemes: free.ladders.map((ladder) => ladder.name),
  };
}

/** Share of data sets redrawn under the nested fit whose statistic reaches the observed one, (1 + exceeding)/(1 + R). */
function redrawnShare(
  free: FreeFits,
  model: JointModel,
  nested: JointFit,
  observed: number,
  options: BootstrapOptions,
): number {
  // Pairs hold no null hypothesis, so they are redrawn as wild residuals here.
  const method = options.method === "pairs" ? "wild" : options.method;
  const draw = resampler(resampleGroups(free, nested.theta, method), method, options.unit);
  const stream = random(options.seed).split(`${model.limit}/${model.exponent}`);
  const freeModel: JointModel = { ...model, limit: "free", exponent: "free" };
  const data = distinctX(free.ladders, free.space);
  let reached = 0;
  for (let r = 0; r < options.replicates; r++) {
    const within = data.load(draw(stream).map(({ loss }) => loss));
    const under = descend(data.ladders, model, nested.theta, 1e-6, 60);
    const over = data.ladders.reduce((sum, ladder, l) => {
      const start = under.theta.slice(l * WIDTH, (l + 1) * WIDTH);
      return sum + descend([ladder], freeModel, start, 1e-6, 60).sum;
    }, within);
    if ((under.sum + within - over) / over >= observed) reached++;
  }
  return (1 + reached) / (1 + options.replicates);
}

/**
 * What the tests say. Sharing both must be rejected before any difference is named; then `exponent` needs a shared
 * exponent (the explanation by limits alone) rejected and a shared limit not, `limit` the reverse, `both` both.
 */
export function verdict(tests: readonly NestedTest[], equivalence: Equivalence): Verdict {
  const rejected = (model: NestedTest["model"]) => tests.some((test) => test.model === model && test.rejected);
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
