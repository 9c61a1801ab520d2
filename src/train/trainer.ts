// One run: configuration -> trunk and cool-down branches -> points in a run file. It may be killed at any instant and
// called again: it goes on from its checkpoint and ends in the same bytes. Working files lie in <runs folder>/.work/.
import { existsSync } from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { InputError } from "../base/errors.js";
import { random } from "../base/random.js";
import type { RunHeader, RunPoint } from "../curve/run-file.js";
import { drawRounds, fullRounds } from "../scheme/applications.js";
import { forwardFlopsPerToken } from "../scheme/cost.js";
import { type Backend, loadBackend } from "./backend.js";
import { type Checkpoint, previousOf, readCheckpoint, tidyCheckpoints, writeCheckpoint } from "./checkpoint.js";
import { checkConfiguration, type RunConfiguration, runId, tokensPerStep } from "./configuration.js";
import { initialState, type Learner, learner, type ModelState } from "./learner.js";
import { acquireLock } from "./lock.js";
import { checkMemory } from "./memory.js";
import { type Path, progressClock, type RunProgress } from "./progress-clock.js";
import { headerOf } from "./run-header.js";
import { endOf, openRunFile, type RunWriter, vouchesFor } from "./run-writer.js";
import { learningRate, segments, trunkPoints } from "./schedule.js";
import { type Batch, trainingBatches, validationBatches } from "./text/batches.js";
import type { Corpus } from "./text/corpus.js";

/** A decayed loss of more than twice ln V, which guessing gives, is that of a model blown up without a NaN. */
const MOST_DECAYED_LOSS = 2;

export interface TrainOptions {
  /** Run files go here, one a run: <id>.jsonl. */
  readonly runsFolder: string;
  /** Opened by the caller; its hashes must be those of the configuration. */
  readonly corpus: Corpus;
  readonly onProgress?: (progress: RunProgress) => void;
  /** What people should know: a damaged checkpoint, a lock taken over. */
  readonly onMessage?: (message: string) => void;
  /** Aborting it makes the run save a checkpoint and stop. */
  readonly signal?: AbortSignal;
  /** Seconds between checkpoints; 20 by default. It does not show in the run file. */
  readonly checkpointSeconds?: number;
}

export interface RunResult {
  readonly id: string;
  readonly file: string;
  readonly status: "complete" | "diverged" | "interrupted";
  /** Points in the run file. */
  readonly points: number;
  /** Where and why, for a diverged run. */
  readonly reason: string | null;
}

export const runFileOf = (runsFolder: string, id: string): string => path.join(runsFolder, `${id}.jsonl`);

/**
 * Trains a run to its end, or goes on where it was cut off; a finished run is returned as it is.
 * Throws InputError for a configuration that cannot be trained, a run held by another process, a folder that cannot
 * be written.
 */
export async function trainRun(configuration: RunConfiguration, options: TrainOptions): Promise<RunResult> {
  const run = checkConfiguration(configuration);
  const id = runId(run);
  const file = runFileOf(options.runsFolder, id);
  const finished = (): RunResult | null => {
    const end = endOf(file);
    return end === null ? null : { id, file, status: end.status, points: end.points, reason: end.reason };
  };
  const before = finished();
  if (before !== null) return before;
  checkCorpus(run, options.corpus);
  checkMemory(run);
  const { corpus } = options;
  const batchOf = trainingBatches(corpus, run.batch, run.shape.context, run.seed);
  const validation = validationBatches(corpus, run.validation.windows, run.batch, run.shape.context);

  const work = path.join(options.runsFolder, ".work");
  const say = options.onMessage ?? (() => {});
  const lock = acquireLock(path.join(work, `${id}.lock`), `run ${id}`, say);
  try {
    // Another process may have finished it while this one came to the lock.
    const meanwhile = finished();
    if (meanwhile !== null) return meanwhile;
    const backend = await loadBackend(run.backend);
    const header = headerOf(run, id);
    const checkpointFile = path.join(work, `${id}.checkpoint`);
    tidyCheckpoints(checkpointFile);
    const checkpoint = findCheckpoint(checkpointFile, id, file, header, say);
    const writer = openRunFile(file, header, checkpoint?.written ?? null);
    try {
      const result = await walk(
        { run, id, backend, batchOf, validation, writer, checkpoint, checkpointFile, work },
        options,
      );
      if (result.status !== "interrupted") tidyCheckpoints(checkpointFile, true);
      return { id, file, points: writer.written().points, ...result };
    } finally {
      writer.close();
    }
  } finally {
    lock.release();
  }
}

interface Walk {
  readonly run: RunConfiguration;
  readonly id: string;
  readonly backend: Backend;
  readonly batchOf: (step: number) => Batch;
  readonly validation: readonly Batch[];
  readonly writer: RunWriter;
  readonly checkpoint: Checkpoint | null;
  readonly checkpointFile: string;
  readonly work: string;
}

