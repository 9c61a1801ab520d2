// Runs -> finished run files: worker processes, one run each at a time, longest first, none idle while runs wait.
// A worker that fails or dies costs its run only. Stopping lets every worker write its checkpoint. The trainer writes
// <id>.jsonl; a finished file gets the name that people can read.
import { type ChildProcess, fork } from "node:child_process";
import { accessSync, constants, renameSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileReason } from "../base/errors.js";
import { makeFolder, onDisk } from "../base/write.js";
import { endOf } from "../train/run-writer.js";
import { runFileOf } from "../train/trainer.js";
import { tidyFinished } from "../train/work-files.js";
import { type PlannedRun, runFile } from "./expand.js";
import type { CorpusSource, FromWorker, ToWorker } from "./messages.js";
import { type HeldRun, missingRuns, runQueue } from "./run-queue.js";

export interface SweepOptions {
  /** Folder of the run files. */
  readonly folder: string;
  readonly corpus: CorpusSource;
  /** Worker processes, at least 1. */
  readonly workers: number;
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

export type Outcome =
  | { readonly status: "complete" | "interrupted" }
  /** `message`: where and why, one line. */
  | { readonly status: "diverged" | "failed" | "held"; readonly message: string };

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

  const serve = async (worker: number): Promise<void> => {
    let child: Worker | null = null;
    for (let run = await queue.next(); run !== undefined; run = await queue.next()) {
      child ??= startWorker(options.signal);
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
      if (!child.alive()) child = null;
      if (outcome.status === "complete" || outcome.status === "diverged") outcome = named(run, outcome, options.folder);
      if (outcome.status === "failed") failed.push({ run, message: outcome.message });
      else if (outcome.status === "held") queue.putBack({ run, message: outcome.message });
      else if (outcome.status === "interrupted") interrupted = true;
      else (outcome.status === "complete" ? complete : diverged).push(run);
      options.onEvent?.({ kind: "ended", worker, run, outcome });
    }
    await child?.stop();
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
    if (endOf(to) === null) return { status: "failed", message: `${from} must become ${to}, got ${fileReason(error)}` };
  }
  return outcome;
}

interface Worker {
  perform(job: ToWorker, onProgress: (tokens: number, loss: number | null) => void): Promise<Outcome>;
  alive(): boolean;
  stop(): Promise<void>;
}

/** A worker process of this very program: dist/sweep/worker.js, or the source under tsx when run from source. */
function startWorker(signal: AbortSignal | undefined): Worker {
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  const fromSource = entry.pathname.endsWith(".ts");
  const loader = () => pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = fork(fileURLToPath(entry), [], {
    execArgv: fromSource ? ["--import", loader()] : [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let lastWords = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    lastWords = (lastWords + bytes.toString("utf8")).slice(-2000);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const alive = () => child.exitCode === null && child.signalCode === null && child.connected;
  const stop = async (): Promise<void> => {
    if (alive()) send(child, { kind: "stop" });
    await exited;
  };
  const onAbort = () => void stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  void exited.then(() => signal?.removeEventListener("abort", onAbort));

  const perform: Worker["perform"] = (job, onProgress) =>
    new Promise((resolve) => {
      const finish = (outcome: Outcome) => {
        child.off("message", onMessage);
        child.off("exit", onExit);
        resolve(outcome);
      };
      const onMessage = (message: FromWorker) => {
        if (message.kind === "progress") onProgress(message.tokens, message.loss);
        else if (message.kind === "failed" || message.kind === "held") {
          finish({ status: message.kind, message: message.message });
        } else if (message.status === "diverged") finish({ status: "diverged", message: message.reason ?? "" });
        else finish({ status: message.status });
      };
      const onExit = () => {
        const reason = child.signalCode ?? `exit ${child.exitCode}`;
        const words = lastWords.trim().split("\n").slice(-3).join(" | ");
        finish(
          signal?.aborted
            ? { status: "interrupted" }
            : { status: "failed", message: `worker ended with ${reason}${words === "" ? "" : `: ${words}`}` },
        );
      };
      child.on("message", onMessage);
      child.once("exit", onExit);
      send(child, job);
    });
  return { perform, alive, stop };
}

/** A worker that died between two messages reports through its exit, not through a failed send. */
function send(child: ChildProcess, message: ToWorker): void {
  child.send(message, () => {});
}
