// The learning rate at each step, and the order in which a run walks its trunk and its cool-down branches.
// Only +, ×, / and √, which every machine rounds alike.

/** Warm-up, inverse-square-root trunk, one linear cool-down to zero a horizon. */
export interface ScheduleSettings {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Steps of the linear warm-up. */
  readonly warmupSteps: number;
  /** Steps over which the trunk falls by √2. */
  readonly timescale: number;
  /** Share of each horizon spent on its cool-down, in (0, 1). */
  readonly cooldownFraction: number;
}

/** A stretch of steps [from, to): of the trunk, or of the cool-down to one horizon. */
export interface Segment {
  readonly kind: "trunk" | "branch";
  /** Index of the horizon that the stretch leads to. */
  readonly horizon: number;
  readonly from: number;
  readonly to: number;
}

/** First step of the cool-down that ends at `horizonSteps`. */
export function cooldownStart(horizonSteps: number, { cooldownFraction }: ScheduleSettings): number {
  return horizonSteps - Math.max(1, Math.round(cooldownFraction * horizonSteps));
}

/** Trunk to the first cool-down, its branch, trunk on to the second cool-down, and so on. */
export function segments(horizonSteps: readonly number[], settings: ScheduleSettings): readonly Segment[] {
  let trunk = 0;
  return horizonSteps.flatMap((to, horizon): readonly Segment[] => {
    const start = cooldownStart(to, settings);
    const from = trunk;
    trunk = start;
    return [
      { kind: "trunk", horizon, from, to: start },
      { kind: "branch", horizon, from: start, to },
    ];
  });
}

/**
 * Rate of the 0-based step s. Warm-up: base·(s + 1)/warmup. Trunk: base/√(1 + (s − warmup)/timescale).
 * Branch [from, to): trunk(from)·(to − s)/(to − from), so that the step after the last would have rate 0.
 */
export function learningRate(step: number, segment: Segment, settings: ScheduleSettings): number {
  if (segment.kind === "trunk") return trunkRate(step, settings);
  return (trunkRate(segment.from, settings) * (segment.to - step)) / (segment.to - segment.from);
}

function trunkRate(step: number, { learningRate: base, warmupSteps, timescale }: ScheduleSettings): number {
  if (step < warmupSteps) return (base * (step + 1)) / warmupSteps;
  return base / Math.sqrt(1 + (step - warmupSteps) / timescale);
}

/**
 * Trunk steps, in order, after which a mid-run point is taken: `pointsPerOctave` in each doubling from half of
 * the first horizon on, and every start of a cool-down.
 */
export function trunkPoints(
  horizonSteps: readonly number[],
  settings: ScheduleSettings,
  pointsPerOctave: number,
): readonly number[] {
  const starts = horizonSteps.map((steps) => cooldownStart(steps, settings));
  const last = Math.max(...starts);
  const points = new Set(starts);
  for (let octave = (horizonSteps[0] ?? 2) / 2; octave <= last; octave *= 2) {
    for (let k = 0; k < pointsPerOctave; k++) {
      const at = Math.max(1, Math.round(octave * (1 + k / pointsPerOctave)));
      if (at <= last) points.add(at);
    }
  }
  return [...points].sort((a, b) => a - b);
}
