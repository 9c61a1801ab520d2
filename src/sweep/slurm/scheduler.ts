// Slurm's own commands: submit, ask, cancel. Each failure is one line with what Slurm said.
import { spawnSync } from "node:child_process";
import { InputError, shown } from "../../base/errors.js";

export interface QueuedTask {
  /** Of the whole array. */
  readonly job: string;
  readonly task: number;
  /** Of the submission. */
  readonly name: string;
  /** RUNNING, PENDING, … */
  readonly state: string;
  /** Why it waits, in Slurm's words. */
  readonly reason: string;
  readonly node: string;
}

/** The id of the array that `file` is submitted as. */
export function submit(file: string): string {
  // "id" or "id;cluster".
  return call("sbatch", ["--parsable", file]).trim().split(";")[0] ?? "";
}

/** The caller's tasks of these submissions that are waiting or at work. */
export function queuedTasks(names: readonly string[]): readonly QueuedTask[] {
  if (names.length === 0) return [];
  const lines = call("squeue", ["--noheader", "--array", "--me", "--format", "%F|%K|%j|%T|%r|%N"]).trim();
  return lines.split("\n").flatMap((line): readonly QueuedTask[] => {
    const [job = "", task = "", name = "", state = "", reason = "", node = ""] = line.split("|");
    return names.includes(name) ? [{ job, task: Number(task), name, state, reason, node }] : [];
  });
}

export function cancel(jobs: readonly string[]): void {
  if (jobs.length > 0) call("scancel", jobs);
}

/** Tasks that one array may have. */
export function mostTasks(): number {
  const found = /^MaxArraySize\s*=\s*(\d+)/m.exec(call("scontrol", ["show", "config"]))?.[1];
  // The size is one above the highest index: tasks count from 0.
  return found === undefined ? SLURMS_DEFAULT : Math.max(1, Number(found));
}
const SLURMS_DEFAULT = 1001;

function call(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", timeout: 120_000 });
  if (error !== undefined || status !== 0) {
    const said = (error?.message ?? stderr).trim().split("\n").slice(-2).join(" ");
    throw new InputError(
      `sweep: --executor slurm needs ${program}, which must answer, got ${shown(said)}; run it where Slurm's commands work`,
    );
  }
  return stdout;
}
