// How far a run is and how long it will take, for people; wall times go to a file of their own, <id>.times.jsonl, so that
// run files stay the same on every machine.
import { appendFileSync } from "node:fs";
import path from "node:path";
import { makeFolder, onDisk } from "../base/write.js";
import { type RunConfiguration, tokensPerStep } from "./configuration.js";
import type { Course, Path } from "./cursor.js";

export interface RunProgress {
  readonly id: string;
  readonly label: string;
  readonly seed: number;
  /** Tokens trained on so far and in all, trunk and branches together. */
  readonly tokensDone: number;
  readonly tokensTotal: number;
  /** Training loss of the last step, nats per token. */
  readonly loss: number;
  /** Null at the first step, which loads and compiles. */
  readonly secondsLeft: number | null;
}

export type ProgressClock = ReturnType<typeof progressClock>;

/** Counts from where the run stands at `at`, so that a resumed run estimates by its own speed. */
export function progressClock(run: RunConfiguration, id: string, { segments }: Course, at: Path, work: string) {
  const stepTokens = tokensPerStep(run);
  const stepsTotal = segments.reduce((sum, { from, to }) => sum + to - from, 0);
  const current = segments[at.segment];
  let stepsDone = segments.slice(0, at.segment).reduce((sum, { from, to }) => sum + to - from, 0);
  if (current !== undefined) stepsDone += at.step - current.from;
  const resumedAt = stepsDone;
  let paceFrom = 0;
  const file = path.join(work, `${id}.times.jsonl`);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  makeFolder(work);
  return {
    step: (loss: number): RunProgress => {
      stepsDone++;
      const steps = stepsDone - resumedAt - 1;
      if (steps === 0) paceFrom = seconds();
      return {
        id,
        label: run.scheme.label,
        seed: run.seed,
        tokensDone: stepsDone * stepTokens,
        tokensTotal: stepsTotal * stepTokens,
        loss,
        secondsLeft: steps === 0 ? null : ((seconds() - paceFrom) / steps) * (stepsTotal - stepsDone),
      };
    },
    point: (tokens: number, decayed: boolean) =>
      onDisk(file, () => appendFileSync(file, `${JSON.stringify({ tokens, decayed, seconds: seconds() })}\n`)),
  };
}
