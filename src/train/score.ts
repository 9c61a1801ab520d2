// The point that a run writes where it stands: its validation scores, and whether the model still deserves one.
import type { RunPoint, RunScores } from "../curve/run-file.js";
import { fullRounds } from "../scheme/applications.js";
import { forwardPerToken } from "../scheme/task-cost.js";
import { type RunConfiguration, tokensPerStep } from "./configuration.js";
import type { Path } from "./cursor.js";
import type { Pupil } from "./learner.js";

/** A decayed loss of more than twice ln V, which guessing gives, is that of a model blown up without a NaN. */
const MOST_DECAYED_LOSS = 2;

/** The point at `at`; `rate` is that of the step before. */
export async function scorePoint(
  model: Pick<Pupil, "evaluate">,
  run: RunConfiguration,
  at: Path,
  rate: number,
  decayed: boolean,
): Promise<RunPoint> {
  const full = fullRounds(run.scheme);
  const tokens = at.step * tokensPerStep(run);
  const scoresAt = async (rounds: number, thorough = false): Promise<RunScores> => {
    const { loss, standardError, accuracy } = await model.evaluate(rounds, thorough);
    return { loss, lossStandardError: standardError, ...accuracy };
  };
  /** The checkpoint at every number of rounds, to twice the trained depth, as far as there is a loss. */
  const depths = async (): Promise<RunPoint["lossByRounds"]> => {
    const found: RunPoint["lossByRounds"][number][] = [];
    for (let rounds = 1; rounds <= 2 * full; rounds++) {
      found.push({ rounds, ...(await scoresAt(rounds)), inferenceFlopsPerToken: forwardPerToken(run, rounds) });
    }
    return found.filter(({ loss, lossStandardError }) => Number.isFinite(loss + lossStandardError));
  };
  return {
    kind: "point",
    step: at.step,
    tokens,
    flops: at.flops,
    ...(await scoresAt(run.scheme.rounds.kind === "growing" && !decayed ? 1 : full, decayed)),
    trainLoss: at.lossSum / at.lossSteps,
    learningRate: rate,
    decayed,
    horizonTokens: decayed ? tokens : null,
    lossByRounds: decayed && full > 1 ? await depths() : [],
  };
}

/** True for the loss of a model that has diverged, though no training loss has shown it. */
export function isBlownUp({ loss, lossStandardError, decayed }: RunPoint, { shape, task }: RunConfiguration): boolean {
  // Pictures are few: a model may come to be surer of what it was trained on than of guessing, and worse than guessing.
  const bounded = decayed && task === undefined;
  const worst = bounded ? MOST_DECAYED_LOSS * Math.log(shape.vocabulary) : Number.POSITIVE_INFINITY;
  return !(loss <= worst && Number.isFinite(loss) && Number.isFinite(lossStandardError));
}
