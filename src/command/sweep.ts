// rinsight sweep PLAN: does the runs of a plan that are missing, or says what they would cost.
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { InputError, nearestName, shown } from "../base/errors.js";
import { count, duration } from "../base/format.js";
import { tokensPerExample } from "../scheme/task.js";
import { executeRuns, type SweepResult } from "../sweep/executor.js";
import { expandPlan, type PlannedRun, planWarnings } from "../sweep/expand.js";
import { measureSpeed } from "../sweep/measure.js";
import { EXIT_INTERRUPTED } from "../sweep/outcome.js";
import { type Plan, readPlan } from "../sweep/plan.js";
import { sweepProgress } from "../sweep/progress.js";
import { type HeldRun, missingRuns } from "../sweep/run-queue.js";
import { longestFirst, secondsLeft } from "../sweep/time-left.js";
import { type DataOrigin, openData, originOf, tokensOnce } from "../train/data.js";
import { checkMemory } from "../train/memory.js";
import { newCommand } from "./command.js";
import { choice, whole } from "./flags.js";
import { cancelTasks, type SlurmOptions, showStatus, submitMissing, withSlurmOptions } from "./sweep-slurm.js";
import { draw, say } from "./terminal.js";

interface Options extends SlurmOptions {
  readonly out?: string;
  readonly workers?: string;
  readonly threads?: string;
  readonly gpu?: string;
  readonly task?: string;
  readonly executor: string;
  readonly status?: boolean;
  readonly cancel?: boolean;
  readonly dryRun?: boolean;
  readonly takeOver?: boolean;
  readonly json?: boolean;
}

const EXIT_FAILED = 1;

export function command(): Command {
  const base = newCommand("sweep", "train the runs of a plan that are missing", "rinsight sweep smoke --dry-run")
    .argument("<plan>", "a plan file, or the name of one in data/sweeps")
    .option("--out <folder>", "folder of the run files (default: data/runs/<plan name>)")
    .option("--workers <n>", "worker processes (default: one a core)")
    .option(
      "--gpu <name,…>",
      "which GPUs, by parts of names that rinsight doctor lists; workers take them in turn, on webgpu",
    )
    .option("--threads <n>", "threads a run, which change no bit (default: cores shared out among the runs at work)")
    .option("--dry-run", "print runs, tokens, FLOPs and the time they would take")
    .option("--take-over", "take runs over from processes that cannot be seen from here and are gone for certain")
    .option("--task <entry>", "only what entry I of the plan, counted from 0, or the run of this name still lacks")
    .option("--executor <local|slurm>", "where the runs are trained", "local")
    .option("--status", "say which runs are done, at work, waiting or failed, and why, and train none")
    .option("--cancel", "cancel the tasks of this sweep that Slurm has; runs at work write their checkpoints");
  return withSlurmOptions(base).action(async (name: string, options: Options) => {
    const executor = choice("sweep --executor", options.executor, ["local", "slurm"] as const);
    const sweep = await prepare(name, options);
    if (options.status) showStatus(sweep, options.json === true);
    else if (options.cancel) cancelTasks(sweep);
    else if (executor === "slurm") await submitMissing(sweep, planFile(name), options);
    else if (options.dryRun) await describe(sweep, options);
    else finish(await execute(sweep, options.takeOver === true), sweep, options);
  });
}

/** The missing runs of a plan, with progress on standard error; `true` when all of them are there at the end. */
export async function sweepPlan(name: string, folder: string): Promise<boolean> {
  const result = await execute(await prepare(name, { out: folder }), false);
  for (const { run, message } of [...result.failed, ...result.held]) say(`${run.name}: ${message}`);
  process.exitCode = exitCode(result);
  return process.exitCode === 0;
}

export interface Prepared {
  /** The plan's name. */
  readonly plan: string;
  readonly runs: readonly PlannedRun[];
  readonly folder: string;
  readonly corpus: DataOrigin;
  readonly workers: number;
  /** Threads a run; null for the cores shared out. */
  readonly threads: number | null;
  readonly gpus: readonly string[] | null;
}

/** The runs of a plan. */
export const plannedRunsOf = async (name: string): Promise<readonly PlannedRun[]> => (await prepare(name, {})).runs;

async function prepare(
  name: string,
  options: Pick<Options, "out" | "workers" | "threads" | "gpu" | "task">,
): Promise<Prepared> {
  const plan = readPlan(planFile(name));
  const corpus = originOf({ ...plan, shape: plan.shape[0] }, plan.corpus.path);
  const runs = await plannedRuns(plan, corpus);
  return {
    plan: plan.name,
    runs: options.task === undefined ? runs : [entryOf(runs, options.task)],
    folder: options.out ?? path.join("data", "runs", plan.name),
    corpus,
    workers: options.workers === undefined ? availableParallelism() : whole("sweep --workers", options.workers, 1, 256),
    gpus: options.gpu?.split(",") ?? null,
    threads: options.threads === undefined ? null : whole("sweep --threads", options.threads, 1, 256),
  };
}

/** The run that a place in the plan, or a name, stands for. */
function entryOf(runs: readonly PlannedRun[], entry: string): PlannedRun {
  const run = /^\d+$/.test(entry) ? runs[Number(entry)] : runs.find(({ name, id }) => name === entry || id === entry);
  if (run === undefined) {
    throw new InputError(
      `sweep: --task must be an entry of the plan, 0 to ${runs.length - 1}, or the name of a run, got ${shown(entry)}; rinsight sweep PLAN --dry-run lists them in order`,
    );
  }
  return run;
}

