// The free fits without one resampling unit each: what BCa intervals take their acceleration from.
import { assignUnits, type ResampleUnit } from "../fit/bootstrap.js";
import { descend } from "./joint.js";
import { type JointModel, WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";

/** One vector (E, a, c per ladder) for each unit left out that leaves every ladder three different x. */
export function jackknife(free: FreeFits, unit: ResampleUnit): readonly Float64Array[] {
  const { unitOf, units } = assignUnits(free.ladders, unit);
  const model: JointModel = { space: free.space, limit: "free", exponent: "free", huber: free.huber };
  return Array.from({ length: units }, (_, out) => out).flatMap((out) => {
    const theta = Float64Array.from(free.theta);
    for (const [l, ladder] of free.ladders.entries()) {
      const own = unitOf[l];
      if (own === undefined || !own.includes(out)) continue;
      const weight = ladder.weight.map((w, i) => (own[i] === out ? 0 : w));
      if (new Set(ladder.u.filter((_, i) => own[i] !== out)).size < WIDTH) return [];
      const start = free.theta.slice(l * WIDTH, (l + 1) * WIDTH);
      theta.set(descend([{ ...ladder, weight }], model, start, 1e-10, 200).theta, l * WIDTH);
    }
    return [theta];
  });
}
