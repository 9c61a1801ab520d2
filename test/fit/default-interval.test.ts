// The default interval where noise is not of one size: coverage in simulation, and a published bootstrap.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { chinchilla } from "../../src/law/chinchilla.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { points, spread } from "./points.js";

const TRUTH = [2, 60, 0.25] as const;
const X = spread(1e6, 1e9, 8).flatMap((x) => [x, x, x]);

/** Three seeds at eight horizons, noise rising 8-fold. */
function rising(seed: number) {
  const stream = random(seed).split("rising");
  const loss = X.map((x, i) => {
    const size = 0.001 * 8 ** (Math.floor(i / 3) / 7);
    return powerLawWithLimit.value(TRUTH, [x]) * Math.exp(size * stream.normal());
  });
  return points([X], loss);
}

test("noise that rises 8-fold: the default covers, the F region of equal noise does not, and the fit says why", () => {
  const covered = { auto: 0, profile: 0 };
  let said = 0;
  for (let seed = 0; seed < 200; seed++) {
    for (const interval of ["auto", "profile"] as const) {
      const { parameters, warnings } = fitLaw(powerLawWithLimit, rising(seed), { interval });
      const { lower, upper } = parameters.limit?.interval ?? {};
      covered[interval] += Number((lower ?? Number.NEGATIVE_INFINITY) <= 2 && (upper ?? Number.POSITIVE_INFINITY) >= 2);
      said += Number(interval === "auto" && warnings.some(({ code }) => code === "unequal-noise"));
    }
  }
  // Three standard deviations below 93% of 200; 86% is what the region of equal noise covers.
  expect(covered.auto).toBeGreaterThanOrEqual(175);
  expect(covered.auto).toBeLessThan(200);
  expect(covered.profile).toBeLessThan(covered.auto);
  // Where the errors differ by 1.3 times, or the noise is seen to change.
  expect(said).toBeGreaterThan(100);
});

test("points of a run that move together: named as clusters, and allowed for", () => {
  const stream = random(4);
  const runs = Array.from({ length: 6 }, () => 0.01 * stream.normal());
  const x = runs.flatMap(() => spread(1e6, 1e9, 6));
  const loss = x.map((value, i) => {
    const run = runs[Math.floor(i / 6)] ?? 0;
    return powerLawWithLimit.value(TRUTH, [value]) * Math.exp(run + 0.001 * stream.normal());
  });
  const data = points([x], loss);
  const keyed = { ...data, run: x.map((_, i) => `run ${Math.floor(i / 6)}`) };
  const fitted = fitLaw(powerLawWithLimit, keyed);
  expect(fitted.clusters).toEqual({ by: "run", count: 6 });
  expect(fitLaw(powerLawWithLimit, data).clusters).toEqual({ by: "point", count: 36 });
  const plain = fitLaw(powerLawWithLimit, keyed, { interval: "profile" });
  // What all points of a run share moves the whole curve and leaves its shape: the exponent is surer than it looks.
  expect(fitted.parameters.exponent?.standardError).toBeLessThan((plain.parameters.exponent?.standardError ?? 0) / 1.3);
});

const file = path.resolve(import.meta.dirname, "../../../shared/reference/chinchilla-240/points.csv");
const here = [file, path.resolve(import.meta.dirname, "../../../../shared/reference/chinchilla-240/points.csv")].find(
  existsSync,
);
if (here === undefined) console.warn(`skipped: ${file} is absent (its points have no licence to be shipped with)`);

describe.skipIf(here === undefined)("240 points read off a figure of the Chinchilla paper (arXiv 2404.10102)", () => {
  const rows = (here === undefined ? "" : readFileSync(here, "utf8"))
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.split(",").map(Number));
  const column = (k: number) => rows.map((row) => row[k] ?? Number.NaN);
  const data = points([column(0), column(1)], column(2));
  const loss = { kind: "huber", delta: 1e-3 } as const;
  // Published standard errors, of a bootstrap over points.
  const PUBLISHED = { A: 124.5, B: 1293, E: 0.0257, alpha: 0.0154, beta: 0.0206 };
  test.each([
    ["the default interval", { loss }, 0.15],
    ["the default interval, another seed", { loss, seed: 1 }, 0.15],
    ["the default interval, a third seed", { loss, seed: 2 }, 0.15],
    ["2,000 redrawn sets", { loss, interval: "bootstrap", resample: "pairs", bootstrap: 2000 }, 0.08],
  ] as const)("standard errors by %s", (_, options, within) => {
    const { parameters, objective } = fitLaw(chinchilla, data, options);
    expect(objective).toBeCloseTo(0.001018274, 9);
    for (const [name, published] of Object.entries(PUBLISHED)) {
      const error = parameters[name]?.standardError ?? Number.NaN;
      expect(Math.abs(error / published - 1), name).toBeLessThan(within);
    }
  });
});
