// Runs -> finished run files: worker processes, one run each at a time, longest first, none idle while runs wait.
// A worker that fails or dies costs its run only. Stopping lets every worker write its checkpoint. The trainer writes
// <id>.jsonl; a finished file gets the name that people can read.
import { accessSync, constants, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileReason } from "../base/errors.js";
import { makeFolder, onDisk } from "../base/write.js";
import type { DataOrigin } from "../train/data.js";
import { endOf } from "../train/run-writer.js";
import { runFileOf } from "../train/trainer.js";
import { tidyFinished } from "../train/work-files.js";
import { type PlannedRun, runFile } from "./expand.js";
import type { Outcome } from "./outcome.js";
import { type HeldRun, missingRuns, runQueue } from "./run-queue.js";
import { startWorker, type WorkerProcess } from "./worker-process.js";

export interface SweepOptions {
  /** Folder of the run files. */
  readonly folder: string;
  readonly corpus: DataOrigin;
  /** Worker processes, at least 1. */
  readonly workers: number;
  /** Threads a run; null or left out for the machine's cores shared out among the runs at work. */
  readonly threads?: number | null;
  /** GPUs by part of their names, for plans on webgpu: workers take them in turn. Left out for the one that is preferred. */
  readonly gpus?: readonly string[];
  /** Aborting stops the workers after their checkpoints. */
  readonly signal?: AbortSignal;
  /** Takes over locks whose holders cannot be seen from here. */
  readonly takeOver?: boolean;
  readonly onEvent?: (event: SweepEvent) => void;
}

export type SweepEvent =
  | { readonly kind: "started"; readonly worker: number; readonly run: PlannedRun }
  | {
      readonly kind: "progress";
      readonly worker: number;
      readonly run: PlannedRun;
      readonly tokens: number;
      readonly loss: number | null;
    }
  | { readonly kind: "ended"; readonly worker: number; readonly run: PlannedRun; readonly outcome: Outcome };

export interface SweepResult {
  readonly complete: readonly PlannedRun[];
  readonly diverged: readonly PlannedRun[];
  readonly failed: readonly { readonly run: PlannedRun; readonly message: string }[];
  /** Other processes have them, and show no life. */
  readonly held: readonly HeldRun[];
  /** True when it was stopped before the last run. */
  readonly interrupted: boolean;
}

/** Does the runs that have no finished file and says how each ended. Never rejects for a run that fails. */
export async function executeRuns(runs: readonly PlannedRun[], options: SweepOptions): Promise<SweepResult> {
  // Where the workers put their locks and checkpoints: a folder that cannot be written is said once, not by every run.
  const work = path.join(options.folder, ".work");
  onDisk(work, () => {
    makeFolder(work);
    accessSync(work, constants.W_OK);
  });
  const missing = missingRuns(runs, options.folder);
  for (const run of runs) if (!missing.includes(run)) tidyFinished(runFileOf(options.folder, run.id));
  const queue = runQueue(missing, options.folder, options.signal);
  const complete: PlannedRun[] = [];
  const diverged: PlannedRun[] = [];
  const failed: { run: PlannedRun; message: string }[] = [];
  let interrupted = false;

  const working = new Set<WorkerProcess>();
  const shareCores = () => {
    const each = options.threads ?? Math.max(1, Math.floor(availableParallelism() / Math.max(1, working.size)));
    for (const child of working) child.useThreads(each);
  };
  const serve = async (worker: number): Promise<void> => {
    let child: WorkerProcess | null = null;
    for (let run = await queue.next(); run !== undefined; run = await queue.next()) {
      if (child === null) {
        child = startWorker(options.signal, options.gpus?.[worker % options.gpus.length]);
        working.add(child);
        shareCores();
      }
      options.onEvent?.({ kind: "started", worker, run });
      const current = run;
      let outcome = await child.perform(
        {
          kind: "run",
          configuration: run.configuration,
          folder: options.folder,
          corpus: options.corpus,
          takeOver: options.takeOver === true,
        },
        (tokens, loss) => options.onEvent?.({ kind: "progress", worker, run: current, tokens, loss }),
      );
      if (!child.alive()) {
        working.delete(child);
        child = null;
      }
      if (outcome.status === "complete" || outcome.status === "diverged") outcome = named(run, outcome, options.folder);
      if (outcome.status === "failed") failed.push({ run, message: outcome.message });
      else if (outcome.status === "held") queue.putBack({ run, message: outcome.message });
      else if (outcome.status === "interrupted") interrupted = true;
      else (outcome.status === "complete" ? complete : diverged).push(run);
      options.onEvent?.({ kind: "ended", worker, run, outcome });
    }
    if (child === null) return;
    working.delete(child);
    shareCores();
    await child.stop();
  };
  await Promise.all(Array.from({ length: Math.min(options.workers, queue.length) }, (_, worker) => serve(worker)));
  const held = queue.givenUp();
  return { complete, diverged, failed, held, interrupted: interrupted || options.signal?.aborted === true };
}

/** Gives a finished run file its name; it may have it already, from another sweep. */
function named(run: PlannedRun, outcome: Outcome, folder: string): Outcome {
  const [from, to] = [runFileOf(folder, run.id), runFile(folder, run)];
  try {
    renameSync(from, to);
  } catch (error) {
    if (endOf(to) === null) {
      const message = `${from} must become ${to}, got ${fileReason(error)}; mend that and start the sweep again`;
      return { status: "failed", message };
    }
  }
  return outcome;
}
