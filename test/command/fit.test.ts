// rinsight fit and import as scripts see them: the shape of the JSON, streams, exit codes, files.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { runLines } from "../curve/run-lines.js";
import { runCommand } from "../hostile/run-command.js";

const root = path.resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(path.join(tmpdir(), "rinsight-fit-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const at = (name: string): string => path.join(scratch, name);

/** The JSON that scripts depend on; null where the data say nothing, never NaN. */
const estimate = z.object({
  estimate: z.number(),
  standardError: z.number().nullable(),
  interval: z
    .object({ level: z.number(), lower: z.number().nullable(), upper: z.number().nullable(), method: z.string() })
    .nullable(),
});
const warning = z.object({ code: z.string().regex(/^[a-z-]+$/), message: z.string() });
const result = z.object({
  fits: z.array(
    z.object({
      group: z.record(z.string(), z.string()),
      law: z.string(),
      parameters: z.record(z.string(), estimate),
      objective: z.number(),
      status: z.enum(["converged", "iteration-limit", "at-bound", "ill-conditioned"]),
      points: z.number().int(),
      excluded: z.number().int(),
      warnings: z.array(warning),
      heldOut: z.object({ points: z.number(), meanRelativeError: z.number(), decades: z.number() }).nullable(),
    }),
  ),
  failures: z.array(z.object({ group: z.record(z.string(), z.string()), message: z.string() })),
});

const row = (group: number, i: number): string => {
  const tokens = 1e6 * 2 ** i;
  return `${tokens},${(1.5 + group / 10 + 50 * tokens ** -0.3 * (1 + 2e-4 * Math.sin(5 * i + group))).toFixed(6)},s${group}`;
};
beforeAll(() => {
  const rows = [0, 1].flatMap((group) => Array.from({ length: 10 }, (_, i) => row(group, i)));
  writeFileSync(at("curves.csv"), `tokens,loss,scheme\n${rows.join("\n")}\n1e9,3,lonely\n`);
  writeFileSync(at("good.csv"), `tokens,loss,scheme\n${rows.join("\n")}\n`);
  writeFileSync(at("run.jsonl"), `${runLines().join("\n")}\n`);
});

describe("fit", () => {
  test("--json has the shape that scripts depend on, and finds the law", async () => {
    const { exit, stdout, stderr } = await runCommand(["fit", at("good.csv"), "--json", "--held-out", "2"]);
    expect(exit).toBe(0);
    const { fits } = result.parse(JSON.parse(stdout));
    expect(fits.map(({ group }) => group)).toEqual([{ scheme: "s0" }, { scheme: "s1" }]);
    expect(fits[0]?.parameters.limit?.estimate).toBeCloseTo(1.5, 1);
    expect(fits[0]?.parameters.exponent?.estimate).toBeCloseTo(0.3, 1);
    expect(fits[0]?.heldOut?.points).toBe(2);
    expect(stderr).toMatch(/took tokens from column tokens/);
  });
  test("people get a table; a group that cannot be fitted is said, the others are fitted, and the exit code is 1", async () => {
    const { exit, stdout, stderr } = await runCommand(["fit", at("curves.csv")]);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/^scheme +points +limit +coefficient +exponent +status\n/);
    expect(stdout).toMatch(/^s1 +10 +1\.\d+ \[1\.\d+, 1\.\d+\]/m);
    expect(stderr).toMatch(/lonely: fit: .* has 3 free parameters/);
  });
  test("--out gets what --json prints", async () => {
    const { stdout } = await runCommand(["fit", at("good.csv"), "--json", "--out", at("new/fits.json")]);
    expect(readFileSync(at("new/fits.json"), "utf8")).toBe(stdout);
  });
  test("--fix, --where, --law, --derive and --map reach the fit", async () => {
    const { stdout } = await runCommand([
      ...["fit", at("good.csv"), "--json", "--by", "", "--where", 'scheme == "s0"', "--derive", "C = 6*tokens"],
      ...["--law", "E + A/X^alpha", "--map", "X=C", "--fix", "E=1.5", "--interval", "delta"],
    ]);
    const { fits } = result.parse(JSON.parse(stdout));
    expect(fits[0]).toMatchObject({ group: {}, points: 10, excluded: 10 });
    expect(fits[0]?.parameters.E).toMatchObject({ estimate: 1.5 });
    expect(fits[0]?.parameters.A?.estimate).toBeCloseTo(50 * 6 ** 0.3, 0);
  });
  test("run files: decayed points alone", async () => {
    const { fits } = result.parse(JSON.parse((await runCommand(["fit", at("run.jsonl"), "--json"])).stdout));
    expect(fits[0]).toMatchObject({ group: { scheme: "RINS r=3 (A^3 B)" }, points: 5, excluded: 5 });
  });
  test("standard input, through the real command", () => {
    const stdout = execFileSync(
      process.execPath,
      ["--import", "tsx", path.join(root, "src/cli.ts"), "fit", "-", "--json"],
      {
        input: readFileSync(at("good.csv")),
        stdio: ["pipe", "pipe", "ignore"],
      },
    );
    expect(result.parse(JSON.parse(String(stdout))).fits).toHaveLength(2);
  });
});

test("import writes a table that fit reads", async () => {
  const log = path.join(root, "test/curve/fixtures/nanogpt.log");
  const { exit, stdout, stderr } = await runCommand([
    "import",
    log,
    "--tokens-per-step",
    "16384",
    "--out",
    at("runs/a.jsonl"),
  ]);
  expect([exit, stdout]).toEqual([0, ""]);
  expect(stderr).toMatch(/took loss from val loss \(4 values\).*took tokens from step × 16384.*4 points of 1 run\n/s);
  const { fits } = result.parse(JSON.parse((await runCommand(["fit", at("runs/a.jsonl"), "--json"])).stdout));
  expect(fits[0]?.points).toBe(4);
});

const ladders = path.resolve(root, "test/reference/qlabs-scaling-exponents/fineweb_ladders.csv");
test("published ladders: limits and exponents to the printed digits", async () => {
  const { stdout } = await runCommand([
    "fit",
    ladders,
    "--x",
    "compute_flops",
    "--y",
    "val_loss",
    "--by",
    "arm",
    "--json",
  ]);
  const published: Readonly<Record<string, readonly [number, number]>> = {
    vanilla: [1.6932, 0.1101],
    deep_vanilla: [1.6736, 0.1086],
    deep_vanilla_grow: [1.6019, 0.105],
    operator_1: [1.7307, 0.1165],
    loop_2: [1.6077, 0.106],
    loop_grow: [1.5502, 0.1031],
    untied_2: [1.5989, 0.1051],
    untied_grow: [1.4705, 0.0975],
  };
  const { fits } = result.parse(JSON.parse(stdout));
  expect(fits).toHaveLength(8);
  // 3.0930e-5 to all digits; one published limit (loop_grow) lies one unit in its last digit off the optimum.
  expect(fits.reduce((sum, one) => sum + one.objective, 0)).toBeCloseTo(3.093e-5, 9);
  for (const { group, parameters } of fits) {
    const [limit, exponent] = published[group.arm ?? ""] ?? [0, 0];
    expect(Math.abs((parameters.limit?.estimate ?? 0) - limit)).toBeLessThan(1e-4);
    expect(Math.abs((parameters.exponent?.estimate ?? 0) - exponent)).toBeLessThan(5.1e-5);
  }
});
