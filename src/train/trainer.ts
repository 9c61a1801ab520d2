// One run: configuration -> trunk and cool-down branches -> points in a run file. It may be killed at any instant and
// called again: it goes on from its checkpoint and ends in the same bytes. Working files lie in <runs folder>/.work/.
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { InputError } from "../base/errors.js";
import { acquireLock } from "../base/lock.js";
import { random } from "../base/random.js";
import { tidyTemporaries } from "../base/write.js";
import { drawRounds } from "../scheme/applications.js";
import { forwardPerToken } from "../scheme/task-cost.js";
import { type Cadence, checkpointCadence, findCheckpoint } from "./cadence.js";
import { type Checkpoint, type Progress, tidyCheckpoints } from "./checkpoint.js";
import { checkConfiguration, type RunConfiguration, runId, tokensPerStep } from "./configuration.js";
import { afterPoint, afterStep, courseOf, fork, nextMove, type Path, pointAt, START, withLoss } from "./cursor.js";
import type { Data } from "./data.js";
import type { ModelState } from "./learner.js";
import { type Pupils, pupilsOf } from "./learners.js";
import { checkMemory } from "./memory.js";
import { type ProgressClock, progressClock, type RunProgress } from "./progress-clock.js";
import { headerOf } from "./run-header.js";
import { endOf, openRunFile, type RunWriter } from "./run-writer.js";
import { isBlownUp, scorePoint } from "./score.js";
import { tidyFinished, workFilesOf } from "./work-files.js";

export interface TrainOptions {
  /** Run files go here, one a run: <id>.jsonl. */
  readonly runsFolder: string;
  /** Opened by the caller; its hashes must be those of the configuration. */
  readonly corpus: Data;
  readonly onProgress?: (progress: RunProgress) => void;
  /** What people should know: a damaged checkpoint, a lock taken over. */
  readonly onMessage?: (message: string) => void;
  /** Aborting it makes the run save a checkpoint and stop. */
  readonly signal?: AbortSignal;
  /** Threads of the next step, asked before each; 1 by default. They show in the speed alone, in no bit. */
  readonly threads?: () => number;
  /** Seconds between checkpoints; 20 by default. It does not show in the run file. */
  readonly checkpointSeconds?: number;
  /** Given what the last cool-down ended in; not called for a run that was complete. */
  readonly onTrained?: (state: ModelState) => Promise<void>;
  /** Takes over a lock whose holder cannot be seen from here: on another machine, in another container. */
  readonly takeOver?: boolean;
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
  if (before !== null) {
    tidyFinished(file);
    return before;
  }
  checkCorpus(run, options.corpus);
  checkMemory(run);
  const say = options.onMessage ?? (() => {});
  const { work, lock: lockFile, checkpoint: checkpointFile } = workFilesOf(file);
  const lock = acquireLock(lockFile, `train: run ${id}`, { onMessage: say, takeOver: options.takeOver === true });
  try {
    // Another process may have finished it while this one came to the lock.
    const meanwhile = finished();
    if (meanwhile !== null) return meanwhile;
    const { device, ...pupils } = await pupilsOf(run, options.corpus);
    const header = headerOf(run, id, device);
    tidyCheckpoints(checkpointFile);
    tidyTemporaries(file);
    const checkpoint = findCheckpoint(checkpointFile, id, file, header, say);
    const writer = openRunFile(file, header, checkpoint?.written ?? null, lock.keep);
    try {
      const cadence = checkpointCadence(checkpointFile, options.checkpointSeconds ?? 20);
      const clock = progressClock(run, id, courseOf(run), checkpoint?.current ?? START, work);
      const context = { run, id, ...pupils, writer, start: checkpoint, cadence, clock };
      const result = await walk(context, options);
      const { points } = writer.written();
      if (result.status !== "interrupted") tidyCheckpoints(checkpointFile, true);
      return { id, file, points, ...result };
    } finally {
      writer.close();
    }
  } finally {
    lock.release();
  }
}

/** What a run is walked with; `start` is the checkpoint it goes on from, null for a new run. */
interface Walk {
  readonly run: RunConfiguration;
  readonly id: string;
  readonly pupil: Pupils["pupil"];
  readonly useThreads: Pupils["useThreads"];
  readonly writer: RunWriter;
  readonly start: Checkpoint | null;
  readonly cadence: Cadence;
  readonly clock: ProgressClock;
}

