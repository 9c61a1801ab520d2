// Points at one x taken as one. Least squares loses nothing by it: Σ w(y − f)² = w̄(ȳ − f)² + Σ w(y − ȳ)², and the last
// sum does not hang on f. With three seeds a horizon a fit costs a third, which the redrawn tests need.
import type { Ladder } from "./ladder.js";

export interface Distinct {
  /** One point for each x: the weighted mean in the space of the fit, the weights summed. `load` overwrites the losses. */
  readonly ladders: readonly Ladder[];
  /** Takes over the losses of all points; returns the sum of squares about the means. */
  load(losses: readonly Float64Array[]): number;
}

export function distinctX(ladders: readonly Ladder[], space: "log" | "linear"): Distinct {
  const log = space === "log";
  const parts = ladders.map((ladder) => {
    const values = [...new Set(ladder.u)];
    const place = Int32Array.from(ladder.u, (u) => values.indexOf(u));
    const weight = new Float64Array(values.length);
    for (const [i, k] of place.entries()) weight[k] = (weight[k] ?? 0) + (ladder.weight[i] ?? 0);
    return {
      whole: ladder,
      place,
      one: { ...ladder, u: Float64Array.from(values), loss: new Float64Array(values.length), weight },
    };
  });
  return {
    ladders: parts.map(({ one }) => one),
    load: (losses) => {
      let within = 0;
      for (const [l, { whole, place, one }] of parts.entries()) {
        const given = losses[l];
        if (given === undefined) throw new Error("distinct: losses must be given for every ladder");
        const valueAt = (i: number) => (log ? Math.log(given[i] ?? 0) : (given[i] ?? 0));
        one.loss.fill(0);
        for (let i = 0; i < place.length; i++) {
          const k = place[i] ?? 0;
          one.loss[k] = (one.loss[k] ?? 0) + ((whole.weight[i] ?? 0) * valueAt(i)) / (one.weight[k] ?? 1);
        }
        for (let i = 0; i < place.length; i++)
          within += (whole.weight[i] ?? 0) * (valueAt(i) - (one.loss[place[i] ?? 0] ?? 0)) ** 2;
        if (log) for (let k = 0; k < one.loss.length; k++) one.loss[k] = Math.exp(one.loss[k] ?? 0);
      }
      return within;
    },
  };
}
