// Estimators against exact fractional noise, hand-worked windows and the closed form of Anis & Lloyd; what is left out.
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { random } from "../../src/base/random.js";
import { analyzeFractal } from "../../src/fractal/analyze.js";
import type { GroupAnalysis, StatisticName, Surprisals } from "../../src/fractal/record.js";
import { lineThrough, scaleGrid } from "../../src/fractal/scales.js";
import { normalized } from "../../src/fractal/series.js";
import { withControls } from "../../src/fractal/shuffled.js";
import { expectedRange, STATISTIC } from "../../src/fractal/statistics.js";
import { autocovariance, fractionalNoise } from "./fractional-noise.js";

const documentsOf = (count: number, make: () => number[], group = "g"): Surprisals[] =>
  Array.from({ length: count }, (_, d) => ({ document: `d${d}`, group, values: make() }));
const estimateOf = (group: GroupAnalysis | undefined, name: StatisticName) => {
  const found = group?.estimates.find(({ statistic }) => statistic === name);
  if (found?.estimate == null || found.interval === null) throw new Error(`no estimate of ${name}`);
  return { ...found, estimate: found.estimate, interval: found.interval };
};
const seriesOf = (values: readonly number[]) => {
  const X = new Float64Array(values.length + 1);
  values.forEach((value, t) => {
    X[t + 1] = (X[t] ?? 0) + value;
  });
  return { x: Float64Array.from(values), X };
};

describe("one window, by hand", () => {
  const series = seriesOf([1, -1, 2, 0]); // X = 0, 1, 0, 2, 2
  test("R/S: deviations from the mean .5 sum to .5, −1, .5, 0; standard deviation √1.25", () => {
    const { sum, count } = STATISTIC.rescaledRange.tally(series, 4, 0);
    expect(count).toBe(1);
    expect(sum).toBeCloseTo(1.5 / Math.sqrt(1.25), 12);
  });
  test("detrended: residuals of 1, 0, 2, 2 around the line .5·(i − 1.5) + 1.25 have mean square .375", () => {
    expect(STATISTIC.fluctuation.tally(series, 4, 0)).toEqual({ sum: expect.closeTo(0.375, 12), count: 1 });
  });
  test("Haar: half the difference of the means 0 and 1", () => {
    expect(STATISTIC.wavelet.tally(series, 2, 0)).toEqual({ sum: expect.closeTo(0.25, 12), count: 1 });
  });
  test("returns within ε and squared increments over two steps: 0, 1, 2", () => {
    expect(STATISTIC.selfSimilarity.tally(series, 2, 0.5)).toEqual({ sum: 1, count: 3 });
    expect(STATISTIC.joseph.tally(series, 2, 0)).toEqual({ sum: 5, count: 3 });
  });
  test("windows are taken from both ends where they do not fill the document", () => {
    expect(STATISTIC.fluctuation.tally(seriesOf([1, -1, 2, 0, 3]), 4, 0).count).toBe(2);
  });
});

test("the expected range of independent noise: 1 for two values, 2/π·(√2 + 1/√2) for three, √(πn/2) in the limit", () => {
  expect(expectedRange(2)).toBeCloseTo(1, 12);
  expect(expectedRange(3)).toBeCloseTo((2 / Math.PI) * (Math.SQRT2 + Math.SQRT1_2), 12);
  // Γ at 5: Γ(2)/(√π·Γ(5/2)) = 4/(3π).
  expect(expectedRange(5)).toBeCloseTo((4 / (3 * Math.PI)) * (2 + Math.sqrt(1.5) + Math.sqrt(2 / 3) + 0.5), 12);
  expect(expectedRange(100_000) / Math.sqrt((Math.PI * 100_000) / 2)).toBeCloseTo(1, 2);
});

test("scales lie half an octave apart; a slope is that of a straight line", () => {
  expect(scaleGrid(16, 100)).toEqual([16, 23, 32, 45, 64, 91]);
  expect(lineThrough([1, 2, 4], [3, 5, 9])).toEqual({ slope: expect.closeTo(2, 12), intercept: expect.closeTo(1, 12) });
});

test("the noise of the tests has the covariance that it claims", () => {
  const make = fractionalNoise(256, 0.8, random("covariance"));
  const draws = Array.from({ length: 4000 }, make);
  for (const lag of [0, 1, 5]) {
    const products = draws.map((draw) => (draw[40] ?? 0) * (draw[40 + lag] ?? 0));
    const mean = products.reduce((sum, value) => sum + value, 0) / draws.length;
    expect(Math.abs(mean - autocovariance(lag, 0.8))).toBeLessThan(4 * Math.sqrt(2 / draws.length));
  }
});

describe.each([0.3, 0.5, 0.7, 0.9])("fractional noise, H = %f, 200 documents of 2,048", (H) => {
  test("detrended fluctuation is right to .01, the wavelet to .025; the others are off as the docs say", async () => {
    const { groups } = await analyzeFractal(documentsOf(200, fractionalNoise(2048, H, random(`noise ${H}`))));
    const [group] = groups;
    expect(Math.abs(estimateOf(group, "fluctuation").estimate - H)).toBeLessThan(0.01);
    expect(Math.abs(estimateOf(group, "wavelet").estimate - H)).toBeLessThan(0.025);
    const raw = estimateOf(group, "rescaledRange").estimate - H;
    if (H <= 0.5) expect(raw).toBeGreaterThan(0.03);
    if (H === 0.9) expect(raw).toBeLessThan(-0.03);
    if (H === 0.5) expect(Math.abs(estimateOf(group, "correctedRange").estimate - H)).toBeLessThan(0.01);
    // Taking each document's own mean ties the ends of X together, which lowers S and J; more so for larger H.
    for (const name of ["selfSimilarity", "joseph"] as const) {
      const { estimate } = estimateOf(group, name);
      expect(estimate).toBeLessThan(H);
      expect(estimate).toBeGreaterThan(H - 0.2);
    }
    expect(group?.dimension).toBe(2 - estimateOf(group, "selfSimilarity").estimate);
  });
});

