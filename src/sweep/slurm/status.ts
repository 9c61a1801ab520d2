// Where each run of a plan stands, from the run files (the truth) and from the queue: done, at work, waiting, or why not.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { heldBy } from "../../base/lock.js";
import { endOf } from "../../train/run-writer.js";
import { runFileOf } from "../../train/trainer.js";
import { workFilesOf } from "../../train/work-files.js";
import { type PlannedRun, runFile } from "../expand.js";
import type { QueuedTask } from "./scheduler.js";
import { runLog, slurmFolder, tasksFile } from "./submission.js";

export interface RunState {
  readonly run: PlannedRun;
  readonly state: "complete" | "diverged" | "running" | "waiting" | "failed" | "missing";
  /** Where it is, why it waits or what it last said; empty when there is nothing to say. */
  readonly detail: string;
}

/** Submissions whose lists lie in the folder of the run files. */
export function submissionNames(folder: string): readonly string[] {
  if (!existsSync(slurmFolder(folder))) return [];
  return readdirSync(slurmFolder(folder)).flatMap((file) => (file.endsWith(".tasks") ? [file.slice(0, -6)] : []));
}

/** The tasks in the queue by the names of the runs that they take. */
export function queuedRuns(folder: string, queue: readonly QueuedTask[]): ReadonlyMap<string, QueuedTask> {
  const lists = new Map(
    [...new Set(queue.map(({ name }) => name))].map((name) => [
      name,
      readFileSync(tasksFile(folder, name), "utf8").split("\n"),
    ]),
  );
  return new Map(
    queue.flatMap((task) =>
      (lists.get(task.name)?.[task.task] ?? "").split(" ").map((run): [string, QueuedTask] => [run, task]),
    ),
  );
}

export function runStates(
  runs: readonly PlannedRun[],
  folder: string,
  queued: ReadonlyMap<string, QueuedTask>,
): readonly RunState[] {
  return runs.map((run): RunState => {
    const end = endOf(runFile(folder, run));
    if (end !== null) return { run, state: end.status, detail: end.reason ?? "" };
    const task = queued.get(run.name);
    const { lock } = workFilesOf(runFileOf(folder, run.id));
    if (task === undefined) {
      const holder = heldBy(lock, `run ${run.id}`);
      if (holder !== null) return { run, state: "running", detail: `not in the queue: ${holder.message}` };
      const said = lastLine(runLog(folder, run.name));
      return said === null ? { run, state: "missing", detail: "" } : { run, state: "failed", detail: said };
    }
    const job = `job ${task.job}_${task.task}`;
    if (task.state === "PENDING") return { run, state: "waiting", detail: `${job}: ${task.reason}` };
    // A task takes its runs in turn: the one with a lock is at work.
    const atWork = existsSync(lock);
    return { run, state: atWork ? "running" : "waiting", detail: `${job} on ${task.node}` };
  });
}

function lastLine(file: string): string | null {
  if (!existsSync(file)) return null;
  return readFileSync(file, "utf8").trim().split("\n").at(-1) ?? "";
}
