// Differences: shares of hand-made replicates, and p-values never in contradiction to the interval.
import { expect, test } from "vitest";
import { mean } from "../../src/base/mean.js";
import { random } from "../../src/base/random.js";
import { compare } from "../../src/compare/compare.js";
import { differences } from "../../src/compare/differences.js";
import { pairings } from "../../src/compare/pairing.js";
import { fitSchemes } from "../../src/compare/schemes.js";
import { logHorizons, simulate } from "../../src/compare/simulate.js";
import type { Observations } from "../../src/curve/observations.js";
import { pick } from "../../src/fit/held-out.js";
import { DEFAULT_FIT_OPTIONS } from "../../src/fit/record.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { exact, ladder, published } from "./ladder-data.js";

const X = [1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9];
/** Seven points and so 4 degrees of freedom, scattered a little round the law. */
const scheme = (name: string, phase: number) =>
  ladder(
    name,
    X,
    Array.from(exact(name, X, [1.8, 40, 0.25]).loss, (loss, i) => loss * Math.exp(0.002 * Math.sin(phase + 2.3 * i))),
    X.map(String),
  );

/** The row of the limit with 401 replicates whose differences of limit run evenly over .001·(−below … 400 − below). */
function limitRow(below: number) {
  const groups = [scheme("a", 0), scheme("b", 1)];
  const schemes = fitSchemes(powerLawWithLimit, groups, DEFAULT_FIT_OPTIONS);
  const [first, second] = schemes.all.map(({ fit }) => fit.solution.free);
  if (first === undefined || second === undefined) throw new Error("two schemes have two fits");
  const frees = Array.from({ length: 401 }, (_, i) => [
    first,
    Float64Array.of((first[0] ?? 0) + 0.001 * (i - below), ...second.slice(1)),
  ]);
  const options = { level: 0.95, budget: 1e8, point: [1e8], alpha: 0.05, rejected: [] };
  return differences(schemes, pairings(schemes, 0, frees), options)[0];
}

test("P(better) is the share of replicates with a lower limit", () => {
  expect(limitRow(40)?.probabilityBetter).toBeCloseTo(40 / 401, 12);
  expect(limitRow(390)?.probabilityBetter).toBeCloseTo(390 / 401, 12);
});

test("58 ladder points of arXiv 2609.19107: p below .05 where 0 is outside", () => {
  const { differences: rows } = compare(published(), { baseline: "deep_vanilla", replicates: 0 });
  expect(rows).toHaveLength(21);
  for (const { scheme: name, quantity, interval, pValue } of rows) {
    const outside = (interval?.lower ?? Number.NaN) > 0 || (interval?.upper ?? Number.NaN) < 0;
    expect([name, quantity, pValue === null, (pValue ?? Number.NaN) < 0.05]).toEqual([name, quantity, false, outside]);
  }
});

test("seven schemes against one: intervals that hold together are wider, and say what the adjusted p-values say", () => {
  const { differences: rows } = compare(published(), { replicates: 0 });
  expect(rows).toHaveLength(21);
  for (const { interval, simultaneous, adjustedPValue, pValue, difference } of rows) {
    const width = (one: typeof interval) => (one?.upper ?? Number.NaN) - (one?.lower ?? Number.NaN);
    expect(width(simultaneous)).toBeGreaterThan(width(interval));
    expect(adjustedPValue).toBeGreaterThanOrEqual(pValue ?? Number.NaN);
    const outside = (simultaneous?.lower ?? Number.NaN) > 0 || (simultaneous?.upper ?? Number.NaN) < 0;
    expect([difference, (adjustedPValue ?? Number.NaN) < 0.05]).toEqual([difference, outside]);
  }
});

/** How the differences of loss at 1e9 of schemes 1, 2, … from scheme 0 hang together, and what they are. */
function lossDifferences(groups: readonly Observations[]) {
  const schemes = fitSchemes(powerLawWithLimit, groups, DEFAULT_FIT_OPTIONS);
  const gradient = (theta: Float64Array) => {
    const out = new Float64Array(theta.length);
    powerLawWithLimit.gradient(theta, [1e9], out);
    return out;
  };
  const found = pairings(schemes, 0).map(({ scheme, baseline, errors }) => {
    const member = errors?.member(gradient(scheme.theta), gradient(baseline.theta)) ?? { draws: [], pulls: [] };
    const pulls = new Map(member.draws.map((draw, d) => [draw, member.pulls[d] ?? Number.NaN]));
    const value = (theta: Float64Array) => powerLawWithLimit.value(theta, [1e9]);
    return { pulls, difference: value(scheme.theta) - value(baseline.theta) };
  });
  const product = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>) =>
    [...a].reduce((sum, [draw, pull]) => sum + pull * (b.get(draw) ?? 0), 0);
  const correlations = found.slice(1).map(({ pulls }, k) => {
    const before = found[k]?.pulls ?? new Map<number, number>();
    return product(pulls, before) / Math.sqrt(product(pulls, pulls) * product(before, before));
  });
  return { correlations, differences: found.map(({ difference }) => difference) };
}