test("95% intervals of H hold the truth 93 to 97 times in 100: 120 data sets of 20 documents", async () => {
  let held = 0;
  let sets = 0;
  for (const H of [0.5, 0.7]) {
    const make = fractionalNoise(1024, H, random(`coverage ${H}`));
    for (let set = 0; set < 60; set++) {
      const { groups } = await analyzeFractal(documentsOf(20, make));
      const { interval } = estimateOf(groups[0], "fluctuation");
      if (interval.lower <= H && H <= interval.upper) held++;
      sets++;
    }
  }
  // 95% of 120, less and more than three standard deviations of a count.
  expect(held / sets).toBeGreaterThan(0.88);
});

test("a shuffled control loses its memory and keeps its values", async () => {
  const documents = documentsOf(40, fractionalNoise(1024, 0.9, random("shuffled")));
  async function* given() {
    yield* documents;
  }
  const { groups } = await analyzeFractal(withControls(given(), 1));
  expect(groups.map(({ group }) => group)).toEqual(["g", "g (shuffled)"]);
  expect(estimateOf(groups[0], "fluctuation").estimate).toBeGreaterThan(0.85);
  const { lower, upper } = estimateOf(groups[1], "fluctuation").interval;
  expect(lower).toBeLessThan(0.52);
  expect(upper).toBeGreaterThan(0.48);
  const sorted = (values: readonly number[] | undefined) => [...(values ?? [])].sort((a, b) => a - b);
  const out: Surprisals[] = [];
  for await (const document of withControls(given(), 1)) out.push(document);
  expect(sorted(out[1]?.values)).toEqual(sorted(documents[0]?.values));
  expect(out[1]?.values).not.toEqual(documents[0]?.values);
});

test("sensitivity looks at documents without their start", async () => {
  // Noise that begins with a steep walk: without its first eighth it has no memory.
  const stream = random("start");
  const make = () => {
    let level = 0;
    return Array.from({ length: 2048 }, (_, t) => {
      if (t < 256) level += stream.normal();
      return t < 256 ? level : stream.normal();
    });
  };
  const { groups } = await analyzeFractal(documentsOf(40, make));
  const { estimate, sensitivity } = estimateOf(groups[0], "fluctuation");
  expect(estimate).toBeGreaterThan(0.7);
  expect(Math.abs((sensitivity?.lowest ?? 0) - 0.5)).toBeLessThan(0.03);
});

test("skewed independent values are no memory", async () => {
  const stream = random("skewed");
  const make = () => Array.from({ length: 1024 }, () => (-Math.log(1 - stream.uniform())) ** 3);
  const { groups } = await analyzeFractal(documentsOf(60, make));
  expect(Math.abs(estimateOf(groups[0], "fluctuation").estimate - 0.5)).toBeLessThan(0.02);
});

describe("what cannot be analysed is left out with the reason", () => {
  const noise = () => {
    const stream = random("left out");
    return Array.from({ length: 600 }, () => stream.normal());
  };
  test.each([
    ["short", Array(100).fill(1), /100 tokens, 256 are needed for scales from 16; join documents or lower --from/],
    ["constant", Array(600).fill(2.5), /all surprisals are the same/],
    ["gap", noise().map((value, t) => (t === 300 ? Number.NaN : value)), /token 301 has no finite surprisal/],
    ["infinite", noise().map((value, t) => (t === 2 ? Number.POSITIVE_INFINITY : value)), /token 3 .*\(Infinity\)/],
  ])("%s", async (document, values, reason) => {
    const { groups, leftOut } = await analyzeFractal([
      { document, group: "g", values },
      { document: "good", group: "g", values: noise() },
    ]);
    expect(leftOut).toEqual([{ document, group: "g", reason: expect.stringMatching(reason) }]);
    expect(groups[0]?.documents).toBe(1);
    expect(groups[0]?.warnings.map(({ code }) => code)).toContain("few-documents");
    expect(groups[0]?.estimates.every(({ interval }) => interval === null)).toBe(true);
  });
  test("documents too short for the largest scale of the others", async () => {
    const make = fractionalNoise(2048, 0.5, random(1));
    const long = documentsOf(20, make);
    const { groups, leftOut } = await analyzeFractal([...long, { document: "s", group: "g", values: noise() }]);
    expect(groups[0]).toMatchObject({ documents: 20, scales: { from: 16, to: 512 } });
    expect(leftOut[0]?.reason).toMatch(/600 tokens, 2048 are needed for scales to 512; lower --to/);
  });
  test("a few tokens at the start can be left out", () => {
    const values = [1e9, ...noise()];
    const kept = normalized({ document: "d", group: "g", values }, { from: 16, skip: 1 });
    if (kept.kind !== "series") throw new Error(kept.reason);
    expect(kept.series.x.length).toBe(600);
    expect(Math.max(...kept.series.x)).toBeLessThan(10);
  });
});

test.each([
  [{ from: 2 }, /--from must be a whole number of at least 4, got 2/],
  [{ to: 20 }, /--to must be a whole number of at least four times --from, 64, got 20/],
  [{ epsilon: 0 }, /--epsilon must be above 0, got 0/],
  [{ skip: -1 }, /--skip must be a whole number/],
  [{ level: 1 }, /--level must be between 0 and 1/],
])("options %o are refused", async (change, message) => {
  await expect(analyzeFractal([], change)).rejects.toThrow(InputError);
  await expect(analyzeFractal([], change)).rejects.toThrow(message);
});
