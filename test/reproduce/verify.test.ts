// A report can be recomputed from its inputs; whatever is altered in it or in them is found and named.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { command as bundle } from "../../src/command/bundle.js";
import { command as reportCommand } from "../../src/command/report.js";
import { command as verify } from "../../src/command/verify.js";
import { buildReport } from "../../src/report/build.js";
import { writeFolder } from "../../src/report/folder.js";
import { readSource } from "../../src/report/source.js";
import { pack, unpack } from "../../src/reproduce/archive.js";
import { usualPlaces } from "../../src/reproduce/inputs.js";
import { verifyReport } from "../../src/reproduce/verify-report.js";
import { runCommand } from "../hostile/run-command.js";
import { simulatedRuns } from "../report/simulated.js";

const home = mkdtempSync(path.join(tmpdir(), "rinsight-verify-test-"));
const runs = path.join(home, "runs");
const report = path.join(home, "report");

beforeAll(async () => {
  mkdirSync(runs);
  for (const { source, header, points, end } of simulatedRuns({ horizons: 5, seeds: 2, noise: 0.004 }).slice(0, 6)) {
    const lines = [header, ...points, end].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(path.join(runs, source), lines.join(""));
  }
  const { source } = await readSource([runs]);
  const built = await buildReport(
    source,
    { title: "t", bootstrap: 50 },
    { rinsight: "0.1.0", node: process.versions.node },
  );
  writeFolder(report, built.files);
});
afterAll(() => rmSync(home, { recursive: true }));

/** A copy of the report and its runs to be altered. */
function altered(name: string): { report: string; runs: string } {
  const folder = path.join(home, name);
  cpSync(report, path.join(folder, "report"), { recursive: true });
  cpSync(runs, path.join(folder, "runs"), { recursive: true });
  return { report: path.join(folder, "report"), runs: path.join(folder, "runs") };
}

function replace(file: string, from: RegExp, to: string): void {
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(from);
  writeFileSync(file, text.replace(from, to));
}

test("a report recomputes byte for byte from its inputs", async () => {
  const verified = await verifyReport(report, [runs]);
  expect(verified.differences).toEqual([]);
  expect(verified.tolerance).toBe(0);
  expect(verified.inputs).toBe(6);
  expect(verified.filesCompared).toBeGreaterThan(10);
});

test("a report with every option that its command knows is verified the same", async () => {
  const values: Record<string, string> = {
    title: "T",
    see: "notes.html",
    x: "tokens",
    y: "loss",
    by: "scheme",
    pairBy: "tokens,seed",
    baseline: "rins-3",
    level: ".9",
    bootstrap: "100",
    seed: "3",
    derive: "twice=2*tokens",
    where: "tokens > 0",
    unit: "nats",
    bytesPerToken: "4.2",
    keepSuperseded: "",
    keepUnfinished: "",
    keepDiverged: "",
    law: "power-law-with-limit",
    map: "tokens=tokens",
    at: "1e9,1e10",
    heldOut: "2",
  };
  // These choose what is shown and where, not what is computed; --wide wants a table of its own, below.
  const others = ["json", "out", "serve", "port", "wide", "limits"];
  const options = reportCommand().options.filter((option) => !others.includes(option.attributeName()));
  const flags = options.flatMap((option) => {
    const value = values[option.attributeName()];
    if (value === undefined) throw new Error(`give ${option.flags} a value here: the manifest must keep it`);
    return [option.long ?? "", ...(value === "" ? [] : [value])];
  });
  expect(flags.filter((flag) => flag.startsWith("--"))).toHaveLength(Object.keys(values).length);
  const folder = path.join(home, "options");
  mkdirSync(folder);
  cpSync(path.resolve(import.meta.dirname, "../../notebooks/curves.csv"), path.join(folder, "curves.csv"));
  const out = path.join(folder, "report");
  const made = await runCommand(["report", path.join(folder, "curves.csv"), "--out", out, ...flags]);
  expect([made.exit, made.bug]).toEqual([0, null]);
  const again = await runCommand(["verify", out]);
  expect(again.stdout).toMatch(/: same; \d+ files recomputed/);
  expect(again.exit).toBe(0);
});

