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
  expect(record.fits[0].parameters.limit.interval).toMatchObject({ level: 0.95, method: "calibrated-profile" });
  expect(record.attribution.verdict).toBe("limit");
  expect(record.attribution.tests.map((one: { model: string }) => one.model)).toEqual([
    "shared-limit",
    "shared-exponent",
    "shared-both",
  ]);
  expect(record.differences.map((one: { quantity: string }) => one.quantity)).toEqual(["limit", "exponent", "loss"]);
  expect(record.multipliers[0].last.multiplier).toBeGreaterThan(1);
  expect(record.bootstrap).toMatchObject({ method: "wild", unit: "pair", replicates: 100, seed: 0 });
  expect(record.robustness.rows).toHaveLength(54);
  expect(JSON.parse(readFileSync(target, "utf8"))).toEqual(record);
  expect(out).not.toMatch(/NaN|Infinity/);
});

test("compare prints the verdict; doubts go to stderr", async () => {
  await run(compareCommand, file, ...common.slice(0, 6), "--bootstrap", "0");
  expect(out).toMatch(/The schemes differ in the limit/);
  expect(out).toMatch(/rins-3 limit: -0\.\d+ \[/);
  expect(err).toMatch(/matched points across groups by rung.*--pair-by/);
});

test("the verdict on a pair stands beside the scheme that is not the baseline, whichever comes first", async () => {
  await run(compareCommand, file, ...common.slice(0, 6), "--bootstrap", "0");
  expect(out).toMatch(/Against baseline \(Holm over 1\):\n {2}rins-3: limit\n/);
  out = "";
  await run(compareCommand, file, ...common.slice(0, 6), "--bootstrap", "0", "--baseline", "rins-3");
  expect(out).toMatch(/Against rins-3 \(Holm over 1\):\n {2}baseline: limit\n/);
});

test("what was not drawn is not printed, and replicates are said to be by the unit they are drawn by", async () => {
  await run(compareCommand, file, ...common.slice(0, 6), "--bootstrap", "0");
  expect(out).toMatch(/F\(1, 10\) = \S+, p = \S+, with the noise as it is p = \S+( {2}rejected)?\n/);
  expect(out).toMatch(/No replicates: /);
  expect(out).not.toMatch(/P\(better\) [>\d]|Wild replicates|\[–, –\]/);
  out = "";
  await run(compareCommand, file, ...common, "--robustness");
  expect(out).toMatch(
    /\(intervals and p over all schemes of a row's quantity: max-t\):\n(.*\n)*? {2}rins-3 limit: .*P\(better\) > \.999, p \d/,
  );
  expect(out).toMatch(/at each scheme's own largest budget:\n {2}rins-3: /);
  expect(out).toMatch(/Wild replicates by pair: 100 for P\(better\) and crossings; seed/);
  expect(out).toMatch(/best limit rins-3's in \d+%/);
  // Without a column that matches points they are redrawn one by one.
  const lone = path.join(folder, "lone.csv");
  writeFileSync(lone, readFileSync(file, "utf8").replace(/^([^,]+),[^,]+,/gm, "$1,"));
  out = "";
  await run(compareCommand, lone, ...common.slice(0, 6), "--bootstrap", "20");
  expect(out).toMatch(/Wild replicates by point: 20 for/);
});

test("flags that change less than the whole comparison say what", async () => {
  const narrow = ["--loss", "absolute", "--interval", "delta", "--held-out", "1", "--bootstrap", "0"];
  await run(compareCommand, file, ...common.slice(0, 6), ...narrow);
  expect(err).toMatch(/^--interval delta, --held-out 1: for the table of fits alone/m);
  await run(compareCommand, file, ...common.slice(0, 6), "--loss", "huber:.001", "--bootstrap", "0");
  expect(err).toMatch(/^--loss huber:\.001: for the fits, differences and multipliers; the tests/m);
});

test("compare refuses what it cannot answer, before it says anything else", async () => {
  const refused = (...argv: readonly string[]) =>
    expect(run(compareCommand, file, "--bootstrap", "100", ...argv)).rejects;
  await refused("--baseline", "basline").toThrow(/baseline must be one of .*did you mean baseline\?/);
  await refused("--law", "power-law-with-limits").toThrow(/--law: law must be one of .*did you mean/);
  await refused("--budget", "0").toThrow(/--budget: must be above 0/);
  await refused("--bootstrap", "5").toThrow(/--bootstrap: must be 0 or 20 at least, got 5/);
  expect(err).toBe("");
  await refused("--fix", "limits=2").toThrow(/fit: a fixed value must name a parameter.*did you mean limit\?/);
  await refused("--along", "rounds").toThrow(/numbers that the groups have, got none for rounds/);
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

test("design that finds no plan prints the best that it saw", async () => {
  // A change far below the noise: no plan names it 99 times in 100.
  const hopeless = ["--change-limit", "-.001", "--horizons", "1e6:4e6:3", "--seeds", "2", "--simulations", "4"];
  await run(designCommand, "--law", "2.2,60,.25", "--noise", ".05", ...hopeless, "--power", ".99");
  expect(out).toMatch(
    /none reaches the power; plan further or quieter\n {2}the best of them, by \d simulations: \d+ horizons from 1\.00M to .* in all: power \S+ to name limit\n$/,
  );
});
