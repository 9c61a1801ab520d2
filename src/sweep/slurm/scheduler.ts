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

export interface Limits {
  /** Tasks that one array may have. */
  readonly array: number;
  /** Tasks that Slurm takes besides those of everybody that it knows, ended ones for a while too; beyond, sbatch waits. */
  readonly room: number;
}

export function limits(): Limits {
  const configuration = call("scontrol", ["show", "config"]);
  const setting = (name: string, otherwise: number) =>
    Number(new RegExp(`^${name}\\s*=\\s*(\\d+)`, "m").exec(configuration)?.[1] ?? otherwise);
  const queued = call("squeue", ["--noheader", "--array", "--states", "all", "--format", "%i"]).split("\n").length;
  // Tasks count from 0, and the size is one above the highest; a job more or less may come meanwhile.
  return {
    array: Math.max(1, setting("MaxArraySize", 1001)),
    room: Math.max(0, setting("MaxJobCount", 10_000) - queued - 100),
  };
}

function call(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", timeout: 120_000 });
  if (error !== undefined || status !== 0) {
    const late = error !== undefined && "code" in error && error.code === "ETIMEDOUT";
    const said = late
      ? "nothing within two minutes"
      : (error?.message ?? stderr).trim().split("\n").slice(-2).join(" ");
    throw new InputError(
      `sweep: --executor slurm needs ${program}, which must answer, got ${shown(said)}; run it where Slurm's commands work`,
    );
  }
  return stdout;
}
