// rinsight compare and rinsight design as scripts call them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { command as compareCommand } from "../../src/command/compare.js";
import { command as designCommand } from "../../src/command/design.js";
import { logHorizons } from "../../src/compare/simulate.js";

const folder = mkdtempSync(path.join(tmpdir(), "rinsight-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, "curves.csv");
const rows = logHorizons(1e6, 1e9, 8).flatMap((x, i) =>
  ["baseline", "rins-3"].map((scheme, s) => {
    const loss = (2.2 - 0.1 * s + 60 * x ** -0.25) * Math.exp(0.0005 * Math.sin(2.1 * i + s));
    // Budgets differ by scheme, so that nothing but the rung matches points.
    return `${scheme},${i},${x * (1 + s / 100)},${loss}`;
  }),
);
writeFileSync(file, `scheme,rung,tokens,loss\n${rows.join("\n")}\n`);

let out = "";
let err = "";
beforeEach(() => {
  [out, err] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const run = (which: typeof compareCommand, ...argv: readonly string[]) =>
  which().exitOverride().parseAsync(argv, { from: "user" });
const common = ["--x", "tokens", "--y", "loss", "--by", "scheme", "--pair-by", "rung", "--bootstrap", "100"];

test("compare --json has the shape that scripts depend on, on stdout and in --out", async () => {
  const target = path.join(folder, "out.json");
  await run(compareCommand, file, ...common, "--baseline", "baseline", "--json", "--robustness", "--out", target);
  const record = JSON.parse(out);
  expect(record.fits.map((fit: { group: unknown }) => fit.group)).toEqual([
    { scheme: "baseline" },
    { scheme: "rins-3" },
  ]);
  expect(record.fits[0].parameters.limit.interval).toMatchObject({ level: 0.95, method: "profile" });
  expect(record.attribution.verdict).toBe("limit");
  expect(record.attribution.tests.map((one: { model: string }) => one.model)).toEqual([
    "shared-limit",
    "shared-exponent",
    "shared-both",
  ]);
  expect(record.differences.map((one: { quantity: string }) => one.quantity)).toEqual(["limit", "exponent", "loss"]);
  expect(record.multipliers[0].last.multiplier).toBeGreaterThan(1);
  expect(record.bootstrap).toMatchObject({ method: "wild", unit: "pair", replicates: 100, seed: 0, level: 0.95 });
  expect(record.robustness.rows).toHaveLength(54);
  expect(JSON.parse(readFileSync(target, "utf8"))).toEqual(record);
  expect(out).not.toMatch(/NaN|Infinity/);
});

test("compare prints the verdict; doubts go to stderr", async () => {
  await run(compareCommand, file, ...common.slice(0, 6), "--bootstrap", "0");
  expect(out).toMatch(/Exponent or limit, over all schemes: limit/);
  expect(out).toMatch(/rins-3 limit: -0\.\d+ \[/);
  expect(err).toMatch(/matched points across groups by rung.*--pair-by/);
});

test("compare refuses what it cannot answer", async () => {
  await expect(run(compareCommand, file, ...common, "--baseline", "base")).rejects.toThrow(/baseline must be one of/);
  await expect(run(compareCommand, file, ...common, "--law", "power-law")).rejects.toThrow(/use rinsight fit/);
  await expect(run(compareCommand, file, ...common, "--budget", "0")).rejects.toThrow(/--budget: must be a positive/);
});

test("design takes law and noise from flags or from curves", async () => {
  const plan = ["--change-limit", "-.1", "--horizons", "1e6:1e9:8", "--seeds", "2", "--simulations", "30", "--json"];
  await run(designCommand, "--law", "2.2,60,.25", "--noise", ".003", ...plan);
  const stated = JSON.parse(out);
  expect(stated.laws[1].limit).toBeCloseTo(2.1, 12);
  expect(stated.plan).toMatchObject({ seeds: 2, truth: "limit", simulations: 30 });
  expect(stated.plan.power).toBeGreaterThan(0.7);
  out = "";
  await run(designCommand, file, "--x", "tokens", "--y", "loss", "--by", "scheme", ...plan);
  expect(JSON.parse(out).laws[0].exponent).toBeCloseTo(0.25, 1);
});

test("design says what is missing or wrong", async () => {
  await expect(run(designCommand)).rejects.toThrow(/needs curves, or --law and --noise/);
  const law = ["--law", "2.2,60,.25", "--noise", ".003"];
  await expect(run(designCommand, ...law, "--horizons", "1e9:1e6:8")).rejects.toThrow(/--horizons: must rise/);
  await expect(run(designCommand, ...law, "--seeds", "1.5")).rejects.toThrow(/--seeds: must be a whole number/);
  await expect(run(designCommand, "--law", "2.2,60", "--noise", "1")).rejects.toThrow(/--law: must be 3 numbers/);
});