test("a report on sizes is verified the same, with its options and without them", async () => {
  const folder = path.join(home, "sizes");
  mkdirSync(folder);
  const file = path.join(folder, "isoflop.csv");
  cpSync(path.resolve(import.meta.dirname, "../../notebooks/isoflop.csv"), file);
  const plain = ["--law", "chinchilla"];
  const chosen = ["--law", "chinchilla-tied", "--at", "1e21,3e22", "--level", ".9", "--map", "parameters=parameters"];
  for (const [i, flags] of [plain, chosen].entries()) {
    const out = path.join(folder, `report-${i}`);
    const made = await runCommand(["report", file, "--out", out, ...flags]);
    expect([made.exit, made.bug, made.stderr.includes("must be")]).toEqual([0, null, false]);
    const again = await runCommand(["verify", out]);
    expect(again.stdout).toMatch(/: same; \d+ files recomputed/);
  }
});

test("a report of a wide table is verified the same", async () => {
  const file = path.join(home, "wide.csv");
  const rows = Array.from({ length: 8 }, (_, i) => {
    const tokens = 1e6 * 2 ** i;
    return [tokens, 2 + 50 * tokens ** -0.3, 1.9 + 60 * tokens ** -0.3 * (1 + 0.001 * Math.sin(i))].join();
  });
  writeFileSync(file, `tokens,plain,rins\n${rows.join("\n")}\n`);
  const out = path.join(home, "wide");
  expect((await runCommand(["report", file, "--out", out, "--wide", "--bootstrap", "100"])).exit).toBe(0);
  const again = await runCommand(["verify", out]);
  expect([again.exit, again.stdout]).toEqual([0, expect.stringMatching(/: same; \d+ files recomputed/)]);
});

test("one number of fits.json that was altered is named by its place", async () => {
  const copy = altered("number");
  replace(path.join(copy.report, "fits.json"), /"standardError": 0\.\d/, '"standardError": 9.9');
  const { differences } = await verifyReport(copy.report, [copy.runs]);
  expect(differences.map((one) => one.where)).toContain("fits.json against the manifest");
  expect(differences.filter((one) => /^fits\.json .*standardError$/.test(one.where))).toHaveLength(1);
});

test("one digit of a curve that was altered is named by hash, and so is a missing curve", async () => {
  const copy = altered("digit");
  const [first, second] = simulatedRuns({ horizons: 5, seeds: 2, noise: 0.004 });
  replace(path.join(copy.runs, first?.source ?? ""), /"loss":(\d)\.(\d)/, '"loss":$1.9');
  rmSync(path.join(copy.runs, second?.source ?? ""));
  const { differences } = await verifyReport(copy.report, [copy.runs]);
  expect(
    differences.map(({ where, new: found }) => [where, found.length === 64 ? "other hash" : found]).sort(),
  ).toEqual(
    [
      [`input ${first?.source}`, "other hash"],
      [`input ${second?.source}`, "missing"],
    ].sort(),
  );
});

test("another major version of Node is held to 1e-9 and told so", async () => {
  const copy = altered("node");
  replace(path.join(copy.report, "manifest.json"), /"node":"\d+/, '"node":"1');
  expect((await verifyReport(copy.report, [copy.runs])).tolerance).toBe(1e-9);
});

test("a bundle is verified without the runs beside it; a flipped byte in it is found", async () => {
  const file = path.join(home, "bundle.tar.gz");
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await bundle().parseAsync([report, "--inputs", runs, "--out", file], { from: "user" });
    expect(existsSync(file)).toBe(true);
    await verify().parseAsync([file], { from: "user" });
    expect(written.mock.calls.map(([text]) => String(text)).join("")).toMatch(
      /bundle\.tar\.gz: same; \d+ files recomputed from 6 inputs/,
    );
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await expect(verify().parseAsync([file], { from: "user" })).rejects.toThrow(/verify/);
  } finally {
    written.mockRestore();
  }
});

