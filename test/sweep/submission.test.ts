// Job arrays without a cluster: how runs are packed and cut, and the batch script itself under bash, with stand-ins for
// the sweep and for scontrol.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import {
  packed,
  type SlurmSettings,
  script,
  slurmFolder,
  submissions,
  tasksFile,
} from "../../src/sweep/slurm/submission.js";

const home = mkdtempSync(path.join(tmpdir(), "rinsight-submission-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (i: number, flops: number) => ({ name: `baseline-s${i}`, flops });

const SETTINGS: SlurmSettings = {
  partition: "short",
  time: "01:00:00",
  cpus: 2,
  memory: "2G",
  gpus: 1,
  arrayLimit: 200,
  grace: 60,
  requeues: 3,
  extra: ["account=physics"],
};

test("10,000 runs of one to ten minutes go into full tasks, and these into arrays within Slurm's limit, each once", () => {
  const runs = Array.from({ length: 10_000 }, (_, i) => run(i, 60 * (1 + (i % 10))));
  const packs = packed(runs, ({ flops }) => flops, 1800);
  const seconds = packs.map((pack) => pack.reduce((sum, { flops }) => sum + flops, 0));
  expect(Math.max(...seconds)).toBeLessThanOrEqual(1800);
  // 55,000 minutes fill 1,834 half hours; greedy packing wastes little.
  expect(packs.length).toBeLessThan(1.2 * 1834);
  const arrays = submissions("plan", packs, 1001, "salt");
  expect(Math.max(...arrays.map(({ tasks }) => tasks.length))).toBeLessThanOrEqual(1001);
  expect(new Set(arrays.map(({ name }) => name)).size).toBe(arrays.length);
  const names = arrays.flatMap(({ tasks }) => tasks.flat());
  expect(names).toHaveLength(10_000);
  expect(new Set(names).size).toBe(10_000);
  expect(submissions("plan", packs, 1001, "another")[0]?.name).not.toBe(arrays[0]?.name);
});

test("a run longer than a task is to be has one to itself", () => {
  const packs = packed([run(0, 10), run(1, 5000), run(2, 20)], ({ flops }) => flops, 100);
  expect(packs.map((pack) => pack.map(({ name }) => name))).toEqual([["baseline-s1"], ["baseline-s2", "baseline-s0"]]);
});

/** Runs the script of one task with two runs; the stand-in for the sweep is told by `behaviour`, in bash. */
async function perform(behaviour: string, signal: NodeJS.Signals | null, restarts = "") {
  const folder = mkdtempSync(path.join(home, "it's a folder-"));
  const bin = path.join(folder, "bin");
  mkdirSync(bin);
  mkdirSync(slurmFolder(folder), { recursive: true });
  const executable = (name: string, text: string) => {
    writeFileSync(path.join(bin, name), `#!/bin/bash\n${text}\n`);
    chmodSync(path.join(bin, name), 0o755);
  };
  const record = path.join(folder, "record");
  executable("scontrol", `echo "scontrol $*" >> "${record}"`);
  executable("sweep", `echo "$*" >> "${record}"\n${behaviour}`);
  const submission = { name: "rinsight-plan-0", tasks: [["never"], ["first", "second"]] };
  writeFileSync(tasksFile(folder, submission.name), "never\nfirst second\n");
  const file = path.join(folder, "script.sh");
  writeFileSync(file, script(submission, SETTINGS, folder, [path.join(bin, "sweep"), "--out", folder], 7));
  expect(spawnSync("bash", ["-n", file]).status).toBe(0);
  const child = spawn("bash", [file], {
    env: {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      SLURM_ARRAY_JOB_ID: "12",
      SLURM_ARRAY_TASK_ID: "1",
      SLURM_RESTART_COUNT: restarts,
    },
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  if (signal !== null) {
    while (!existsSync(record)) await sleep(20);
    // Until the stand-in has set its trap.
    await sleep(300);
    child.kill(signal);
  }
  const code = await ended;
  return { code, text: readFileSync(file, "utf8"), record: readFileSync(record, "utf8").trim().split("\n"), folder };
}

const STOPPABLE = "trap 'sleep .2; exit 130' TERM\nfor i in {1..100}; do sleep .1; done";

test("a task takes its runs in turn; one that fails does not keep the next from its turn, and shows in the end", async () => {
  const { code, record, text, folder } = await perform('case "$*" in *first) echo oh; exit 1;; esac', null);
  expect(code).toBe(1);
  expect(record).toEqual([`--out ${folder} --task first`, `--out ${folder} --task second`]);
  expect(readFileSync(path.join(slurmFolder(folder), "first.log"), "utf8")).toBe("oh\n");
  expect(text).toContain("#SBATCH --array=0-1%7\n#SBATCH --partition=short\n#SBATCH --time=01:00:00\n");
  expect(text).toContain("#SBATCH --gpus=1\n#SBATCH --signal=B:USR1@60\n#SBATCH --requeue\n");
  expect(text).toContain("#SBATCH --account=physics\n");
});

test("before its limit the run at hand stops, the rest waits, and the task requeues itself", async () => {
  const { code, record, folder } = await perform(STOPPABLE, "SIGUSR1");
  expect(code).toBe(130);
  expect(record).toEqual([`--out ${folder} --task first`, "scontrol requeue 12_1"]);
});

test("not more often than it may; and not when the scheduler itself ends it", async () => {
  expect((await perform(STOPPABLE, "SIGUSR1", "3")).record).toHaveLength(1);
  const { code, record } = await perform(STOPPABLE, "SIGTERM");
  expect(code).toBe(130);
  expect(record).toHaveLength(1);
});
