// rinsight sweep PLAN --executor slurm, --status, --cancel: from flags to Slurm's settings, and what the person reads.
import { realpathSync, rmSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { InputError, shown } from "../base/errors.js";
import { duration } from "../base/format.js";
import { acquireLock } from "../base/lock.js";
import { makeFolder, onDisk, writeAtomically } from "../base/write.js";
import type { PlannedRun } from "../sweep/expand.js";
import { measureSpeed } from "../sweep/measure.js";
import { missingRuns } from "../sweep/run-queue.js";
import { cancel, limits, queuedTasks, submit } from "../sweep/slurm/scheduler.js";
import { queuedRuns, type RunState, runStates, submissionNames } from "../sweep/slurm/status.js";
import {
  packed,
  type SlurmSettings,
  script,
  scriptFile,
  slurmFolder,
  submissions,
  tasksFile,
} from "../sweep/slurm/submission.js";
import { longestFirst } from "../sweep/time-left.js";
import type { DataOrigin } from "../train/data.js";
import { say } from "./terminal.js";

export interface SlurmOptions {
  readonly partition?: string;
  readonly time: string;
  readonly cpus: string;
  readonly memory: string;
  readonly gpus: string;
  readonly arrayLimit: string;
  readonly grace: string;
  readonly requeues: string;
  readonly pack: string;
  readonly sbatch: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface Sweep {
  readonly plan: string;
  readonly runs: readonly PlannedRun[];
  readonly folder: string;
  readonly corpus: DataOrigin;
}

export function withSlurmOptions(command: Command): Command {
  return command
    .option("--partition <name>", "slurm: partition of the tasks")
    .option("--time <limit>", "slurm: time limit of a task, [days-]hours:minutes:seconds", "04:00:00")
    .option("--cpus <n>", "slurm: cores a task, and threads of its run", "1")
    .option("--memory <size>", "slurm: memory a task", "2G")
    .option("--gpus <n>", "slurm: GPUs a task, for plans whose backend trains on one", "0")
    .option("--array-limit <n>", "slurm: tasks at work at a time", "200")
    .option("--grace <seconds>", "slurm: so long before its limit a run writes its checkpoint and is requeued", "120")
    .option("--requeues <n>", "slurm: times that a task is requeued", "50")
    .option("--pack <minutes>", "slurm: short runs share a task up to so many minutes, estimated; 0: none do", "10")
    .option(
      "--sbatch <key=value>",
      "slurm: a further option of sbatch, as account=physics; may be given again",
      (value: string, before: readonly string[]) => [...before, value],
      [],
    );
}

/** Submits the missing runs that Slurm does not have yet, or with --dry-run prints the script of the first array. */
export async function submitMissing(sweep: Sweep, planFile: string, options: SlurmOptions): Promise<void> {
  const settings = settingsOf(options);
  const folder = path.resolve(sweep.folder);
  const names = submissionNames(folder);
  const queued = queuedRuns(folder, queuedTasks(names));
  const missing = missingRuns(sweep.runs, folder).filter(({ name }) => !queued.has(name));
  const all = await packsOf(missing, sweep.corpus, wholeNumber("--pack", options.pack, 0, 10_000));
  const { array: mostTasks, room } = limits();
  const packs = all.slice(0, room);
  const arrays = submissions(sweep.plan, packs, mostTasks, `${folder} ${names.length}`);
  // The limit is the sweep's, a throttle an array's own.
  const limit = Math.max(1, Math.floor(settings.arrayLimit / Math.max(1, arrays.length)));
  const command = [
    ...[process.execPath, ...process.execArgv, realpathSync(process.argv[1] ?? "")],
    ...["sweep", path.resolve(planFile), "--out", folder, "--workers", "1", "--threads", String(settings.cpus)],
  ];
  const [first] = arrays;
  if (options.dryRun && first !== undefined) process.stdout.write(script(first, settings, folder, command, limit));
  if (!options.dryRun && arrays.length > 0) {
    onDisk(slurmFolder(folder), () => makeFolder(slurmFolder(folder)));
    const lock = acquireLock(path.join(slurmFolder(folder), "submit.lock"), `sweep: submission of ${folder}`);
    try {
      for (const array of arrays) {
        const files = [tasksFile(folder, array.name), scriptFile(folder, array.name)] as const;
        writeAtomically(files[0], array.tasks.map((runs) => `${runs.join(" ")}\n`).join(""));
        writeAtomically(files[1], script(array, settings, folder, command, limit));
        try {
          const job = submit(files[1]);
          say(`job ${job}: ${array.name}, ${array.tasks.flat().length} runs in ${array.tasks.length} tasks`);
        } catch (error) {
          for (const file of files) rmSync(file, { force: true });
          throw error;
        }
      }
    } finally {
      lock.release();
    }
  }
  const submitted = packs.flat().length;
  const done = sweep.runs.length - missing.length - queued.size;
  const left = missing.length - submitted;
  const summary = { folder, total: sweep.runs.length, done, queued: queued.size, submitted, left };
  if (options.json && !options.dryRun) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else {
    say(
      `${folder}: ${submitted} runs ${options.dryRun ? "would be submitted" : "submitted"} in ${packs.length} tasks of ${arrays.length} arrays, ${queued.size} in the queue already, ${done} done`,
    );
  }
  if (left > 0) {
    say(
      `${left} runs find no room in Slurm's queue: start again when some have ended, or let more share a task with --pack`,
    );
  }
}

export function showStatus({ runs, folder }: Sweep, json: boolean): void {
  const states = runStates(runs, folder, queuedRuns(folder, queuedTasks(submissionNames(folder))));
  if (json) {
    const rows = states.map(({ run, state, detail }) => ({ name: run.name, state, detail }));
    process.stdout.write(`${JSON.stringify({ folder, runs: rows }, null, 2)}\n`);
    return;
  }
  const shownStates: readonly RunState["state"][] = ["running", "waiting", "failed", "diverged", "missing"];
  for (const { run, state, detail } of states) {
    if (shownStates.includes(state))
      process.stdout.write(`${run.name}  ${state}${detail === "" ? "" : `  ${detail}`}\n`);
  }
  const counts = (["complete", ...shownStates] as const)
    .map((state) => `${states.filter((row) => row.state === state).length} ${state}`)
    .join(", ");
  process.stdout.write(`${folder}: ${runs.length} runs: ${counts}\n`);
}

export function cancelTasks({ folder }: Sweep): void {
  const tasks = queuedTasks(submissionNames(folder));
  cancel([...new Set(tasks.map(({ job }) => job))]);
  process.stdout.write(`${folder}: ${tasks.length} tasks cancelled; runs that were at work keep their checkpoints\n`);
}

/** Tasks from the speed of this machine, where the plan's backend is sure to be here; one run a task where it is not. */
async function packsOf(
  missing: readonly PlannedRun[],
  corpus: DataOrigin,
  minutes: number,
): Promise<readonly (readonly PlannedRun[])[]> {
  const shortest = longestFirst(missing).at(-1);
  const { backend } = shortest?.configuration ?? { backend: null };
  const here = backend === "wasm" || backend === "cpu";
  if (shortest === undefined || minutes === 0 || !here) return packed(missing, () => 1, 1);
  say(`measuring speed on ${shortest.name}`);
  const flopsPerSecond = await measureSpeed(shortest.configuration, corpus);
  // A run that is over before it can be timed takes hardly longer than its process takes to start.
  const secondsOf = (run: PlannedRun) => STARTING_SECONDS + (flopsPerSecond === null ? 0 : run.flops / flopsPerSecond);
  const packs = packed(missing, secondsOf, 60 * minutes);
  const longest = Math.max(...packs.map((pack) => pack.reduce((sum, run) => sum + secondsOf(run), 0)));
  say(`the longest of ${packs.length} tasks takes about ${duration(longest)} at this machine's speed`);
  return packs;
}
const STARTING_SECONDS = 3;

function settingsOf(options: SlurmOptions): SlurmSettings {
  const { partition, time, memory, sbatch } = options;
  const matching = (flag: string, text: string, pattern: RegExp, rule: string): string => {
    if (pattern.test(text)) return text;
    throw new InputError(`sweep: ${flag} must be ${rule}, got ${shown(text)}; see man sbatch`);
  };
  return {
    partition: partition === undefined ? null : matching("--partition", partition, /^[\w.,-]+$/, "a partition's name"),
    time: matching("--time", time, /^(\d+-)?\d+(:\d{1,2}){0,2}$/, "minutes or [days-]hours:minutes:seconds"),
    cpus: wholeNumber("--cpus", options.cpus, 1, 256),
    memory: matching("--memory", memory, /^\d+[KMGT]?$/, "a number of megabytes, or one with K, M, G or T"),
    gpus: wholeNumber("--gpus", options.gpus, 0, 64),
    arrayLimit: wholeNumber("--array-limit", options.arrayLimit, 1, 1_000_000),
    grace: wholeNumber("--grace", options.grace, 1, 65_535),
    requeues: wholeNumber("--requeues", options.requeues, 0, 10_000),
    extra: sbatch.map((option) => matching("--sbatch", option, /^[a-z][a-z-]*(=[^\n]+)?$/, "key=value")),
  };
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError(
      `sweep: ${flag} must be an integer from ${least} to ${most}, got ${shown(text)}; leave it out`,
    );
  }
  return value;
}