test("whatever is altered or added in a bundle is named, and what is planned and packed is the same", async () => {
  const file = path.join(home, "whole.tar.gz");
  await runCommand(["bundle", report, "--inputs", runs, "--out", file]);
  const good = await unpack(readFileSync(file), "whole.tar.gz");
  const verdict = async (change: (files: Map<string, Buffer>) => void) => {
    const files = new Map(good);
    change(files);
    writeFileSync(path.join(home, "altered.tar.gz"), pack(files));
    const { exit, stdout, bug } = await runCommand(["verify", path.join(home, "altered.tar.gz")]);
    expect(bug).toBeNull();
    return [exit, stdout];
  };
  expect(await verdict(() => {})).toEqual([0, expect.stringContaining(": same;")]);
  const [input] = [...good.keys()].filter((name) => name.startsWith("inputs/"));
  const changes: [string, (files: Map<string, Buffer>) => void, string][] = [
    ["a plan", (files) => files.set("plan.json", Buffer.from("{}")), "plan.json against bundle.json"],
    ["an added file", (files) => files.set("evil.sh", Buffer.from("x")), "evil.sh against bundle.json"],
    ["an added input", (files) => files.set("inputs/x", Buffer.from("x")), "inputs/x against bundle.json"],
    ["a hidden file", (files) => files.set("node_modules/x", Buffer.from("x")), "node_modules/x against bundle.json"],
    ["a lost input", (files) => files.delete(input ?? ""), `${input} against bundle.json`],
    [
      "a lost list",
      (files) => files.delete("bundle.json") && files.set("plan.json", Buffer.from("{}")),
      "plan.json against the manifest",
    ],
    [
      "a lost list, an added input",
      (files) => files.delete("bundle.json") && files.set("inputs/x", Buffer.from("x")),
      "inputs/x against the manifest",
    ],
  ];
  for (const [name, change, where] of changes) {
    const [exit, stdout] = await verdict(change);
    expect([name, exit]).toEqual([name, 1]);
    expect(stdout).toContain(where);
  }
});

test("a bundle leaves nothing in the temporary folder, whatever happens", async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith("rinsight-bundle"));
  const before = left();
  const file = path.join(home, "no-report.tar.gz");
  writeFileSync(file, pack(new Map([["a/b", "x"]])));
  expect((await runCommand(["verify", file])).exit).toBe(2);
  expect(left()).toEqual(before);
});

test("a folder that is no report is refused in one line", async () => {
  await expect(verifyReport(runs, [])).rejects.toThrow(
    /manifest\.json: must be the manifest of a report, got no such file/,
  );
});

test("the inputs of a report are found beside it", async () => {
  const copy = altered("beside");
  expect((await verifyReport(copy.report, usualPlaces(copy.report))).differences).toEqual([]);
});

test("a run file without --retrain is told apart from a damaged bundle", async () => {
  const [run] = simulatedRuns({ horizons: 5, seeds: 2, noise: 0.004 });
  const file = path.join(home, "long.jsonl");
  // Keys are sorted in a run file: the kind comes after the configuration, however long that is.
  const { kind, configuration: _configuration, ...header } = run?.header ?? {};
  const configuration = { note: "x".repeat(2000) };
  writeFileSync(file, `${JSON.stringify({ configuration, ...header, kind })}\n`);
  await expect(verify().parseAsync([file], { from: "user" })).rejects.toThrow(/got a run file; add --retrain/);
});

test("a plan that the runs of a report were not trained by is not packed with them", async () => {
  const plan = path.resolve(import.meta.dirname, "../../data/sweeps/smoke.json");
  const out = path.join(home, "foreign.tar.gz");
  await expect(
    bundle().parseAsync([report, "--inputs", runs, "--plan", plan, "--out", out], { from: "user" }),
  ).rejects.toThrow(/--plan must be the plan of the report's runs, got "smoke", which lacks 6 of 6/);
  expect(existsSync(out)).toBe(false);
});
