// The point that a run writes where it stands: its validation losses, and whether the model still deserves one.
import type { RunPoint } from "../curve/run-file.js";
import { fullRounds } from "../scheme/applications.js";
import { forwardFlopsPerToken } from "../scheme/cost.js";
import { type RunConfiguration, tokensPerStep } from "./configuration.js";
import type { Path } from "./cursor.js";
import type { Learner } from "./learner.js";
import type { Batch } from "./text/batches.js";

/** A decayed loss of more than twice ln V, which guessing gives, is that of a model blown up without a NaN. */
const MOST_DECAYED_LOSS = 2;

/** The point at `at`, scored on `validation`; `rate` is that of the step before. */
export async function scorePoint(
  model: Learner,
  run: RunConfiguration,
  validation: readonly Batch[],
  at: Path,
  rate: number,
  decayed: boolean,
): Promise<RunPoint> {
  const full = fullRounds(run.scheme);
  const tokens = at.step * tokensPerStep(run);
  const lossOf = async (rounds: number): Promise<Pick<RunPoint, "loss" | "lossStandardError">> => {
    const { loss, standardError } = await model.evaluate(validation, rounds);
    return { loss, lossStandardError: standardError };
  };
  /** The checkpoint at every number of rounds, to twice the trained depth, as far as there is a loss. */
  const depths = async (): Promise<RunPoint["lossByRounds"]> => {
    const found: RunPoint["lossByRounds"][number][] = [];
    for (let rounds = 1; rounds <= 2 * full; rounds++) {
      const inferenceFlopsPerToken = forwardFlopsPerToken(run.scheme, run.shape, rounds);
      found.push({ rounds, ...(await lossOf(rounds)), inferenceFlopsPerToken });
    }
    return found.filter(({ loss, lossStandardError }) => Number.isFinite(loss + lossStandardError));
  };
  return {
    kind: "point",
    step: at.step,
    tokens,
    flops: at.flops,
    ...(await lossOf(run.scheme.rounds.kind === "growing" && !decayed ? 1 : full)),
    trainLoss: at.lossSum / at.lossSteps,
    learningRate: rate,
    decayed,
    horizonTokens: decayed ? tokens : null,
    lossByRounds: decayed && full > 1 ? await depths() : [],
  };
}

/** True for the loss of a model that has diverged, though no training loss has shown it. */
export function isBlownUp({ loss, lossStandardError, decayed }: RunPoint, { shape }: RunConfiguration): boolean {
  const worst = decayed ? MOST_DECAYED_LOSS * Math.log(shape.vocabulary) : Number.POSITIVE_INFINITY;
  return !(loss <= worst && Number.isFinite(lossStandardError));
}
