// A sweep over a real Slurm, disturbed in every way a cluster does: a task cancelled, one that comes to its limit and
// requeues itself, a batch script killed. What comes out is the local sweep, byte for byte.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownIdentity } from "../../src/base/process-identity.js";
import { type SlurmNode, slurmIsHere, startSlurm } from "./slurm-node.js";
import { writeTinyPlan } from "./tiny-plan.js";

const cli = path.resolve(import.meta.dirname, "../../dist/cli.js");
const missing = [...(slurmIsHere ? [] : ["slurm-wlm and munge"]), ...(existsSync(cli) ? [] : ["npm run build"])];
// In CI they must be there.
const skipped = missing.length > 0 && !process.env.CI;
const home = mkdtempSync(path.join(tmpdir(), "rinsight-slurm-"));
let slurm: SlurmNode;

beforeAll(async () => {
  if (skipped) return;
  slurm = await startSlurm(path.join(home, "slurm"));
  writeTinyPlan(home, [4e8, 8e9]);
}, 120_000);
afterAll(async () => {
  if (!skipped) {
    spawnSync("scancel", ["--me"], { env: slurm.environment });
    await slurm.stop();
  }
  rmSync(home, { recursive: true, force: true });
}, 60_000);

const sweep = (...args: string[]): string =>
  execFileSync(process.execPath, [cli, "sweep", "plan.json", ...args], {
    cwd: home,
    env: slurm.environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
const folder = path.join(home, "data", "runs", "tiny");
const inWork = (name: string) => path.join(folder, ".work", name);

interface Row {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
}
const status = (): readonly Row[] => {
  const { runs }: { runs: Row[] } = JSON.parse(sweep("--status", "--json"));
  return runs;
};
const states = () => Object.fromEntries(status().map(({ name, state }) => [name, state]));

/** Asks every 50 ms of files, every second of a command that takes a core to answer. */
async function until<T>(what: string, look: () => T | undefined | false, pause = 1000, seconds = 240): Promise<T> {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await sleep(pause)) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`after ${seconds} s still not: ${what}; ${JSON.stringify(status())}`);
}

/** A run that has trained to its first point, stopped there for as long as the test needs it, and its array task. */
async function atWork(names: readonly string[]) {
  const { name, worker } = await until(
    "a further run at its first point",
    () => {
      for (const name of names) {
        const id = name.split("-").at(-1);
        const [file, lock] = [path.join(folder, `${id}.jsonl`), inWork(`${id}.lock`)];
        if (!existsSync(file) || !existsSync(lock) || !readFileSync(file, "utf8").includes('"point"')) continue;
        const worker: number = JSON.parse(readFileSync(lock, "utf8")).pid;
        process.kill(worker, "SIGSTOP");
        return { name, worker };
      }
      return undefined;
    },
    50,
  );
  const row = status().find((row) => row.name === name);
  const task = /^job (\d+_\d+) on /.exec(row?.detail ?? "")?.[1];
  if (task === undefined) throw new Error(`no task has ${name}: ${JSON.stringify(row)}`);
  return { name, task, worker };
}

const parentOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ")[1]);

