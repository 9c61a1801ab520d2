// The three approaches: on grids of a known law, on published tables, and with data that cannot answer.
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { observe } from "../../src/curve/observe.js";
import { readTable } from "../../src/curve/read/read-table.js";
import { allocate } from "../../src/forecast/allocate.js";
import type { Allocation, Answer } from "../../src/forecast/allocation.js";
import { SIX_N_D } from "../../src/forecast/compute-rule.js";
import { exponentsOfLine, lineThrough } from "../../src/forecast/frontier.js";
import { type Constants, trainingOptimum } from "../../src/forecast/optimum.js";
import type { Redrawing } from "../../src/forecast/redrawing.js";
import { CHINCHILLA, isoflopGrid } from "./grids.js";

const BUDGETS = [1e18, 1e19, 1e20, 1e21];
const reference = path.resolve(import.meta.dirname, "../../../shared/reference");

function value<T>(answer: Answer<T>): T {
  if (answer.kind === "unavailable") throw new Error(answer.reason);
  return answer.value;
}

test("noiseless grids: approaches 2 and 3 both recover N*, D* and the exponents", () => {
  const allocation = allocate(isoflopGrid(CHINCHILLA, BUDGETS, 9, 4), { budgets: [5.76e23] });
  const truth = trainingOptimum(CHINCHILLA, SIX_N_D, 5.76e23);
  for (const { optima, exponents } of [value(allocation.surface), value(allocation.valleys)]) {
    expect((optima[0]?.parameters.estimate ?? 0) / truth.parameters).toBeCloseTo(1, 5);
    expect((optima[0]?.tokens.estimate ?? 0) / truth.tokens).toBeCloseTo(1, 5);
    expect(exponents?.parameters.estimate).toBeCloseTo(0.28 / 0.62, 6);
    expect(exponents?.tokens.estimate).toBeCloseTo(0.34 / 0.62, 6);
  }
});

test("the parabola's bias as published (arXiv 2603.22339), and gone from the valleys", () => {
  const bias = (law: Constants, width: number) => {
    const { valleys } = value(allocate(isoflopGrid(law, BUDGETS, 15, width), { budgets: [1e22] }).valleys);
    // Of D*, as published; the same at every budget, so the exponent has none.
    const found = valleys.map(({ parabolaBias }) => Math.exp(-(parabolaBias ?? Number.NaN)) - 1);
    for (const one of found) expect(one).toBeCloseTo(found[0] ?? Number.NaN, 6);
    for (const [i, { minimum }] of valleys.entries()) {
      const truth = trainingOptimum(law, SIX_N_D, BUDGETS[i] ?? 0).parameters;
      expect(minimum.kind === "interior" ? minimum.parameters.estimate / truth : 0).toBeCloseTo(1, 6);
    }
    return found[0] ?? Number.NaN;
  };
  expect(bias(CHINCHILLA, 2).toFixed(3)).toBe("-0.003");
  expect(bias(CHINCHILLA, 16)).toBeLessThan(-0.04);
  expect(bias(CHINCHILLA, 16)).toBeGreaterThan(-0.055);
  // The asymmetric surface: exponents a factor 3 apart.
  expect(bias({ ...CHINCHILLA, alpha: 0.465, beta: 0.155 }, 16).toFixed(2)).toBe("-0.23");
  expect(Math.abs(bias({ ...CHINCHILLA, alpha: 0.31, beta: 0.31 }, 16))).toBeLessThan(1e-9);
});

test("the size within half a percent of the best loss, checked on the surface itself", () => {
  const { surface } = allocate(isoflopGrid(CHINCHILLA, BUDGETS, 9, 4), { budgets: [1e21] });
  const [optimum] = value(surface).optima;
  const best = trainingOptimum(CHINCHILLA, SIX_N_D, 1e21).loss;
  for (const size of [optimum?.range?.lower ?? 0, optimum?.range?.upper ?? 0]) {
    const tokens = 1e21 / (6 * size);
    const loss = 1.69 + 406.4 * size ** -0.34 + 410.7 * tokens ** -0.28;
    expect(loss / best).toBeCloseTo(1.005, 6);
  }
});

