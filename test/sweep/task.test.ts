// rinsight sweep PLAN --task I, the verb under every engine: idempotent, and over GNU parallel the sweep of one process.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeTinyPlan } from "./tiny-plan.js";

const cli = path.resolve(import.meta.dirname, "../../dist/cli.js");
const built = existsSync(cli);
const parallel = spawnSync("parallel", ["--version"], { encoding: "utf8" }).stdout?.startsWith("GNU parallel") === true;
const home = mkdtempSync(path.join(tmpdir(), "rinsight-task-"));
beforeAll(() => writeTinyPlan(home, [4e7, 1e8]));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (program: string, ...args: string[]) => spawnSync(program, args, { cwd: home, encoding: "utf8" });
const sweep = (...args: string[]) => run(process.execPath, cli, "sweep", "plan.json", ...args);
const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(path.join(home, folder))
      .filter((file) => file.endsWith(".jsonl"))
      .map((file) => [file, readFileSync(path.join(home, folder, file), "utf8")]),
  );

test.skipIf(!built)("a task trains its entry once, by its place or its name (needs npm run build)", () => {
  expect(sweep("--out", "one", "--task", "4").status).toBe(0);
  const [file = ""] = Object.keys(contents("one"));
  expect(file).toMatch(/^rins-2-s2-/);
  const before = contents("one");
  const again = sweep("--out", "one", "--task", path.basename(file, ".jsonl"), "--json");
  expect(again.status).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ total: 1, complete: [], failed: [] });
  expect(contents("one")).toEqual(before);
  for (const entry of ["6", "rins-2", "-1"]) {
    const { status, stderr } = sweep("--out", "one", `--task=${entry}`);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^sweep: --task must be an entry of the plan, 0 to 5, or the name of a run, got [^\n]*\n$/m);
  }
});

test.skipIf(!built || (!parallel && process.env.CI !== "true"))(
  `GNU parallel over the entries gives the bytes of a local sweep${parallel ? "" : " (needs GNU parallel)"}`,
  () => {
    const each = ["--jobs", "2", process.execPath, cli, "sweep", "plan.json", "--out", "parallel", "--task", "{}"];
    const { status, stderr } = run("parallel", ...each, ":::", "0", "1", "2", "3", "4", "5", "5");
    expect(status, stderr).toBe(0);
    expect(sweep("--out", "local").status).toBe(0);
    expect(Object.keys(contents("parallel"))).toHaveLength(6);
    expect(contents("parallel")).toEqual(contents("local"));
  },
  120_000,
);
