// How much faster a training step is on several threads than on one, in alternating pairs, and what memory they take; a
// part of npm run bench:train.
import type { Backend } from "../src/train/backend.js";

export interface ThreadSpeed {
  readonly threads: number;
  readonly pairs: number;
  /** Time on one thread over time on `threads`: the median of the pairs. */
  readonly ratio: number;
  /** Resident memory of the process with the threads over that before them. */
  readonly memory: number;
}

const FEWEST_PAIRS = 5;

/** `step` is one training step on the wasm backend; pairs for `seconds`, five at least. */
export async function threadSpeed(
  { useThreads }: Backend,
  step: () => void,
  threads: number,
  seconds: number,
): Promise<ThreadSpeed> {
  const timed = async (count: number) => {
    await useThreads(count);
    const start = performance.now();
    step();
    return performance.now() - start;
  };
  await timed(1);
  const before = process.memoryUsage.rss();
  await timed(threads);
  const memory = process.memoryUsage.rss() / before;
  const ratios: number[] = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end || ratios.length < FEWEST_PAIRS)
    ratios.push((await timed(1)) / (await timed(threads)));
  await useThreads(1);
  const ratio = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN;
  return { threads, pairs: ratios.length, ratio, memory };
}
