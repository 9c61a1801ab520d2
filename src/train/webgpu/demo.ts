// A page's own training: baseline and RINS r=3 side by side on the reader's GPU, on the same kernels as everywhere. It
// runs in a browser; the page around it is report/page/demo-page.ts.
import { mean } from "../../base/mean.js";
import { type Random, random } from "../../base/random.js";
import { fullRounds } from "../../scheme/applications.js";
import { schemeByName } from "../../scheme/catalogue.js";
import { schemeCost } from "../../scheme/cost.js";
import { initialState, type Learner, type Trained } from "../learner.js";
import type { Batch } from "../text/batches.js";
import { gpuOn } from "./gpu.js";
import { webgpuLearner } from "./learner.js";

const SHAPE = { width: 32, layers: 2, heads: 2, context: 32, vocabulary: 28 };
const BATCH = 8;
const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const SCHEMES = ["baseline", "rins-3"] as const;
/** Steps at a time, between two looks at the losses. */
const STRIDE = 4;
/** Seen steps that a point of a curve is the mean of. */
const SMOOTHING = 32;
const LAST_STEP = 4000;

interface Run {
  readonly label: string;
  readonly model: Learner;
  readonly rounds: number;
  readonly stepFlops: number;
  readonly batches: Random;
  readonly losses: number[];
}

/** What the page shows: losses of every step taken, nats a letter, and the FLOPs of one step. */
export interface Curve {
  readonly label: string;
  readonly stepFlops: number;
  readonly losses: readonly number[];
}

/**
 * A made-up language without end: sixty words, and each line said twice, so that looking back pays. Letters a … z are
 * 1 … 26, a space 0, the end of a line 27. No text comes twice, so a training loss is that of text never seen.
 */
export function toyBatch(stream: Random): Batch {
  const words = toyWords();
  const inputs = new Int32Array(BATCH * SHAPE.context);
  const targets = new Int32Array(BATCH * SHAPE.context);
  for (let row = 0; row < BATCH; row++) {
    const ids: number[] = [];
    while (ids.length <= SHAPE.context) {
      const line = Array.from({ length: 3 }, () => [...(words[stream.integer(words.length)] ?? []), 0]).flat();
      ids.push(...line, ...line, 27);
    }
    inputs.set(ids.slice(0, SHAPE.context), row * SHAPE.context);
    targets.set(ids.slice(1, SHAPE.context + 1), row * SHAPE.context);
  }
  return { inputs, targets };
}

function toyWords(): readonly (readonly number[])[] {
  const stream = random("toy words");
  return Array.from({ length: 60 }, () => Array.from({ length: 2 + stream.integer(4) }, () => 1 + stream.integer(26)));
}

/** The two runs that the page trains, from one seed. */
export const demoRuns = (): readonly Trained[] =>
  SCHEMES.map((name) => ({ scheme: schemeByName(name), shape: SHAPE, batch: BATCH, optimizer: OPTIMIZER, seed: 0 }));

export const LEARNING_RATE = 4e-3;

/**
 * Trains both at equal FLOPs, the one that has spent less next, and shows where they stand after every stride, until
 * `isOver` or the last step. Throws where the browser has no WebGPU, with what to do.
 */
export async function demonstrate(show: (curves: readonly Curve[]) => void, isOver: () => boolean): Promise<void> {
  const found: GPU | undefined = navigator.gpu;
  const adapter = await found?.requestAdapter();
  if (adapter === undefined || adapter === null) {
    throw new Error(
      "This browser offers no WebGPU. Chrome and Edge have it from version 113 on, Safari from 26, Firefox from 141 on Windows; on Linux it may have to be switched on.",
    );
  }
  const gpu = gpuOn(await adapter.requestDevice());
  const runs: Run[] = [];
  for (const trained of demoRuns()) {
    runs.push({
      label: trained.scheme.label,
      model: await webgpuLearner(gpu, trained, initialState(trained)),
      rounds: fullRounds(trained.scheme),
      stepFlops: schemeCost(trained.scheme, SHAPE).flopsPerToken * BATCH * SHAPE.context,
      batches: random("toy text"),
      losses: [],
    });
  }
  const spent = (run: Run) => run.losses.length * run.stepFlops;
  while (!isOver() && runs.every(({ losses }) => losses.length < LAST_STEP)) {
    const next = runs.reduce((a, b) => (spent(b) < spent(a) ? b : a));
    for (let step = 0; step < STRIDE; step++) {
      await next.model.step(toyBatch(next.batches), LEARNING_RATE, next.rounds, random(0));
    }
    next.losses.push(...(await next.model.losses()));
    show(runs);
    await new Promise((resolve) => setTimeout(resolve));
  }
  for (const { model } of runs) model.dispose();
}

/** Running means of the losses, at the FLOPs spent by then: the points of a curve. */
export function smoothed({ losses, stepFlops }: Curve): readonly (readonly [flops: number, loss: number])[] {
  const stride = Math.max(1, Math.floor(losses.length / 200));
  const points: [number, number][] = [];
  for (let end = stride; end <= losses.length; end += stride) {
    const some = losses.slice(Math.max(0, end - SMOOTHING), end);
    points.push([end * stepFlops, mean(some)]);
  }
  return points;
}