async function walk(context: Walk, options: TrainOptions): Promise<Pick<RunResult, "status" | "reason">> {
  const { run, id, backend, batchOf, validation, writer, checkpointFile } = context;
  const { scheme, shape, schedule } = run;
  const stepTokens = tokensPerStep(run);
  const horizonSteps = run.horizons.map(({ tokens }) => tokens / stepTokens);
  const plan = segments(horizonSteps, schedule);
  const pointSteps = new Set(trunkPoints(horizonSteps, schedule, run.validation.pointsPerOctave));
  const draws = random(run.seed).split("rounds");
  const noise = random(run.seed).split("noise");
  const full = fullRounds(scheme);
  const stepFlops = (rounds: number) => 3 * forwardFlopsPerToken(scheme, shape, rounds) * stepTokens;

  let at: Path = { segment: 0, step: 0, flops: 0, lossSum: 0, lossSteps: 0 };
  let parked: Checkpoint["parked"] = null;
  let start: ModelState;
  if (context.checkpoint === null) start = initialState(run);
  else {
    const { model, ...path } = context.checkpoint.current;
    at = { ...path };
    start = model;
    parked = context.checkpoint.parked;
  }
  let model: Learner = learner(backend, run, start);

  const save = () =>
    writeCheckpoint(checkpointFile, {
      run: id,
      current: { ...at, model: model.state() },
      parked,
      written: writer.written(),
    });
  const clock = progressClock(run, id, plan, at, context.work);
  const cadence = 1000 * (options.checkpointSeconds ?? 20);
  let saved = performance.now();
  try {
    for (let segment = plan[at.segment]; segment !== undefined; segment = plan[at.segment]) {
      if (at.step === segment.to) {
        if (segment.kind === "trunk") {
          parked = { ...at, segment: at.segment + 2, model: model.state() };
          at = { ...at, segment: at.segment + 1, lossSum: 0, lossSteps: 0 };
        } else if (parked !== null && at.segment + 1 < plan.length) {
          const { model: trunk, ...path } = parked;
          model.dispose();
          model = learner(backend, run, trunk);
          at = { ...path };
          parked = null;
        } else break;
        continue;
      }
      if (options.signal?.aborted) {
        save();
        return { status: "interrupted", reason: null };
      }

      const rate = learningRate(at.step, segment, schedule);
      const rounds = drawRounds(scheme, draws.split(at.step));
      const loss = model.step(batchOf(at.step), rate, rounds, noise.split(at.step));
      if (!Number.isFinite(loss)) return diverged(`loss ${loss}`, rate);
      at.step++;
      at.flops += stepFlops(rounds);
      at.lossSum += loss;
      at.lossSteps++;

      const decayed = segment.kind === "branch" && at.step === segment.to;
      if (decayed || (segment.kind === "trunk" && pointSteps.has(at.step))) {
        const point: RunPoint = {
          kind: "point",
          step: at.step,
          tokens: at.step * stepTokens,
          flops: at.flops,
          ...lossOf(full),
          trainLoss: at.lossSum / at.lossSteps,
          learningRate: rate,
          decayed,
          horizonTokens: decayed ? segment.to * stepTokens : null,
          lossByRounds: decayed && full > 1 ? depths() : [],
        };
        const worst = decayed ? MOST_DECAYED_LOSS * Math.log(shape.vocabulary) : Number.POSITIVE_INFINITY;
        if (!(point.loss <= worst && Number.isFinite(point.lossStandardError))) {
          return diverged(`validation loss ${point.loss}`, rate);
        }
        writer.point(point);
        at.lossSum = 0;
        at.lossSteps = 0;
        clock.point(at.step * stepTokens, decayed);
      }
      if (decayed || performance.now() - saved > cadence) {
        save();
        saved = performance.now();
      }
      options.onProgress?.(clock.step(loss));
      await nextTurn();
    }
    writer.end({ status: "complete", reason: null });
    return { status: "complete", reason: null };
  } finally {
    model.dispose();
  }

  function diverged(what: string, rate: number): Pick<RunResult, "status" | "reason"> {
    const reason = `${what} at step ${at.step}, learning rate ${rate}, scheme ${scheme.label}`;
    writer.end({ status: "diverged", reason });
    return { status: "diverged", reason };
  }
  function lossOf(rounds: number): Pick<RunPoint, "loss" | "lossStandardError"> {
    const { loss, standardError } = model.evaluate(validation, rounds);
    return { loss, lossStandardError: standardError };
  }
  /** The checkpoint at every number of rounds, to twice the trained depth, as far as there is a loss. */
  function depths(): RunPoint["lossByRounds"] {
    return Array.from({ length: 2 * full }, (_, k) => ({
      rounds: k + 1,
      ...lossOf(k + 1),
      inferenceFlopsPerToken: forwardFlopsPerToken(scheme, shape, k + 1),
    })).filter(({ loss, lossStandardError }) => Number.isFinite(loss + lossStandardError));
  }
}

function checkCorpus(run: RunConfiguration, corpus: Corpus): void {
  if (corpus.hash !== run.corpus.hash || corpus.tokenizer.hash !== run.corpus.tokenizerHash) {
    throw new InputError(
      `train: corpus ${run.corpus.name} must have hash ${run.corpus.hash} and tokenizer ${run.corpus.tokenizerHash}, got ${corpus.hash} and ${corpus.tokenizer.hash}; give the text that the run was planned on`,
    );
  }
  if (corpus.tokenizer.vocabulary > run.shape.vocabulary) {
    throw new InputError(
      `train: --vocab must be at least ${corpus.tokenizer.vocabulary} for this tokenizer, got ${run.shape.vocabulary}`,
    );
  }
}

/** The newest checkpoint that is whole and goes with the run file as it stands. */
function findCheckpoint(
  checkpointFile: string,
  id: string,
  file: string,
  header: RunHeader,
  say: (message: string) => void,
): Checkpoint | null {
  for (const candidate of [checkpointFile, previousOf(checkpointFile)]) {
    const checkpoint = readCheckpoint(candidate);
    if (checkpoint === "missing") continue;
    const next =
      candidate === checkpointFile && existsSync(previousOf(checkpointFile)) ? "; taking the one before it" : "";
    if (checkpoint === "damaged") say(`checkpoint ${candidate} is damaged (checksum)${next}`);
    else if (checkpoint.run === id && vouchesFor(checkpoint.written, file, header)) return checkpoint;
    else say(`checkpoint ${candidate} does not go with ${file}${next}`);
  }
  if (existsSync(file)) say(`run ${id} has no usable checkpoint; it starts again, and ends in the same bytes`);
  return null;
}
