// Where a run is on its way over trunk and branches, and what comes next there: pure, so that the walk of trainer.ts
// only does what it is told.
import { type RunConfiguration, tokensPerStep } from "./configuration.js";
import { learningRate, type Segment, segments, trunkPoints } from "./schedule.js";

/** Where a run is on its way through the segments of its schedule, and what it gathered since the last point. */
export interface Path {
  readonly segment: number;
  readonly step: number;
  readonly flops: number;
  readonly lossSum: number;
  readonly lossSteps: number;
}

/** All stretches of a run in the order they are walked, and the trunk steps after which a point is taken. */
export interface Course {
  readonly segments: readonly Segment[];
  readonly pointSteps: ReadonlySet<number>;
}

export type Move =
  | { readonly kind: "step"; readonly rate: number; readonly coolingDown: boolean }
  /** The trunk waits here for its branch. */
  | { readonly kind: "park" }
  /** The branch has ended; the trunk that waits goes on. */
  | { readonly kind: "return" }
  | { readonly kind: "end" };

export const START: Path = { segment: 0, step: 0, flops: 0, lossSum: 0, lossSteps: 0 };

export function courseOf(run: RunConfiguration): Course {
  const horizonSteps = run.horizons.map(({ tokens }) => tokens / tokensPerStep(run));
  return {
    segments: segments(horizonSteps, run.schedule),
    pointSteps: new Set(trunkPoints(horizonSteps, run.schedule, run.validation.pointsPerOctave)),
  };
}

/** What is to be done at `at`. */
export function nextMove({ segments }: Course, at: Path, { schedule }: RunConfiguration): Move {
  const segment = segments[at.segment];
  if (segment === undefined) return { kind: "end" };
  if (at.step < segment.to) {
    return { kind: "step", rate: learningRate(at.step, segment, schedule), coolingDown: segment.kind === "branch" };
  }
  if (segment.kind === "trunk") return { kind: "park" };
  return { kind: at.segment + 1 < segments.length ? "return" : "end" };
}

/** The start of the branch off the trunk that stands at `at`, and where the trunk goes on after it. */
export function fork(at: Path): { readonly branch: Path; readonly trunk: Path } {
  return { branch: afterPoint({ ...at, segment: at.segment + 1 }), trunk: { ...at, segment: at.segment + 2 } };
}

export const afterStep = (at: Path, flops: number): Path => ({ ...at, step: at.step + 1, flops: at.flops + flops });

/** The loss of a step taken before, in their order: those of a GPU come some steps later. */
export const withLoss = (at: Path, loss: number): Path => ({
  ...at,
  lossSum: at.lossSum + loss,
  lossSteps: at.lossSteps + 1,
});

/** The point that the step before `at` ends in, if any; a decayed one ends a branch. */
export function pointAt({ segments, pointSteps }: Course, at: Path): "trunk" | "decayed" | null {
  const segment = segments[at.segment];
  if (segment?.kind === "branch") return at.step === segment.to ? "decayed" : null;
  return pointSteps.has(at.step) ? "trunk" : null;
}

export const afterPoint = (at: Path): Path => ({ ...at, lossSum: 0, lossSteps: 0 });
