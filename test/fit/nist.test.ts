// Certified values of the NIST StRD nonlinear-regression suite, each problem stated as a formula of the user's.
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { fit as fitLaw } from "../../src/fit/fit.js";
import type { Fit } from "../../src/fit/record.js";
import { lawByName } from "../../src/law/catalogue.js";
import { type NistProblem, readNist } from "./nist.js";

const folder = path.resolve(import.meta.dirname, "../reference/nist-strd");
const problems = readdirSync(folder).map((file) => readNist(path.join(folder, file)));

/** Digits shared with a certified value: −log10 of the relative error. */
function digits(got: number | null | undefined, certified: number): number {
  return -Math.log10(Math.abs((got ?? Number.NaN) / certified - 1) + 1e-16);
}

function solveFrom(problem: NistProblem, start: "start1" | "start2" | null): Fit {
  const law = lawByName(problem.formula, [...problem.columns.keys()]);
  return fitLaw(
    law,
    {
      group: {},
      x: law.variables.map((variable) => problem.columns.get(variable) ?? new Float64Array(0)),
      loss: problem.logResponse ? problem.y.map(Math.log) : problem.y,
      standardError: null,
      run: null,
      pair: null,
      decayed: null,
      excluded: [],
    },
    {
      space: "linear",
      interval: "delta",
      start: start === null ? null : Object.fromEntries(problem.parameters.map((p) => [p.name, p[start]])),
    },
  );
}

/** Residual standard deviation for a sum of squares. */
const residualDeviation = (problem: NistProblem, sumOfSquares: number) =>
  Math.sqrt(sumOfSquares / (problem.y.length - problem.parameters.length));

/**
 * Lanczos1 is a sum of exponentials printed to 13 digits, so residuals are rounding: the certified sum of squares is
 * 1.4307868e−25. Of the data rounded to doubles it is 1.4295516e−25, whatever the arithmetic (computed in 60 digits), so
 * standard errors from doubles have 3.4 certified digits at most, and only by extended data could have 5. What is left
 * to a program is the rounding of the law: scipy 1.17 least_squares ends between 2.9 and 3.6 digits by its method and
 * derivative, ours at 3.0 from start 1 and 2.8 from start 2. The other factor of a standard error, the root of
 * (JᵀJ)⁻¹, is asserted to 5 digits here as everywhere.
 */
const deviationDigits = (name: string) => (name === "Lanczos1" ? 2.5 : 5);

test("all 27 problems were read", () => {
  expect(problems).toHaveLength(27);
  expect(problems.every((problem) => problem.parameters.length > 1 && problem.y.length > 5)).toBe(true);
});

// scipy 1.17 least_squares reaches 5 digits of the parameters from start 1 on all of them but Hahn1, each by its best method.
test.each(problems.map((problem) => [problem.name, problem] as const))("%s from both starts", (name, problem) => {
  for (const start of ["start1", "start2"] as const) {
    const found = solveFrom(problem, start);
    const least = (value: (name: string) => number | null | undefined, certified: "value" | "deviation", unit = 1) =>
      Math.min(...problem.parameters.map((p) => digits(value(p.name), p[certified] / unit)));
    const error = (name: string) => found.parameters[name]?.standardError;
    const unit = residualDeviation(problem, found.objective);
    const perUnit = (name: string) => (error(name) ?? Number.NaN) / unit;
    const certifiedUnit = residualDeviation(problem, problem.sumOfSquares);
    expect(found.status, start).toBe("converged");
    expect(
      least((parameter) => found.parameters[parameter]?.estimate, "value"),
      `digits of parameters from ${start}`,
    ).toBeGreaterThan(7);
    expect(least(error, "deviation"), `digits of standard errors from ${start}`).toBeGreaterThan(deviationDigits(name));
    expect(
      least(perUnit, "deviation", certifiedUnit),
      `digits of standard errors per residual deviation from ${start}`,
    ).toBeGreaterThan(5);
  }
});

// Judged by the certified sum of squares, since terms of the same form may come out in another order.
test("without a start, the search finds 26 of the 27", () => {
  const missed = problems.filter((problem) => {
    const found = solveFrom(problem, null);
    return !(found.status === "converged" && found.objective < problem.sumOfSquares * (1 + 1e-9));
  });
  // Two narrow peaks that overlap, on a decay: the widths and places of both must be guessed at once.
  expect(missed.map((problem) => problem.name)).toEqual(["Gauss3"]);
});