test("approach 1 reads the envelope of training curves", () => {
  // Dense curves of many sizes: the switches lie between neighbouring sizes, so the line through them is the frontier.
  const sizes = Array.from({ length: 15 }, (_, i) => 1e7 * 10 ** (i / 7));
  const runs = sizes.flatMap((n) => Array.from({ length: 60 }, (_, i) => [n, 20 * n * 10 ** ((i - 30) / 20)] as const));
  const points = {
    ...isoflopGrid(CHINCHILLA, BUDGETS, 3, 2),
    x: [Float64Array.from(runs, ([n]) => n), Float64Array.from(runs, ([, d]) => d)],
    loss: Float64Array.from(runs, ([n, d]) => 1.69 + 406.4 * n ** -0.34 + 410.7 * d ** -0.28),
  };
  const { exponents, optima } = value(allocate(points, { budgets: [1e20] }).envelope);
  expect(exponents?.parameters.estimate).toBeCloseTo(0.28 / 0.62, 2);
  const truth = trainingOptimum(CHINCHILLA, SIX_N_D, 1e20).parameters;
  expect((optima[0]?.parameters.estimate ?? 0) / truth).toBeCloseTo(1, 1);
});

test("what the data cannot answer is one line with the remedy", () => {
  const reason = (allocation: Allocation, which: "surface" | "valleys" | "envelope") => {
    const answer = allocation[which];
    return answer.kind === "unavailable" ? answer.reason : null;
  };
  expect(() => allocate(isoflopGrid(CHINCHILLA, [1e20], 9, 4), { budgets: [1e21] })).toThrow(
    /several budgets, got one of 1\.00e20 FLOPs, whose loss is lowest at 645M parameters; train 3 sizes or more at each of 3/,
  );
  expect(() => allocate(isoflopGrid(CHINCHILLA, [1e20], 2, 4), { budgets: [1e21] })).toThrow(
    /several budgets, got one of 1\.00e20 FLOPs; train 3 sizes/,
  );
  const pair = allocate(isoflopGrid(CHINCHILLA, [1e19, 1e20], 9, 4), { budgets: [1e21] });
  expect(pair.warnings.find(({ code }) => code === "few-budgets")?.message).toMatch(
    /line through two has no interval; train at 3/,
  );
  const two = allocate(isoflopGrid(CHINCHILLA, BUDGETS, 2, 2), { budgets: [1e21] });
  expect(reason(two, "valleys")).toMatch(/at most 2 sizes share a budget, a valley needs 3: train more/);
  const scattered = allocate(
    isoflopGrid(
      CHINCHILLA,
      Array.from({ length: 12 }, (_, i) => 1e18 * 2 ** i),
      2,
      1.5,
    ),
    {
      budgets: [1e22],
    },
  );
  expect(reason(scattered, "valleys")).toMatch(/at most 2 sizes/);
  expect(reason(scattered, "envelope")).toMatch(/envelope needs 3: give more points/);
  const grid = isoflopGrid(CHINCHILLA, BUDGETS, 9, 4);
  const flops = (factor: number) =>
    Float64Array.from(grid.x[0] ?? [], (n, i) => factor * 6 * n * (grid.x[1]?.[i] ?? Number.NaN));
  expect(() => allocate({ ...grid, x: [...grid.x, flops(2.5)] }, { budgets: [1e21] })).toThrow(
    /agree with 6·N·D within a factor 2, got 2\.50 times .*insist with --flops/,
  );
  const insisted = allocate({ ...grid, x: [...grid.x, flops(2.5)] }, { budgets: [1e21], insistOnFlops: true });
  expect(insisted.compute.factor).toBeCloseTo(15, 6);
  expect(() => allocate(grid, { budgets: [] })).toThrow(/budgets must be FLOPs above 0, got none/);
  const ratio = isoflopGrid(CHINCHILLA, [1e20, 1.4e20, 2e20], 3, 1.1);
  const same = { ...ratio, x: [ratio.x[0] ?? new Float64Array(0), Float64Array.from(ratio.x[0] ?? [], (n) => 20 * n)] };
  expect(() => allocate(same, { budgets: [1e21] })).toThrow(/differ in tokens per parameter: .* a factor 1\.0 alone/);
  expect(allocate(ratio, { budgets: [1e21] }).warnings.map(({ code }) => code)).toContain("fixed-ratio");
});