/** A path, or a plan that ships with Rinsight. */
function planFile(name: string): string {
  if (existsSync(name) || !/^[A-Za-z0-9_-]+$/.test(name)) return name;
  const folder = fileURLToPath(new URL("../../data/sweeps", import.meta.url));
  const shipped = readdirSync(folder).flatMap((file) => /^([a-z0-9-]+)\.json$/.exec(file)?.[1] ?? []);
  if (!shipped.includes(name)) {
    const nearest = nearestName(name, shipped);
    throw new InputError(
      `sweep: PLAN must be a plan file or one of ${shipped.sort().join(", ")}, got ${shown(name)}; ${
        nearest === null ? "name one of these" : `did you mean ${nearest}?`
      }`,
    );
  }
  return path.join(folder, `${name}.json`);
}

async function plannedRuns(plan: Plan, source: DataOrigin): Promise<readonly PlannedRun[]> {
  const corpus = await openData(source, say);
  try {
    const facts = {
      name: corpus.name,
      hash: corpus.hash,
      tokenizerHash: corpus.tokenizer.hash,
      trainTokens: tokensOnce(corpus, tokensPerExample({ ...plan, shape: plan.shape[0] })),
    };
    const runs = expandPlan(plan, facts);
    for (const run of runs) checkMemory(run.configuration);
    for (const warning of planWarnings(runs, facts)) say(`warning ${warning.code}: ${warning.message}`);
    return runs;
  } finally {
    corpus.close();
  }
}

async function describe({ runs, folder, corpus, workers }: Prepared, options: Options): Promise<void> {
  const missing = missingRuns(runs, folder);
  const total = (list: readonly PlannedRun[], of: "tokens" | "flops") => list.reduce((sum, run) => sum + run[of], 0);
  const shortest = longestFirst(missing).at(-1);
  if (shortest !== undefined) say(`measuring speed on ${shortest.name}`);
  const flopsPerSecond = shortest === undefined ? null : await measureSpeed(shortest.configuration, corpus);
  const queue = longestFirst(missing).map((run) => run.flops);
  const idle = new Array<number>(workers).fill(0);
  // A plan with nothing to do takes no time; one whose runs are too short to be timed takes hardly any.
  const seconds =
    flopsPerSecond === null ? (shortest === undefined ? 0 : null) : secondsLeft(idle, queue, flopsPerSecond);
  if (options.json) {
    const rows = runs.map(({ id, name, tokens, flops, configuration }) => ({
      id,
      name,
      scheme: configuration.scheme.label,
      seed: configuration.seed,
      tokens,
      flops,
      missing: missing.some((run) => run.id === id),
    }));
    process.stdout.write(
      `${JSON.stringify({ runs: rows, missing: missing.length, workers, flopsPerSecond, seconds }, null, 2)}\n`,
    );
    return;
  }
  const lines = runs.map((run) => {
    const state = missing.includes(run) ? "missing" : "there";
    return `${run.name}  ${run.configuration.scheme.label}  ${count(run.tokens)} tokens  ${count(run.flops)} FLOPs  ${state}`;
  });
  const speed =
    seconds === null || flopsPerSecond === null ? "" : `, about ${duration(seconds)} with ${workers} workers`;
  process.stdout.write(
    `${lines.join("\n")}\n${runs.length} runs, ${missing.length} missing: ${count(total(missing, "tokens"))} tokens, ${count(total(missing, "flops"))} FLOPs${speed}\n`,
  );
  if (flopsPerSecond !== null) {
    say(
      `measured ${count(flopsPerSecond)} FLOPs a second on one core; ${workers} at once share memory and may be slower`,
    );
  }
}

async function execute(
  { runs, folder, corpus, workers, threads, gpus }: Prepared,
  takeOver: boolean,
): Promise<SweepResult> {
  const missing = missingRuns(runs, folder);
  say(`${runs.length} runs in ${folder}, ${missing.length} to do`);
  const stop = new AbortController();
  const onSignal = () => {
    say("stopping: the workers write their checkpoints");
    stop.abort();
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    const { isTTY, columns } = process.stderr;
    const onEvent = sweepProgress(missing, workers, { isTTY, columns, write: draw }, Date.now);
    return await executeRuns(missing, {
      folder,
      corpus,
      workers,
      threads,
      ...(gpus === null ? {} : { gpus }),
      signal: stop.signal,
      takeOver,
      onEvent,
    });
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

function finish(result: SweepResult, { runs, folder }: Prepared, options: Options): void {
  const total = runs.length;
  const { complete, diverged, failed, held, interrupted } = result;
  if (options.json) {
    const names = (list: readonly PlannedRun[]) => list.map(({ name }) => name);
    const reasons = (list: readonly HeldRun[]) => list.map(({ run, message }) => ({ name: run.name, message }));
    const report = {
      folder,
      total,
      complete: names(complete),
      diverged: names(diverged),
      failed: reasons(failed),
      held: reasons(held),
      interrupted,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    const already = total - complete.length - diverged.length - failed.length - held.length;
    process.stdout.write(
      `${folder}: ${complete.length} runs complete, ${diverged.length} diverged, ${failed.length} failed${held.length === 0 ? "" : `, ${held.length} held by others`}${
        interrupted ? ", stopped before the end" : `, ${already} were there`
      }\n`,
    );
    for (const { run, message } of [...failed, ...held]) say(`${run.name}: ${message}`);
  }
  process.exitCode = exitCode(result);
}

function exitCode({ interrupted, failed, held }: SweepResult): number {
  if (interrupted) return EXIT_INTERRUPTED;
  return failed.length + held.length > 0 ? EXIT_FAILED : 0;
}
