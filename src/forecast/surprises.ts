// What the forms together got wrong beyond their windows: the second witness of an interval, and the score card.
import { mean } from "../base/mean.js";
import { recency } from "./candidate.js";
import type { ScoreRow } from "./forecasting.js";

/** One point beyond one window. */
export interface Surprise {
  /** Largest x of the window, and the x beyond it. */
  readonly edge: number;
  readonly x: number;
  readonly decades: number;
  /** Forecast less observed, of log loss. */
  readonly error: number;
  readonly announced: number;
  readonly noise: number;
}

/** Without a window to judge by, errors are taken for this much larger in variance. */
export const UNJUDGED = 2;
/** Share of the interval's variance that is the forms' own word; the rest is what the construction has got wrong. */
const ANNOUNCED = 0.25;

/** The slope of errors beyond one window: s² = Σ(error² − σ²)/Σd², not below 0, σ² being `noise`. */
export interface Slope {
  readonly edge: number;
  readonly square: number;
}

export function slopeOf(rows: readonly Surprise[], noise: number): Slope {
  const beyondNoise = rows.reduce((sum, { error }) => sum + error ** 2 - noise, 0);
  return {
    edge: rows[0]?.edge ?? Number.NaN,
    square: Math.max(0, beyondNoise) / rows.reduce((sum, { decades }) => sum + decades ** 2, 0),
  };
}

/**
 * Both witnesses together, `decades` beyond `last`, windows counted by recency as points are. The forms alone, taken for
 * less sure than they are, without a window. Inside the data d = 0.
 */
export function heard(announced: number, slopes: readonly Slope[], last: number, decades: number): number {
  if (slopes.length === 0) return UNJUDGED * announced;
  const counts = slopes.map(({ edge }) => recency(edge, last));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const square = slopes.reduce((sum, slope, i) => sum + ((counts[i] ?? 0) / total) * slope.square, 0);
  return ANNOUNCED * announced + (1 - ANNOUNCED) * square * Math.max(0, decades) ** 2;
}

/**
 * Errors by distance, and how often the interval held them: at each window as it would have been announced there, by what
 * smaller windows had got wrong up to its edge. `t`: how many standard deviations 95% take. Rows of a quarter decade up to
 * half of one, then by halves and wholes.
 */
export function scoreCard(surprises: readonly (readonly Surprise[])[], t: number): readonly ScoreRow[] {
  const judged = surprises.flatMap((rows, w) =>
    rows.map(({ edge, decades, error, announced, noise }) => {
      const before = surprises.slice(0, w).map((earlier) => earlier.filter(({ x }) => x <= edge));
      const known = before.map((earlier) => slopeOf(earlier, noise));
      return { decades, error, half: t * Math.sqrt(heard(announced, known, edge, decades) + noise) };
    }),
  );
  const edges = [0, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10];
  return edges.slice(1).flatMap((to, i) => {
    const from = edges[i] ?? 0;
    const inside = judged.filter(({ decades }) => decades > from && decades <= to);
    if (inside.length === 0) return [];
    return [
      {
        from,
        to,
        points: inside.length,
        error: Math.sqrt(mean(inside.map(({ error }) => error ** 2))),
        held: mean(inside.map(({ error, half }) => (Math.abs(error) <= half ? 1 : 0))),
      },
    ];
  });
}
