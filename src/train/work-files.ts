// What a run works with besides its file, in .work beside it: lock and checkpoints, gone when the run has ended.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { InputError } from "../base/errors.js";
import { acquireLock } from "../base/lock.js";
import { onDisk, tidyTemporaries } from "../base/write.js";
import { tidyCheckpoints } from "./checkpoint.js";

export interface WorkFiles {
  readonly work: string;
  readonly lock: string;
  readonly checkpoint: string;
}

/** Of the run that is written to `runFile`, <id>.jsonl. */
export function workFilesOf(runFile: string): WorkFiles {
  const work = path.join(path.dirname(runFile), ".work");
  const id = path.basename(runFile, ".jsonl");
  return { work, lock: path.join(work, `${id}.lock`), checkpoint: path.join(work, `${id}.checkpoint`) };
}

/** Removes what a process left that died after the end of its run; not while another process is at it. */
export function tidyFinished(runFile: string): void {
  const { work, lock: lockFile, checkpoint } = workFilesOf(runFile);
  const id = path.basename(runFile, ".jsonl");
  try {
    tidyTemporaries(runFile);
    tidyTemporaries(lockFile);
    if (!existsSync(work) || !onDisk(work, () => readdirSync(work)).some((name) => name.startsWith(id))) return;
    const lock = acquireLock(lockFile, `run ${id}`);
    tidyCheckpoints(checkpoint, true);
    lock.release();
  } catch (error) {
    // The run is whole: what lies beside it harms nobody.
    if (!(error instanceof InputError)) throw error;
  }
}
