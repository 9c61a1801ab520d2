// How fast this machine trains: a few steps of a planned run, thrown away.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCost } from "../scheme/task-cost.js";
import { type RunConfiguration, tokensPerStep } from "../train/configuration.js";
import { type DataOrigin, openData } from "../train/data.js";
import { trainRun } from "../train/trainer.js";

/** Steps before the clock starts: loading the kernels, first allocations. */
const WARM_UP_STEPS = 5;
const SECONDS = 3;

/**
 * Training FLOPs a second of one worker on `run`, from about three seconds of its steps in a folder that is removed; null
 * for a run that is over before it can be timed.
 */
export async function measureSpeed(run: RunConfiguration, source: DataOrigin): Promise<number | null> {
  const folder = mkdtempSync(path.join(tmpdir(), "rinsight-measure-"));
  const corpus = await openData(source);
  const stop = new AbortController();
  let steps = 0;
  let began = 0;
  let seconds = 0;
  try {
    await trainRun(run, {
      runsFolder: folder,
      corpus,
      signal: stop.signal,
      onProgress: () => {
        steps++;
        if (steps === WARM_UP_STEPS) began = performance.now();
        seconds = (performance.now() - began) / 1000;
        if (steps > WARM_UP_STEPS && seconds > SECONDS) stop.abort();
      },
    });
  } finally {
    corpus.close();
    rmSync(folder, { recursive: true, force: true });
  }
  if (!(steps > WARM_UP_STEPS && seconds > 0)) return null;
  const { flopsPerToken } = runCost(run);
  return ((steps - WARM_UP_STEPS) * tokensPerStep(run) * flopsPerToken) / seconds;
}
