// Which run goes first, and when the last one ends.
import type { PlannedRun } from "./expand.js";

/** Longest first, so that no worker is left with a long run at the end; equal ones in the order given. */
export function longestFirst<R extends Pick<PlannedRun, "flops">>(runs: readonly R[]): readonly R[] {
  return runs.toSorted((a, b) => b.flops - a.flops);
}

/**
 * Seconds until the last run ends when free workers take the queue in order.
 * `running`: FLOPs left of each worker's run, 0 for a free worker; `queue`: FLOPs of the waiting runs;
 * `rate`: FLOPs a second of one worker, above 0.
 */
export function secondsLeft(running: readonly number[], queue: readonly number[], rate: number): number {
  const busy = [...running];
  for (const flops of queue) {
    const soonest = busy.indexOf(Math.min(...busy));
    busy[soonest] = (busy[soonest] ?? 0) + flops;
  }
  return Math.max(0, ...busy) / rate;
}