test("a valley whose bottom lies outside the sizes trained has none, and says which sizes are missing", () => {
  const grid = isoflopGrid(CHINCHILLA, BUDGETS, 9, 4);
  const large = Array.from(grid.loss.keys()).filter((i) => i % 9 > 4);
  const pick = (column: Float64Array) => Float64Array.from(large, (i) => column[i] ?? Number.NaN);
  const allocation = allocate({ ...grid, x: grid.x.map(pick), loss: pick(grid.loss) }, { budgets: [1e21] });
  expect(value(allocation.valleys).valleys.every(({ minimum }) => minimum.kind === "none")).toBe(true);
  expect(allocation.warnings.find(({ code }) => code === "minimum-below")?.message).toMatch(/train smaller ones there/);
});

test.skipIf(!existsSync(reference))(
  "Chinchilla's points, log Huber 1e−3 (skipped where ../shared/reference is absent): exponent as Besiroglu et al. 2024",
  async () => {
    const { table } = await readTable([path.join(reference, "chinchilla-240/points.csv")]);
    const { groups } = observe(table, ["parameters", "tokens"], { by: [] });
    const [group] = groups;
    if (group === undefined) throw new Error("no points");
    const allocation = allocate(group, { budgets: [5.76e23], fit: { loss: { kind: "huber", delta: 1e-3 } } });
    const { exponents } = value(allocation.surface);
    // β/(α + β) of the published .34731 and .36718.
    expect(exponents.parameters.estimate).toBeCloseTo(0.36718 / (0.34731 + 0.36718), 4);
  },
);

test("intervals by the delta method agree with those of redrawn noise", () => {
  const noise = 0.003;
  const answers = Array.from({ length: 120 }, (_, seed) =>
    allocate(isoflopGrid(CHINCHILLA, BUDGETS, 9, 4, noise, seed + 1), { budgets: [1e22] }),
  ).flatMap(({ surface, valleys }) => [
    [value(surface).optima[0]?.parameters, value(valleys).optima[0]?.parameters] as const,
  ]);
  for (const which of [0, 1] as const) {
    const logs = answers.map((pair) => Math.log(pair[which]?.estimate ?? Number.NaN));
    const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length;
    const spread = Math.sqrt(logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (logs.length - 1));
    const halves = answers.map(
      (pair) => Math.log((pair[which]?.interval?.upper ?? 0) / (pair[which]?.interval?.lower ?? 1)) / 2,
    );
    const typical = halves.sort((a, b) => a - b)[halves.length >> 1] ?? 0;
    // 1.96 to 2.04 standard errors for the surface; the valleys take the wider of two intervals.
    expect(typical / spread).toBeGreaterThan(1.7);
    expect(typical / spread).toBeLessThan(which === 0 ? 2.4 : 4);
  }
});

test("intervals from redrawn points agree with those by the delta method, whatever is redrawn", () => {
  const grid = isoflopGrid(CHINCHILLA, BUDGETS, 9, 4, 0.003, 1);
  const widths = (redrawing: Redrawing | null) => {
    const { surface, valleys } = allocate(grid, { budgets: [1e22], redrawing });
    const [optimum] = value(surface).optima;
    const [byValleys] = value(valleys).optima;
    return [optimum?.parameters, optimum?.tokens, byValleys?.parameters, value(surface).exponents.parameters].map(
      (one) => (one?.interval?.upper ?? Number.NaN) - (one?.interval?.lower ?? Number.NaN),
    );
  };
  const delta = widths(null);
  const ratios = (method: Redrawing["method"]) =>
    widths({ method, replicates: 400, seed: 3 }).map((width, i) => width / (delta[i] ?? Number.NaN));
  // Redrawn residuals assume what the delta method does here; signs and pairs assume less and are wider.
  for (const ratio of ratios("residual")) expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
  for (const method of ["wild", "pairs"] as const) {
    for (const ratio of ratios(method)) {
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.8);
    }
  }
});

