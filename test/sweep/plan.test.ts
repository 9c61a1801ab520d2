import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { schemeCost } from "../../src/scheme/cost.js";
import { tokensPerExample } from "../../src/scheme/task.js";
import { expandPlan, fileSlug, planWarnings, trainedTokens } from "../../src/sweep/expand.js";
import { checkPlan, planJsonSchema, readPlan, schemesOf } from "../../src/sweep/plan.js";
import { longestFirst, secondsLeft } from "../../src/sweep/time-left.js";

const folder = path.resolve(import.meta.dirname, "../../data/sweeps");
const plans = readdirSync(folder).filter((file) => file.endsWith(".json") && file !== "plan.schema.json");
const facts = { name: "t", hash: "0", tokenizerHash: "1", trainTokens: 1e7 };
const small = {
  name: "small",
  shape: { width: 16, layers: 4, heads: 2, context: 16, vocabulary: 256 },
  batch: 2,
  schemes: ["baseline", "A^3 B"],
  flops: [2e8, 8e8],
  seeds: [1, 2],
  schedule: { warmupSteps: 2 },
};

describe("shipped plans", () => {
  test.each(plans)("%s is valid, expands, and names its own file", (file) => {
    const plan = readPlan(path.join(folder, file));
    expect(`${plan.name}.json`).toBe(file);
    const runs = expandPlan(plan, facts);
    expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length);
    // The built-in prose has 6 M tokens of the BPE, each seen once at most; or 16.9 M bytes, four times at most.
    // Of pictures, 1,362 concepts are trained on, and passed over 160 times at most.
    const prose = plan.corpus.tokenizer === "byte" ? 4 * 16_900_000 : 6_000_000;
    const trainTokens =
      plan.task === undefined ? prose : 160 * 1362 * tokensPerExample({ ...plan, shape: plan.shape[0] });
    expect(planWarnings(runs, { ...facts, trainTokens })).toEqual([]);
  });
  // After a change of the schema or a default: npx vitest run test/sweep/plan.test.ts -u
  test("the schema for editors is the one that is checked, and accepts every plan", async () => {
    const text = `${JSON.stringify(planJsonSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(path.join(folder, "plan.schema.json"));
    const schema = JSON.parse(text);
    const validate = new Ajv2020({ strict: false }).compile(schema);
    for (const file of plans) {
      expect(validate(JSON.parse(readFileSync(path.join(folder, file), "utf8")))).toBe(true);
    }
    expect(validate({ ...small, seed: [1] })).toBe(false);
  });
  test("the survey has at least 55 variants beside the baseline", () => {
    const plan = readPlan(path.join(folder, "survey.json"));
    expect(schemesOf(plan, plan.shape[0]).length).toBeGreaterThanOrEqual(56);
  });
});

describe("checkPlan", () => {
  test.each([
    [{ seed: [1] }, /unknown key, got "seed"; did you mean seeds\?/],
    [{ flops: [2e9, 1e9] }, /flops must increase, got 1000000000 at place 2/],
    [{ flops: [] }, /flops/],
    [{ name: "../up" }, /lower-case letters/],
    [{ seeds: [1.5] }, /seeds\.0/],
    [{ seeds: [1, 1] }, /seeds.*distinct/],
    [{ learningRates: [0.01, 0.01] }, /learningRates.*distinct/],
    [{ schemes: [{ scheme: "rins-2", learningRates: [0.01, 0.01] }] }, /schemes\.0\.learningRates.*distinct/],
    [{ optimizer: { weightDecay: [0.1, -1] } }, /optimizer\.weightDecay/],
    [{ shape: { ...small.shape, heads: 3 } }, /^small\.json shape: .*twice the heads/],
    [{ schemes: ["baseline", "rinz-2"] }, /^small\.json schemes\.1 scheme: .*did you mean rins-2/],
    [{ horizon: [1e9] }, /^small\.json: budgets must stand under flops, got "horizon"; call it flops/],
    [{ shape: { ...small.shape, width: -1 } }, /shape\.width/],
  ])("%j is refused", (change, message) => {
    const check = () => checkPlan({ ...small, ...change }, "small.json");
    expect(check).toThrow(InputError);
    expect(check).toThrow(message);
  });
  test("blocks that do not divide the layers are refused when the plan is expanded, by scheme", () => {
    const plan = checkPlan({ ...small, schemes: ["A B C"] }, "small.json");
    expect(() => expandPlan(plan, facts)).toThrow(/^plan small, A B C: .*multiple of 3/);
  });
});

describe("expandPlan", () => {
  const runs = expandPlan(checkPlan(small, "small.json"), facts);
  test("schemes × learning rates × seeds, each with an id of its own in its file's name", () => {
    expect(runs.map(({ configuration }) => [configuration.scheme.name, configuration.seed])).toEqual([
      ["baseline", 1],
      ["baseline", 2],
      ["rins-3", 1],
      ["rins-3", 2],
    ]);
    for (const run of runs) expect(run.name).toMatch(/^(baseline|rins-3)-s[12]-[0-9a-f]{16}$/);
  });
  test("rates of a scheme's own in place of the plan's; every weight decay", () => {
    const plan = checkPlan(
      {
        ...small,
        seeds: [1],
        schemes: ["baseline", { scheme: "rins-2", learningRates: [0.02, 0.04] }],
        learningRates: [0.01],
        optimizer: { weightDecay: [0.1, 1] },
      },
      "small.json",
    );
    const settings = expandPlan(plan, facts).map(({ configuration: { scheme, schedule, optimizer } }) =>
      [scheme.name, schedule.learningRate, optimizer.weightDecay].join(" "),
    );
    expect(settings).toEqual([
      "baseline 0.01 0.1",
      "baseline 0.01 1",
      "rins-2 0.02 0.1",
      "rins-2 0.02 1",
      "rins-2 0.04 0.1",
      "rins-2 0.04 1",
    ]);
  });
  test("a scheme that two entries name has the rates of both, each once", () => {
    const own = { scheme: "A^2 B", learningRates: [0.02, 0.01] };
    const plan = checkPlan({ ...small, schemes: ["rins-2", own], learningRates: [0.01] }, "small.json");
    expect(schemesOf(plan, plan.shape[0]).map(({ learningRates }) => learningRates)).toEqual([[0.01, 0.02]]);
  });
  test("horizons are FLOP budgets: equal across schemes to half a step, fewer tokens where a token costs more", () => {
    for (const { configuration } of runs) {
      const { flopsPerToken } = schemeCost(configuration.scheme, configuration.shape);
      for (const { tokens, flops } of configuration.horizons) {
        expect(Math.abs(tokens * flopsPerToken - (flops ?? 0))).toBeLessThanOrEqual(16 * flopsPerToken);
      }
    }
  });
  test("a run's work is the trunk to the last cool-down and every branch", () => {
    const configuration = runs[0]?.configuration;
    if (configuration === undefined) throw new Error("no run");
    const [first, last] = configuration.horizons.map(({ tokens }) => tokens / 32);
    const branch = (steps = 0) => Math.max(1, Math.round(0.2 * steps));
    const trunk = (last ?? 0) - branch(last);
    expect(trainedTokens(configuration)).toBe(32 * (trunk + branch(first) + branch(last)));
  });
  test("horizons that fall into one step are refused", () => {
    const plan = checkPlan({ ...small, flops: [8e8, 8.01e8] }, "small.json");
    expect(() => expandPlan(plan, facts)).toThrow(/at least one step of 32 tokens \(.*\) apart/);
  });
  test("several sizes: each has every scheme, at the same budgets", () => {
    const sizes = checkPlan({ ...small, shape: [small.shape, { ...small.shape, width: 32 }] }, "small.json");
    const widths = expandPlan(sizes, facts).map(({ configuration }) => configuration.shape.width);
    expect(widths).toEqual([16, 16, 16, 16, 32, 32, 32, 32]);
    const two = [small.shape, { ...small.shape, vocabulary: 512 }];
    expect(() => checkPlan({ ...small, shape: two }, "small.json")).toThrow(/shape.*one vocabulary/);
  });
  test("a corpus by its path alone; budgets under the name that plans had before", () => {
    expect(checkPlan({ ...small, corpus: "text.txt" }, "small.json").corpus).toEqual({
      path: "text.txt",
      tokenizer: "bpe",
    });
    const { flops, ...rest } = small;
    expect(checkPlan({ ...rest, horizons: flops }, "small.json")).toEqual(checkPlan(small, "small.json"));
  });
  test("what is wrong is told in the plan's own fields, with the scheme that it is about", () => {
    const expand = (change: object) => () => expandPlan(checkPlan({ ...small, ...change }, "small.json"), facts);
    expect(expand({ schedule: { warmupSteps: 1e6 } })).toThrow(
      /^plan small, baseline \(A B\): a cool-down must start .*; lower schedule\.warmupSteps or batch, or raise flops$/,
    );
    expect(expand({ batch: 1e5, flops: [1e12] })).toThrow(
      /^plan small, baseline \(A B\) batch: .*; give another batch$/,
    );
  });
  test("a corpus seen more than once is said", () => {
    expect(planWarnings(runs, { ...facts, trainTokens: 100 })).toMatchObject([{ code: "repeats-corpus" }]);
  });
  test("no name becomes a path", () => {
    expect(fileSlug("(A^2 B:2)^3 C p_s=0.5")).toBe("_A2.Bx2_3.C.p_s.0.5");
    expect(fileSlug("../../etc/passwd")).not.toContain("/");
    expect(fileSlug("x".repeat(300))).toHaveLength(80);
  });
});

describe("time left", () => {
  test("longest first, and the makespan of that order", () => {
    const runs = expandPlan(checkPlan(small, "small.json"), facts);
    const ordered = longestFirst(runs).map(({ flops }) => flops);
    expect(ordered).toEqual([...ordered].sort((a, b) => b - a));
    // Two workers, 4 and 1 left, then 3, 2 and 2 wait: 1+3 = 4, 4+2 = 6 (either), 4+2 = 6.
    expect(secondsLeft([4, 1], [3, 2, 2], 2)).toBe(3);
    expect(secondsLeft([0, 0], [], 1)).toBe(0);
  });
});
