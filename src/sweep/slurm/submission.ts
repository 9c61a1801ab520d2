// Missing runs -> job arrays: which runs a task takes, in which arrays the tasks go, and the script of each. Pure.
import path from "node:path";
import { sha256 } from "../../base/json.js";
import type { PlannedRun } from "../expand.js";
import { EXIT_INTERRUPTED } from "../outcome.js";
import { longestFirst } from "../time-left.js";

export interface SlurmSettings {
  readonly partition: string | null;
  /** Limit of a task, as Slurm writes it: minutes, or [days-]hours:minutes:seconds. */
  readonly time: string;
  readonly cpus: number;
  readonly memory: string;
  /** 0 for none. */
  readonly gpus: number;
  /** Tasks at work at a time. */
  readonly arrayLimit: number;
  /** Seconds before the limit at which a run writes its checkpoint and its task goes back to the queue. */
  readonly grace: number;
  /** Times that a task goes back. */
  readonly requeues: number;
  /** Further lines of #SBATCH, key=value. */
  readonly extra: readonly string[];
}

export interface Submission {
  /** Of the job and of its files: rinsight-<plan>-<hash>. */
  readonly name: string;
  /** Line I: the names of the runs that task I takes, one after the other. */
  readonly tasks: readonly (readonly string[])[];
}

/** Where the scripts, their lists of tasks and what the tasks print lie. */
export const slurmFolder = (folder: string): string => path.join(folder, ".work", "slurm");
/** What a run printed in all its lives. */
export const runLog = (folder: string, runName: string): string => path.join(slurmFolder(folder), `${runName}.log`);
export const scriptFile = (folder: string, name: string): string => path.join(slurmFolder(folder), `${name}.sh`);
export const tasksFile = (folder: string, name: string): string => path.join(slurmFolder(folder), `${name}.tasks`);

/** Runs to share a task: together not above `seconds` by their estimates, unless one alone is. Longest first. */
export function packed<R extends Pick<PlannedRun, "flops">>(
  runs: readonly R[],
  secondsOf: (run: R) => number,
  seconds: number,
): readonly (readonly R[])[] {
  const packs: R[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const run of longestFirst(runs)) {
    const own = secondsOf(run);
    if (filled + own > seconds) {
      packs.push([]);
      filled = 0;
    }
    packs.at(-1)?.push(run);
    filled += own;
  }
  return packs;
}

/** Arrays of at most `mostTasks`. Their names hang on `salt` too, so that a run that is submitted again has another. */
export function submissions(
  plan: string,
  packs: readonly (readonly Pick<PlannedRun, "name">[])[],
  mostTasks: number,
  salt: string,
): readonly Submission[] {
  return Array.from({ length: Math.ceil(packs.length / mostTasks) }, (_, k) => {
    const tasks = packs.slice(k * mostTasks, (k + 1) * mostTasks).map((pack) => pack.map(({ name }) => name));
    return { name: `rinsight-${plan}-${sha256(`${salt} ${JSON.stringify(tasks)}`).slice(0, 8)}`, tasks };
  });
}

/** What the script runs for each run: `rinsight sweep PLAN --out FOLDER …`, quoted for bash; the task is put behind. */
export type SweepCommand = readonly string[];

/**
 * The batch script of an array. Task I reads its runs from line I + 1 of the list; before the limit, or when the
 * scheduler wants the node, the run at hand writes its checkpoint, and before the limit the task requeues itself.
 */
export function script(
  { name, tasks }: Submission,
  settings: SlurmSettings,
  folder: string,
  command: SweepCommand,
  limit: number,
): string {
  const { partition, time, cpus, memory, gpus, grace, requeues, extra } = settings;
  const options = [
    `job-name=${name}`,
    `array=0-${tasks.length - 1}%${limit}`,
    ...(partition === null ? [] : [`partition=${partition}`]),
    `time=${time}`,
    "ntasks=1",
    `cpus-per-task=${cpus}`,
    `mem=${memory}`,
    ...(gpus === 0 ? [] : [`gpus=${gpus}`]),
    `signal=B:USR1@${grace}`,
    "requeue",
    "open-mode=append",
    `output="${path.join(slurmFolder(folder), `${name}_%a.log`)}"`,
    ...extra,
  ];
  return `#!/bin/bash
${options.map((option) => `#SBATCH --${option}`).join("\n")}

before_limit=
trap 'before_limit=1; woken=1; kill -TERM "$child" 2>/dev/null' USR1
trap 'woken=1; kill -TERM "$child" 2>/dev/null' TERM
status=0
for run in $(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" ${quoted(tasksFile(folder, name))}); do
  ${command.map(quoted).join(" ")} --task "$run" >> ${quoted(slurmFolder(folder))}/"$run".log 2>&1 &
  child=$!
  # A trap ends a wait early: only the child's own end counts.
  while woken=; wait "$child"; code=$?; [ -n "$woken" ]; do :; done
  if [ "$code" -ne 0 ]; then status=$code; fi
  if [ "$code" -eq ${EXIT_INTERRUPTED} ]; then break; fi
done
if [ -n "$before_limit" ] && [ "$status" -eq ${EXIT_INTERRUPTED} ]; then
  if [ "\${SLURM_RESTART_COUNT:-0}" -lt ${requeues} ]; then
    scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
  else
    echo "requeued ${requeues} times, which is the limit: submit the sweep again, with more --time"
  fi
fi
exit "$status"
`;
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