const LAW = { limit: 2.2, coefficient: 60, exponent: 0.25 };
const LADDER = { horizons: logHorizons(1e6, 1e9, 6), seeds: 3 };

test("forty schemes hang together by the baseline that they share, though three runs end at the last budget", () => {
  const laws = Array.from({ length: 40 }, () => LAW);
  const groups = simulate(laws, { standardDeviation: 0.004, correlation: 0.5 }, LADDER, random(6));
  for (const correlation of lossDifferences(groups).correlations)
    expect(Math.abs(correlation - 0.5)).toBeLessThan(0.02);
});

test("schemes without the last budget hang together as their differences do over 400 data sets", () => {
  const stream = random(8);
  const noise = { standardDeviation: 0.004, correlation: 0.8 };
  const [first, second, expected]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < 400; i++) {
    const [full, ...others] = simulate([LAW, LAW, LAW], noise, LADDER, stream);
    const cut = others.map((group) => pick(group, Array.from(group.loss.keys()).slice(0, -3)));
    const { correlations, differences: found } = lossDifferences(full === undefined ? [] : [full, ...cut]);
    first.push(found[0] ?? Number.NaN);
    second.push(found[1] ?? Number.NaN);
    expected.push(correlations[0] ?? Number.NaN);
  }
  const [x, y] = [mean(first), mean(second)];
  const sum = (of: (i: number) => number) => first.reduce((total, _, i) => total + of(i), 0);
  const [dx, dy] = [(i: number) => (first[i] ?? 0) - x, (i: number) => (second[i] ?? 0) - y];
  const seen = sum((i) => dx(i) * dy(i)) / Math.sqrt(sum((i) => dx(i) ** 2) * sum((i) => dy(i) ** 2));
  // A correlation of .5 or more is known to .04 from 400: two standard errors.
  expect(Math.abs(mean(expected) - seen)).toBeLessThan(0.08);
});

test("the difference called detectable is told from 0 in about 80 of 100 studies", () => {
  const plan = { horizons: logHorizons(1e6, 1e9, 8), seeds: 3 };
  const law = { limit: 2.2, coefficient: 60, exponent: 0.25 };
  const stream = random(8);
  const lossRow = (shift: number) => {
    const noise = { standardDeviation: 0.004, correlation: 0 };
    const groups = simulate([law, { ...law, limit: law.limit + shift }], noise, plan, stream);
    const schemes = fitSchemes(powerLawWithLimit, groups, DEFAULT_FIT_OPTIONS);
    const options = { level: 0.95, budget: 1e9, point: [1e9], alpha: 0.05, rejected: [] };
    return differences(schemes, pairings(schemes, 0), options).find(({ quantity }) => quantity === "loss");
  };
  const sizes = Array.from({ length: 50 }, () => lossRow(0)?.detectable ?? Number.NaN);
  const size = sizes.reduce((sum, value) => sum + value, 0) / sizes.length;
  const told = Array.from({ length: 200 }, () => Number((lossRow(size)?.adjustedPValue ?? 1) < 0.05));
  // Four standard deviations of Binomial(200, .8) are 22.6.
  expect(Math.abs(told.reduce((sum, value) => sum + value, 0) - 160)).toBeLessThan(22.6);
});

test("a limit that ended at its bound has no error, nor have the parameters that were fitted beside it; losses have", () => {
  // Without a limit and a little concave on log axes, so that the fitted limit ends at 0.
  const x = [1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9];
  const straight = x.map(
    (tokens, i) => 40 * tokens ** -0.1 * Math.exp(-0.002 * (Math.log10(tokens) - 7.5) ** 2 + 0.001 * (-1) ** i),
  );
  const groups = [scheme("a", 0), ladder("b", x, straight, x.map(String)), scheme("c", 1)];
  const { fits, differences: rows } = compare(groups, { baseline: "a", replicates: 0 });
  expect(fits.map(({ status }) => status)).toEqual(["converged", "at-bound", "converged"]);
  const known = rows.map(({ scheme: name, quantity, interval, pValue }) => [
    name,
    quantity,
    interval !== null,
    pValue !== null,
  ]);
  expect(known).toEqual([
    ["b", "limit", false, false],
    ["c", "limit", true, true],
    ["b", "exponent", false, false],
    ["c", "exponent", true, true],
    ["b", "loss", true, true],
    ["c", "loss", true, true],
  ]);
});
