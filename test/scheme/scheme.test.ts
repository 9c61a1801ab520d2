// Applications, catalogue, cost and survey against hand-worked cases, published facts and the binomial distribution.
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { random } from "../../src/base/random.js";
import {
  applications,
  drawRounds,
  expectedRounds,
  fullRounds,
  layerOrder,
  layersOfBlocks,
} from "../../src/scheme/applications.js";
import { CATALOGUE, schemeByName } from "../../src/scheme/catalogue.js";
import { forwardFlopsPerToken, schemeCost, tokensForFlops } from "../../src/scheme/cost.js";
import { survey } from "../../src/scheme/survey.js";

const shape = { width: 64, layers: 4, heads: 4, context: 128, vocabulary: 1024 };
const blocks = (name: string, rounds?: number) =>
  applications(schemeByName(name), rounds).flatMap((use) => (use.kind === "block" ? [use.block] : []));

describe("applications", () => {
  test("the repeated step alone changes with the rounds", () => {
    expect(blocks("A^3 B")).toEqual([0, 0, 0, 1]);
    expect(blocks("A^3 B", 1)).toEqual([0, 1]);
    expect(blocks("A^3 B", 5)).toEqual([0, 0, 0, 0, 0, 1]);
    expect(blocks("(A B)^2", 1)).toEqual([0, 1]);
    expect(blocks("A B^2 C", 3)).toEqual([0, 1, 1, 1, 2]);
    expect(blocks("(A^2 B)^3 C:2", 1)).toEqual([0, 0, 1, 2]);
    expect(blocks("baseline", 4)).toEqual([0, 1]);
  });
  test("one adapter per number of rounds stands after the repeated block; greater depths share the last", () => {
    const scheme = schemeByName("stochastic-rins-3");
    const adapters = (rounds: number) => applications(scheme, rounds).filter((use) => use.kind !== "block");
    expect(applications(scheme).map((use) => use.kind)).toEqual(["block", "block", "block", "adapter", "block"]);
    expect([1, 3, 6].map(adapters)).toEqual([1, 3, 3].map((rounds) => [{ kind: "adapter", rounds }]));
  });
  test("latent recurrence injects before every round of the core, one round too", () => {
    const kinds = (rounds?: number) => applications(schemeByName("latent-2"), rounds).map((use) => use.kind);
    const round = ["latent-inject", "block"];
    expect(kinds()).toEqual(["block", "latent-start", ...round, ...round, "block"]);
    expect(kinds(1)).toEqual(["block", "latent-start", ...round, "block"]);
  });
  test("re-injection norms and adds what came into the repeated block before each round, once where none repeats", () => {
    const kinds = (name: string, rounds?: number) => applications(schemeByName(name), rounds).map((use) => use.kind);
    const round = ["reinject", "block"];
    expect(kinds("reinjected-2")).toEqual(["remember", ...round, ...round, "block"]);
    expect(kinds("reinjected-2", 3)).toEqual(["remember", ...round, ...round, ...round, "block"]);
    for (const rounds of [1, 4]) expect(kinds("reinjected-1", rounds)).toEqual(["remember", ...round, "block"]);
    const middle = applications(schemeByName("A B^2 C", { reinjection: true })).map((use) => use.kind);
    expect(middle).toEqual(["block", "remember", ...round, ...round, "block"]);
  });
  test("rounds must be whole and positive", () => {
    for (const rounds of [0, -1, 1.5, Number.NaN]) {
      expect(() => applications(schemeByName("rins-2"), rounds)).toThrow(InputError);
    }
  });
});

describe("layersOfBlocks", () => {
  test("cuts the stack in proportion", () => {
    expect(layersOfBlocks(schemeByName("A:3 B:1"), 8)).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7],
    ]);
    expect(layerOrder(schemeByName("A^2 B"), 4)).toEqual([0, 1, 0, 1, 2, 3]);
  });
  test("names the layer counts that would do", () => {
    expect(() => layersOfBlocks(schemeByName("A B C"), 4)).toThrow(/multiple of 3, got 4; use 3, 6 or 9 layers/);
  });
});