async function walk(context: Walk, options: TrainOptions): Promise<Pick<RunResult, "status" | "reason">> {
  const { run, id, pupil, useThreads, writer, start, cadence, clock } = context;
  const { scheme } = run;
  const stepTokens = tokensPerStep(run);
  const course = courseOf(run);
  const draws = random(run.seed).split("rounds");
  const noise = random(run.seed).split("noise");

  let at: Path = start === null ? START : pathOf(start.current);
  let parked = start?.parked ?? null;
  let model = await pupil(start?.current.model ?? null);
  const save = async () =>
    cadence.save({ run: id, current: { ...at, model: await model.state() }, parked, written: writer.written() });
  const end = (status: "complete" | "diverged", reason: string | null) => {
    writer.end({ status, reason });
    return { status, reason };
  };
  /** Steps whose losses are not read yet, and the last loss that was. */
  let unread: { readonly step: number; readonly rate: number }[] = [];
  let lastLoss = Number.NaN;
  /** Takes the unread losses in; what to say of the first that is not finite, or null. */
  const readLosses = async (): Promise<string | null> => {
    const steps = unread;
    unread = [];
    for (const [i, loss] of (await model.losses()).entries()) {
      if (!Number.isFinite(loss)) return reasonAt(`loss ${loss}`, steps[i] ?? { step: at.step, rate: 0 });
      at = withLoss(at, loss);
      lastLoss = loss;
    }
    return null;
  };
  const reasonAt = (what: string, { step, rate }: { readonly step: number; readonly rate: number }) =>
    `${what} at step ${step}, learning rate ${rate}, scheme ${scheme.label}`;
  try {
    for (let move = nextMove(course, at, run); move.kind !== "end"; move = nextMove(course, at, run)) {
      if (move.kind === "park") {
        const { branch, trunk } = fork(at);
        parked = { ...trunk, model: await model.state() };
        at = branch;
        continue;
      }
      if (move.kind === "return") {
        if (parked === null) throw new Error(`train: run ${id} has no trunk to return to`);
        model.dispose();
        model = await pupil(parked.model);
        at = pathOf(parked);
        parked = null;
        continue;
      }
      if (options.signal?.aborted) {
        const reason = await readLosses();
        if (reason !== null) return end("diverged", reason);
        await save();
        return { status: "interrupted", reason: null };
      }
      const { rate, coolingDown } = move;
      await useThreads(options.threads?.() ?? 1);
      const rounds = drawRounds(scheme, draws.split(at.step), coolingDown);
      await model.step(at.step, rate, rounds, noise.split(at.step));
      unread.push({ step: at.step, rate });
      at = afterStep(at, 3 * forwardPerToken(run, rounds) * stepTokens);

      const kind = pointAt(course, at);
      const isSaved = kind === "decayed" || cadence.isDue();
      const isRead = kind !== null || isSaved || nextMove(course, at, run).kind !== "step";
      if (isRead || unread.length >= model.lossCadence || Number.isNaN(lastLoss)) {
        const reason = await readLosses();
        if (reason !== null) return end("diverged", reason);
      }
      if (kind !== null) {
        const point = await scorePoint(model, run, at, rate, kind === "decayed");
        if (isBlownUp(point, run)) return end("diverged", reasonAt(`validation loss ${point.loss}`, { ...at, rate }));
        writer.point(point);
        at = afterPoint(at);
        clock.point(point.tokens, point.decayed);
      }
      if (isSaved) await save();
      options.onProgress?.(clock.step(lastLoss));
      await nextTurn();
    }
    await options.onTrained?.(await model.state());
    return end("complete", null);
  } finally {
    model.dispose();
  }
}

const pathOf = ({ model: _, ...path }: Progress): Path => path;

function checkCorpus(run: RunConfiguration, corpus: Data): void {
  if (corpus.hash !== run.corpus.hash || corpus.tokenizer.hash !== run.corpus.tokenizerHash) {
    throw new InputError(
      `train: corpus ${run.corpus.name} must have hash ${run.corpus.hash} and tokenizer ${run.corpus.tokenizerHash}, got ${corpus.hash} and ${corpus.tokenizer.hash}; give what the run was planned on`,
    );
  }
  const symbols =
    run.task?.kind === "image-class" && corpus.kind === "pictures"
      ? corpus.set.classes.length
      : corpus.tokenizer.vocabulary;
  if (symbols > run.shape.vocabulary) {
    throw new InputError(
      `train: --vocab must be at least ${symbols} for this ${corpus.kind === "text" ? "tokenizer" : "set of pictures"}, got ${run.shape.vocabulary}`,
    );
  }
}