test.skipIf(skipped)(
  `a sweep on Slurm ends in the bytes of a local one, whatever happens to its tasks${skipped ? ` (skipped: needs ${missing.join(", ")})` : ""}`,
  async () => {
    expect(sweep("--status")).toMatch(/6 runs: 0 complete, 0 running, 0 waiting, 0 failed, 0 diverged, 6 missing/);
    sweep("--executor", "slurm", "--pack", "0", "--time", "60", "--grace", "50", "--memory", "500");

    // Two stopped runs keep both cores from the rest, so that none is over before its turn.
    const names = status().map(({ name }) => name);
    const cancelled = await atWork(names);
    const killed = await atWork(names.filter((name) => name !== cancelled.name));

    // Cancelled: it writes its checkpoint and does not come back by itself.
    slurm.ask("scancel", cancelled.task);
    process.kill(cancelled.worker, "SIGCONT");
    const limited = await atWork(names.filter((name) => name !== cancelled.name && name !== killed.name));
    await until("the cancelled run not at work", () => states()[cancelled.name] === "failed");

    // Killed with -9: all processes of a task. Slurm ends it as failed and does not requeue it.
    const parent = parentOf(killed.worker);
    for (const pid of [parentOf(parent), parent, killed.worker]) process.kill(pid, "SIGKILL");
    await until("the killed run not at work", () => states()[killed.name] === "failed");

    // At its limit: it is told so beforehand, writes its checkpoint and goes back to the queue. Slurm looks at limits
    // every half minute: the run stays stopped until then.
    slurm.ask("scontrol", "update", `JobId=${limited.task}`, "TimeLimit=1");
    const log = inWork(`slurm/${limited.name}.log`);
    await until("the signal", () => readFileSync(log, "utf8").includes("stopping: "), 50);
    process.kill(limited.worker, "SIGCONT");
    await until("the task back in the queue", () =>
      status().some(
        ({ name, state, detail }) =>
          name === limited.name && state === "waiting" && detail.startsWith(`job ${limited.task}: `),
      ),
    );
    expect(existsSync(inWork(`${limited.name.split("-").at(-1)}.checkpoint`))).toBe(true);

    // Started again, the sweep submits the two that nobody has any more, and leaves the others alone.
    const again: { queued: number; submitted: number } = JSON.parse(
      sweep("--executor", "slurm", "--pack", "0", "--memory", "500", "--json"),
    );
    expect(again.submitted).toBe(2);
    expect(again.queued).toBeGreaterThan(0);
    slurm.ask("scontrol", "update", `JobId=${limited.task}`, "StartTime=now", "TimeLimit=60");
    await until("all complete", () => Object.values(states()).every((state) => state === "complete"));
    expect(readFileSync(log, "utf8").match(/1 to do/g)).toHaveLength(2);

    sweep("--out", "local");
    const contents = (at: string) =>
      Object.fromEntries(
        readdirSync(at)
          .filter((file) => file.endsWith(".jsonl"))
          .map((file) => [file, readFileSync(path.join(at, file), "utf8")]),
      );
    expect(Object.keys(contents(folder))).toHaveLength(6);
    expect(contents(folder)).toEqual(contents(path.join(home, "local")));
    expect(JSON.parse(sweep("--executor", "slurm", "--json"))).toMatchObject({ done: 6, queued: 0, submitted: 0 });
  },
  900_000,
);

test.skipIf(skipped)(
  "a lock on another machine is released by the scheduler's word",
  async () => {
    const lock = path.join(home, "lock");
    const hold = (id: string, restarts = 0) =>
      writeFileSync(lock, JSON.stringify({ ...ownIdentity, host: "node7", job: { id, restarts } }));
    const script = path.join(home, "sleep.sh");
    writeFileSync(script, "#!/bin/bash\nsleep 300\n");
    const job = slurm.ask("sbatch", "--parsable", "--array=0-1", "--mem=100", "--output=/dev/null", script);
    await until("a task at work", () => slurm.ask("squeue", "-h", "-t", "RUNNING").includes(`${job}_0`));
    const base = path.resolve(import.meta.dirname, "../../dist/base/lock.js");
    const ask = () =>
      spawnSync(
        process.execPath,
        [
          "--input-type=module",
          "-e",
          `import { heldBy } from ${JSON.stringify(base)}; console.log(heldBy(${JSON.stringify(lock)}, "run x")?.message ?? "free")`,
        ],
        { env: slurm.environment, encoding: "utf8" },
      ).stdout.trim();
    hold(`${job}_0`);
    expect(ask()).toMatch(new RegExp(`held by job ${job}_0 on "node7"`));
    slurm.ask("scontrol", "requeue", `${job}_0`);
    await until("the task back in the queue", () =>
      slurm.ask("squeue", "-h", "-t", "PENDING", "-r").includes(`${job}_0`),
    );
    expect(ask()).toBe("free");
    slurm.ask("scancel", job);
    hold(`${job}_1`);
    await until("no word of the job", () => ask() === "free");
    hold("999999_1");
    expect(ask()).toBe("free");
  },
  240_000,
);
