// Points at one x taken as one. Least squares loses nothing by it: Σ w²(y − f)² = w̄²(ȳ − f)² + Σ w²(y − ȳ)², and the last
// sum does not hang on f. With three seeds a horizon a fit costs a third, which the redrawn tests need.
import { assemble, type Problem, targets, workspace } from "./problem.js";

/** Takes over the losses of all points; `within` is the sum of squares about the means. */
export type MergeRepeats = (losses: Float64Array) => { readonly problem: Problem; readonly within: number };

/** For squared residuals. Losses at one x of one group become their weighted mean in the space of the fit. */
export function mergeRepeats(whole: Problem): MergeRepeats {
  const place = new Int32Array(whole.points);
  const first: number[] = [];
  const blocks = whole.blocks.map((block) => {
    const from = first.length;
    const known = new Map<string, number>();
    for (let i = block.from; i < block.to; i++) {
      const key = whole.x.map((column) => column[i]).join(" ");
      const index = known.get(key) ?? first.push(i) - 1;
      known.set(key, index);
      place[i] = index;
    }
    return { ...block, from, to: first.length };
  });
  const points = first.length;
  const squared = new Float64Array(points);
  place.forEach((k, i) => {
    squared[k] = (squared[k] ?? Number.NaN) + (whole.weights[i] ?? Number.NaN) ** 2;
  });
  const weights = squared.map(Math.sqrt);
  const x = whole.x.map((column) => Float64Array.from(first, (i) => column[i] ?? Number.NaN));
  const parts = { ...whole, points, blocks, x, weights, workspace: workspace(points, blocks) };
  return (losses) => {
    const target = targets(losses, whole.space, whole.unit);
    const mean = new Float64Array(points);
    place.forEach((k, i) => {
      const share = (whole.weights[i] ?? Number.NaN) ** 2 / (squared[k] ?? Number.NaN);
      mean[k] = (mean[k] ?? Number.NaN) + share * (target[i] ?? Number.NaN);
    });
    const within = place.reduce(
      (sum, k, i) =>
        sum + (whole.weights[i] ?? Number.NaN) ** 2 * ((target[i] ?? Number.NaN) - (mean[k] ?? Number.NaN)) ** 2,
      0,
    );
    const observed = whole.space === "log" ? mean.map(Math.exp) : mean.map((value) => value * whole.unit);
    return { problem: assemble({ ...parts, observed, target: mean }), within };
  };
}