test("looped-lm-scaling: the line through the published optima of each r, against least squares worked directly", async () => {
  const folder = path.resolve(import.meta.dirname, "../reference/looped-lm-scaling");
  const optima = (await readTable([path.join(folder, "isoflop_optima_r1248.csv")])).table;
  const { groups } = observe(optima, ["C_flops"], { y: "N", by: ["r"] });
  for (const group of groups) {
    const line = lineThrough(
      Array.from(group.loss, (parameters, i) => ({
        flops: group.x[0]?.[i] ?? Number.NaN,
        parameters: { estimate: parameters, interval: null },
      })),
      0.95,
    );
    if (line === null) throw new Error("no line");
    const { parameters } = exponentsOfLine(line, SIX_N_D);
    // A second method: least squares in logarithms, worked directly.
    const u = Array.from(group.x[0] ?? [], Math.log);
    const v = Array.from(group.loss, Math.log);
    const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
    const slope =
      u.reduce((sum, one, i) => sum + (one - mean(u)) * ((v[i] ?? 0) - mean(v)), 0) /
      u.reduce((sum, one) => sum + (one - mean(u)) ** 2, 0);
    expect(parameters.estimate).toBeCloseTo(slope, 6);
  }
});

// What the study's own code wrote (its folders parameters_delta-3 and -4): exponents of N and D, logarithms of A, B and E, and
// the sum of Huber losses of log residuals that its search from 3,750 starts (L-BFGS-B, slopes by differences) ended at.
test.for([
  ["cool_end", 199, 1e-3, 0.3002728205, 0.580241077, 5.4197160371, 12.5138998709, 0.7297863295, 0.0019640865],
  ["cool_end", 199, 1e-4, 0.2970133066, 0.6903991635, 5.3627962101, 14.9717677508, 0.7458889548, 0.0002059406],
  ["slim_chinchilla", 28, 1e-3, 0.2137760799, 0.5260072888, 4.0689997896, 10.9811737262, 0.4684500083, 0.0001204363],
  ["slim_chinchilla", 28, 1e-4, 0.2764406077, 0.4738182992, 5.0154675479, 9.9100065846, 0.5670625496, 0.0000133978],
  [
    "hot_sampled_like_chinchilla",
    24,
    1e-3,
    0.275106095,
    0.4580953782,
    4.8385936211,
    10.0267685734,
    0.7095285231,
    0.0002173794,
  ],
  [
    "hot_sampled_like_chinchilla",
    24,
    1e-4,
    0.2845070338,
    0.4494161333,
    4.9946926692,
    9.8396405924,
    0.7131557174,
    0.0000225732,
  ],
] as const)(
  "gemstones %s, %i runs, Huber %d: the study's objective, and never a worse one",
  async (published, { skip }) => {
    const [variant, points, delta, alpha, beta, logA, logB, logE, objective] = published;
    const name = `gemstones/wandb_df_for_fitting_${variant}.jsonl`;
    const file = [path.resolve(import.meta.dirname, "../reference", name), path.join(reference, name)].find(existsSync);
    if (file === undefined) return skip(`${name} is not in the clone`);
    const { groups } = observe((await readTable([file])).table, ["parameters", "tokens"], {
      y: "final_loss",
      by: [],
      map: { parameters: "params_active_precise" },
    });
    const [group] = groups;
    if (group === undefined) throw new Error("no points");
    expect(group.loss.length).toBe(points);
    const huber = (r: number) => (Math.abs(r) <= delta ? r ** 2 / 2 : delta * (Math.abs(r) - delta / 2));
    const theirs = Array.from(group.loss).reduce((sum, loss, i) => {
      const [n, d] = [group.x[0]?.[i] ?? Number.NaN, group.x[1]?.[i] ?? Number.NaN];
      return (
        sum + huber(Math.log(loss / (Math.exp(logE) + Math.exp(logA) * n ** -alpha + Math.exp(logB) * d ** -beta)))
      );
    }, 0);
    // Their parameters give their objective to its last printed digit: same points, same law, same loss.
    expect(theirs).toBeCloseTo(objective, 9);
    const { fit, exponents } = value(
      allocate(group, { budgets: [1e21], fit: { loss: { kind: "huber", delta } } }).surface,
    );
    const ours = fit.residuals.reduce((sum, residual) => sum + huber(residual), 0);
    expect(ours).toBeLessThan(theirs);
    const found = exponents.parameters.estimate;
    if (delta === 1e-3) {
      // Theirs stopped on the way to ours, where it is flat.
      expect(ours / theirs).toBeGreaterThan(0.99999);
      expect(Math.abs(found - beta / (alpha + beta))).toBeLessThan(1e-3);
    }
  },
);
