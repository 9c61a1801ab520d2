// The runs of a sweep that are still to do, longest first, with those that other processes have: these are waited for
// as long as their holders show life, and taken up where a holder dies before the end.
import { setTimeout as wait } from "node:timers/promises";
import { heldBy, SILENT_SECONDS } from "../base/lock.js";
import { endOf } from "../train/run-writer.js";
import { runFileOf } from "../train/trainer.js";
import { workFilesOf } from "../train/work-files.js";
import { type PlannedRun, runFile } from "./expand.js";
import { longestFirst } from "./time-left.js";

export interface HeldRun {
  readonly run: PlannedRun;
  /** By whom, and what to do. */
  readonly message: string;
}

export interface RunQueue {
  readonly length: number;
  /** The next run; waits while all that are left are others'. Undefined when there is nothing left, or on `signal`. */
  next(): Promise<PlannedRun | undefined>;
  /** Another process has this run. */
  putBack(held: HeldRun): void;
  /** Runs of others that were given up, since their holders show no life. */
  givenUp(): readonly HeldRun[];
}

const POLL_MS = 1000;

/** Runs without a finished file: those with an end line, complete or diverged, are left alone. */
export function missingRuns(runs: readonly PlannedRun[], folder: string): readonly PlannedRun[] {
  return runs.filter((run) => endOf(runFile(folder, run)) === null);
}

export function runQueue(runs: readonly PlannedRun[], folder: string, signal: AbortSignal | undefined): RunQueue {
  const queue = [...longestFirst(runs)];
  const held = new Map<PlannedRun, string>();
  const givenUp: HeldRun[] = [];

  /** Sorts the runs of others into those that are done by now, those that are free, and those that are still held. */
  const look = () => {
    for (const run of held.keys()) {
      const holder = heldBy(workFilesOf(runFileOf(folder, run.id)).lock, `train: run ${run.id}`);
      if (missingRuns([run], folder).length === 0) held.delete(run);
      else if (holder === null) {
        held.delete(run);
        queue.push(run);
      } else if (holder.silentSeconds >= SILENT_SECONDS) {
        held.delete(run);
        givenUp.push({ run, message: holder.message });
      }
    }
  };
  return {
    length: queue.length,
    next: async () => {
      while (!signal?.aborted) {
        const run = queue.shift();
        if (run === undefined && held.size === 0) return undefined;
        // Another sweep on the folder may have done it by now.
        if (run !== undefined && missingRuns([run], folder).length > 0) return run;
        if (run !== undefined) continue;
        look();
        if (queue.length === 0 && held.size > 0) await wait(POLL_MS, undefined, { signal }).catch(() => {});
      }
      return undefined;
    },
    putBack: ({ run, message }) => void held.set(run, message),
    givenUp: () => givenUp,
  };
}
