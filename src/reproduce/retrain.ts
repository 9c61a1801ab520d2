// Trains a run again from the configuration in its own header and compares: to the bit on the wasm backend, within a
// tolerance on the others. The second run lives in a temporary folder and is removed.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { withScratch } from "../base/scratch.js";
import { parseRun, type Run } from "../curve/read/read-run.js";
import { openSource } from "../curve/read/source.js";
import { checkConfiguration, type RunConfiguration, runId, tokensPerStep } from "../train/configuration.js";
import { openData, originOf } from "../train/data.js";
import type { RunProgress } from "../train/progress-clock.js";
import { trainRun } from "../train/trainer.js";
import { compareValues, type Difference } from "./differences.js";

/** Relative tolerance on losses where a backend does not promise bits: its sums depend on threads and library. */
const OTHER_BACKENDS_TOLERANCE = 1e-3;

export interface RetrainOptions {
  /** Steps of training, trunk and branches in their order, after which to stop, but not before the first point; null for the whole run. */
  readonly steps: number | null;
  /** Text that the run was trained on; null for the built-in prose. */
  readonly corpusPath: string | null;
  readonly onMessage?: (message: string) => void;
  readonly onProgress?: (progress: RunProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Retrained {
  readonly file: string;
  readonly differences: readonly Difference[];
  /** Points of the published run that were trained again. */
  readonly pointsCompared: number;
  readonly pointsPublished: number;
  /** 0: byte for byte. */
  readonly tolerance: number;
}

/** Differences between a published run file and the same run trained here. Throws InputError for text that is not the run's corpus. */
export async function retrain(file: string, options: RetrainOptions): Promise<Retrained> {
  const text = Buffer.from((await openSource(file)).bytes).toString("utf8");
  const published = parseRun(path.basename(file), text);
  const run = checkConfiguration(published.header.configuration);
  const tolerance = run.backend === "wasm" ? 0 : OTHER_BACKENDS_TOLERANCE;
  // Without a point nothing would be compared but the header.
  const least = published.points[0]?.tokens ?? 0;
  const enough =
    options.steps === null ? Number.POSITIVE_INFINITY : Math.max(options.steps * tokensPerStep(run), least);
  const again = await withScratch("verify", (folder) => trainAgain(run, folder, enough, options));
  const name = path.basename(file);
  const differences: Difference[] = [];
  const id = runId(run);
  if (published.header.id !== id) {
    differences.push({ where: `${name} header.id`, old: published.header.id, new: id, tolerance: 0 });
  }
  compareRuns(name, published, again.run, tolerance, differences);
  // Equal values in other bytes: promised only where the version that wrote the file is this one.
  const sameVersion = published.header.provenance.rinsight === again.run.header.provenance.rinsight;
  if (differences.length === 0 && tolerance === 0 && sameVersion && !text.startsWith(again.text)) {
    differences.push({ where: name, old: "other bytes", new: "same values", tolerance });
  }
  return {
    file: name,
    differences,
    pointsCompared: again.run.points.length,
    pointsPublished: published.points.length,
    tolerance,
  };
}

async function trainAgain(
  run: RunConfiguration,
  folder: string,
  enough: number,
  options: RetrainOptions,
): Promise<{ readonly run: Run; readonly text: string }> {
  const corpus = await openData(originOf(run, options.corpusPath), options.onMessage);
  const stop = new AbortController();
  const forward = () => stop.abort();
  options.signal?.addEventListener("abort", forward, { once: true });
  try {
    const result = await trainRun(run, {
      runsFolder: folder,
      corpus,
      signal: stop.signal,
      onProgress: (progress) => {
        options.onProgress?.(progress);
        if (progress.tokensDone >= enough) stop.abort();
      },
    });
    const text = existsSync(result.file) ? readFileSync(result.file, "utf8") : "";
    return { run: parseRun(path.basename(result.file), text, true), text };
  } finally {
    options.signal?.removeEventListener("abort", forward);
    corpus.close();
  }
}

/** Header without versions, the points trained again, and the end where there is one. */
function compareRuns(name: string, published: Run, again: Run, tolerance: number, found: Difference[]): void {
  const { provenance: _old, ...oldHeader } = published.header;
  const { provenance: _new, ...newHeader } = again.header;
  compareValues(name, "header", oldHeader, newHeader, tolerance, found);
  again.points.forEach((point, index) => {
    compareValues(name, `line ${index + 2}`, published.points[index], point, tolerance, found);
  });
  if (again.end !== null) compareValues(name, "end", published.end, again.end, tolerance, found);
}
