// Surprisals of a document as a series with mean 0 and variance 1, or the reason why it cannot be one.
import { mean } from "../base/mean.js";
import type { Surprisals } from "./record.js";
import type { Series } from "./statistics.js";

/** Windows of the largest scale that a document has to hold. */
export const WINDOWS = 4;

export type Normalized =
  | { readonly kind: "series"; readonly series: Series }
  | { readonly kind: "left-out"; readonly reason: string };

/**
 * x_t = (z_t − mean)/standard deviation after the first `skip` tokens, and X_t = x_1 + … + x_t. Left out, with the
 * reason: documents with values that are no numbers, constant ones, and those shorter than 4 · 4 · `from`.
 */
export function normalized({ values }: Surprisals, { from, skip }: { from: number; skip: number }): Normalized {
  const kept = values.slice(skip);
  const gap = kept.findIndex((value) => !Number.isFinite(value));
  if (gap >= 0) {
    return leftOut(`token ${skip + gap + 1} has no finite surprisal (${kept[gap]}); cut the document there`);
  }
  const least = WINDOWS * WINDOWS * from;
  if (kept.length < least) {
    const after = skip > 0 ? ` after the first ${skip}` : "";
    return leftOut(
      `${kept.length} tokens${after}, ${least} are needed for scales from ${from}; join documents or lower --from`,
    );
  }
  const x = Float64Array.from(kept);
  const center = mean(x);
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - center) ** 2, 0) / x.length);
  if (!(deviation > 1e-12 * Math.max(1, Math.abs(center)))) {
    return leftOut("all surprisals are the same; give those of a trained model");
  }
  const X = new Float64Array(x.length + 1);
  let total = 0;
  x.forEach((value, t) => {
    x[t] = (value - center) / deviation;
    total += (value - center) / deviation;
    X[t + 1] = total;
  });
  return { kind: "series", series: { x, X } };
}

function leftOut(reason: string): Normalized {
  return { kind: "left-out", reason };
}
