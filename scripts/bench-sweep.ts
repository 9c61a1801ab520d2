// How much faster a sweep on all cores is than one run alone, whole processes with start and checkpoints, as users
// start them; a part of npm run bench:train.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The shape of the reference sweep; some twenty seconds a run. */
const PLAN = {
  name: "bench",
  shape: { width: 64, layers: 4, heads: 4, context: 128, vocabulary: 1024 },
  batch: 4,
  schemes: ["rins-2"],
  flops: [4e11],
  schedule: { warmupSteps: 20 },
  validation: { windows: 64, pointsPerOctave: 1 },
};

export interface SweepSpeed {
  readonly aloneSeconds: number;
  readonly togetherSeconds: number;
  /** Tokens a second of `workers` runs at once over those of one run alone. */
  readonly ratio: number;
}

/** One run alone, then one run a worker on as many workers, in turns; a figure for each turn. */
export function sweepSpeeds(workers: number, turns: number): readonly SweepSpeed[] {
  const folder = mkdtempSync(path.join(tmpdir(), "rinsight-bench-"));
  try {
    return Array.from({ length: turns }, () => {
      const aloneSeconds = sweepSeconds(folder, 1);
      const togetherSeconds = sweepSeconds(folder, workers);
      return { aloneSeconds, togetherSeconds, ratio: (workers * aloneSeconds) / togetherSeconds };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of a sweep of `workers` runs on as many workers. */
function sweepSeconds(folder: string, workers: number): number {
  const plan = path.join(folder, "plan.json");
  const out = path.join(folder, "runs");
  writeFileSync(plan, JSON.stringify({ ...PLAN, seeds: Array.from({ length: workers }, (_, seed) => seed) }));
  rmSync(out, { recursive: true, force: true });
  const cli = path.join(import.meta.dirname, "../dist/cli.js");
  const start = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [cli, "sweep", plan, "--out", out, "--workers", `${workers}`, "--threads", "1"],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`bench: the sweep ended with ${status}: ${stderr}`);
  return (performance.now() - start) / 1000;
}