describe("drawn rounds", () => {
  test("follow 1 + Binomial(R − 1, 1 − p_s)", () => {
    const scheme = schemeByName("A^4 B", { skipProbability: 0.3 });
    const stream = random(7);
    const draws = 20_000;
    const drawn = Array.from({ length: draws }, () => drawRounds(scheme, stream, false));
    const counts = [1, 2, 3, 4].map((rounds) => drawn.filter((draw) => draw === rounds).length);
    const expected = [0.027, 0.189, 0.441, 0.343].map((probability) => probability * draws);
    const chiSquare = counts.reduce((sum, n, k) => sum + (n - (expected[k] ?? 0)) ** 2 / (expected[k] ?? 1), 0);
    expect(chiSquare).toBeLessThan(16.27); // 99.9% point at 3 degrees of freedom
    expect(expectedRounds(scheme)).toBeCloseTo(3.1, 12);
  });
  test("of latent recurrence have the core's power as their mean", () => {
    const scheme = schemeByName("latent-4");
    const stream = random(3);
    const draws = Array.from({ length: 20_000 }, () => drawRounds(scheme, stream, false));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(1);
    expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(4, 1);
  });
  test("of growing schemes are one on the trunk and all in the cool-down", () => {
    const scheme = schemeByName("growing-rins-3");
    expect([false, true].map((cooling) => drawRounds(scheme, random(1), cooling))).toEqual([1, 3]);
    expect(expectedRounds(scheme)).toBeCloseTo(0.8 * 1 + 0.2 * 3, 12);
  });
  test("of a fixed scheme use no random numbers", () => {
    const stream = random(1);
    const before = stream.state();
    expect(drawRounds(schemeByName("rins-5"), stream, true)).toBe(5);
    expect(stream.state()).toEqual(before);
  });
});

describe("schemeByName", () => {
  test("a signature that has a name gets it, labels hold name and signature", () => {
    expect(schemeByName("(A)^3 B")).toBe(schemeByName("rins-3"));
    expect(schemeByName("rins-3").label).toBe("RINS r=3 (A^3 B)");
    expect(schemeByName("A^3 B", { skipProbability: 0.5, adapters: true }).name).toBe("stochastic-rins-3");
    expect(schemeByName("A^3 B", { adapters: true }).name).toBe("A^3 B adapters");
    expect(schemeByName("A^2 B^3 C^2").name).toBe("A^2 B^3 C^2");
  });
  test("suggests the nearest name", () => {
    expect(() => schemeByName("rinz-3")).toThrow(/got "rinz-3"; did you mean rins-3\?/);
    expect(() => schemeByName("")).toThrow(InputError);
  });
  test("refuses options that cannot be", () => {
    expect(() => schemeByName("A^3 B", { skipProbability: 1 })).toThrow(/below 1/);
    expect(() => schemeByName("baseline", { adapters: true })).toThrow(/one repeated block, got 0/);
    expect(() => schemeByName("immediate", { skipProbability: 0.5 })).toThrow(/one repeated block, got 4/);
    expect(() => schemeByName("immediate", { reinjection: true })).toThrow(
      /re-injection needs one repeated block, got 4/,
    );
    expect(() => schemeByName("A^2 B", { growing: 1 })).toThrow(/between 0 and 1, got 1/);
    expect(() => schemeByName("A^2 B", { growing: 0.2, skipProbability: 0.5 })).toThrow(/choose one/);
  });
  test("names are unique and all fit four layers", () => {
    expect(new Set(CATALOGUE.map(({ name }) => name)).size).toBe(CATALOGUE.length);
    for (const { scheme } of CATALOGUE) expect(layersOfBlocks(scheme, 4).flat()).toEqual([0, 1, 2, 3]);
  });
});

