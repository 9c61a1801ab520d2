// The Slurm job that a process runs in, and the scheduler's word on whether a job's life is over: what a lock needs to
// know of a holder on a machine that cannot be looked at.
import { spawnSync } from "node:child_process";
import { z } from "zod";

export const batchJobSchema = z.object({
  /** "12_3": task 3 of array 12; "12" for a job without tasks. */
  id: z.string().regex(/^\d+(_\d+)?$/),
  /** Times that the scheduler had started it again. */
  restarts: z.int().min(0),
});
export type BatchJob = z.infer<typeof batchJobSchema>;

/** The job of this process; null outside of Slurm. */
export const ownJob: BatchJob | null = jobOf(process.env);

export function jobOf(environment: Readonly<Record<string, string | undefined>>): BatchJob | null {
  const { SLURM_JOB_ID, SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_RESTART_COUNT } = environment;
  const id = SLURM_ARRAY_JOB_ID === undefined ? SLURM_JOB_ID : `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}`;
  // Slurm leaves the count empty in a job's first life.
  return batchJobSchema.safeParse({ id, restarts: Number(SLURM_RESTART_COUNT ?? 0) }).data ?? null;
}

/** In these a job may have processes; in all others it has none. */
const AT_WORK = ["RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"];

/** True where the scheduler says that this life of the job is over. False where it lives, or nobody can say. */
export function isOver(job: BatchJob): boolean {
  if (job.id === ownJob?.id) return job.restarts < ownJob.restarts;
  const asked = spawnSync("squeue", ["--noheader", "--jobs", job.id, "--Format", "State:20,RestartCnt:10"], {
    encoding: "utf8",
    timeout: 30_000,
  });
  // Of a job long gone squeue says that the id is invalid, of one just gone nothing.
  if (asked.status !== 0) return asked.stderr?.includes("Invalid job id") === true;
  const [state = "", restarts = "0"] = asked.stdout.trim().split(/\s+/);
  return !AT_WORK.includes(state) || Number(restarts) > job.restarts;
}