describe("schemeCost", () => {
  test("hand-worked at width 64, 4 layers, context 128, vocabulary 1,024", () => {
    const cost = schemeCost(schemeByName("baseline"), shape);
    expect(cost.parametersByGroup).toEqual({ embedding: 65_536, blocks: 197_120, adapters: 0, head: 65_600 });
    expect(cost.parameters).toBe(328_256);
    // A layer: 2 · 49,152 weights + 4 · 64 · 64.5 attention = 114,816; four of them and the head 131,072, three times.
    expect(cost.flopsPerToken).toBe(3 * (4 * 114_816 + 131_072));
    expect(cost.inferenceFlopsPerToken).toBe(cost.flopsPerToken / 3);
    expect(cost.cacheBytesPerToken).toBe(4 * 2 * 64 * 4);
    expect(cost.costFactor).toBe(1);
  });
  test("recursion without adapters keeps the parameters of the baseline, but for the gain of re-injection", () => {
    const baseline = schemeCost(schemeByName("baseline"), shape);
    for (const { scheme } of CATALOGUE.filter((entry) => !entry.scheme.adapters)) {
      const adapters = scheme.reinjection ? shape.width : 0;
      expect(schemeCost(scheme, shape).parametersByGroup).toEqual({ ...baseline.parametersByGroup, adapters });
    }
  });
  test("A^3 B, A B^3 and (A B)^2 are FLOP twins", () => {
    const costs = ["A^3 B", "A B^3", "(A B)^2"].map((name) => schemeCost(schemeByName(name), shape).flopsPerToken);
    expect(new Set(costs).size).toBe(1);
  });
  test("without head and attention A^r B costs (r + 1) / 2: the rule's limit at great width", () => {
    const wide = { width: 65_536, layers: 4, heads: 64, context: 2, vocabulary: 2 };
    expect(schemeCost(schemeByName("rins-3"), wide).costFactor).toBeCloseTo(2, 5);
    expect(schemeCost(schemeByName("rao-3"), wide).costFactor).toBeCloseTo(3, 4);
  });
  test("a stochastic scheme costs its expectation over the binomial", () => {
    const scheme = schemeByName("stochastic-rins-3");
    const at = (rounds: number) => 3 * forwardFlopsPerToken(scheme, shape, rounds);
    const mean = 0.25 * at(1) + 0.5 * at(2) + 0.25 * at(3);
    expect(schemeCost(scheme, shape).flopsPerToken).toBeCloseTo(mean, 6);
    expect(schemeCost(scheme, shape).parametersByGroup.adapters).toBe(3 * 64 * 64);
  });
  test("unrolled parameters count a block as often as it applies", () => {
    const { parameters, unrolledParameters } = schemeCost(schemeByName("A^3 B"), shape);
    expect(unrolledParameters - parameters).toBe((2 * 197_120) / 2);
  });
  test("tokens for a budget, and shapes that cannot be", () => {
    expect(tokensForFlops(schemeByName("baseline"), shape, 1e12)).toBe(Math.floor(1e12 / 1_771_008));
    expect(() => schemeCost(schemeByName("baseline"), { ...shape, heads: 3 })).toThrow(/twice the heads/);
    expect(() => schemeCost(schemeByName("baseline"), { ...shape, width: 0 })).toThrow(InputError);
  });
});

describe("survey", () => {
  const variants = survey(shape);
  test("has at least 55 variants, each computation once, none of them the baseline", () => {
    expect(variants.length).toBeGreaterThanOrEqual(55);
    const orders = variants.map((scheme) => layerOrder(scheme, shape.layers).join());
    expect(new Set(orders).size).toBe(variants.length);
    expect(orders).not.toContain("0,1,2,3");
  });
  test("stays in its cost range and has two to four blocks, degree 2 among them", () => {
    for (const scheme of variants) {
      expect(schemeCost(scheme, shape).costFactor).toBeLessThanOrEqual(2);
      expect(scheme.blockSizes.length).toBeLessThanOrEqual(4);
    }
    expect(variants.map(({ name }) => name)).toEqual(expect.arrayContaining(["rins-3", "rao-2", "(A^2 B)^2 C:2"]));
    expect(variants.some((scheme) => fullRounds(scheme) === 1)).toBe(true); // cycle-reverse
  });
});
