// Scales in equal ratios, and straight lines through logarithms over them.
import { mean } from "../base/mean.js";

/** Whole scales from `from` to at most `to`, half an octave apart. */
export function scaleGrid(from: number, to: number): readonly number[] {
  const steps = Math.floor(2 * Math.log2(to / from) + 1e-9);
  return Array.from({ length: steps + 1 }, (_, k) => Math.round(from * 2 ** (k / 2)));
}

/** Least-squares line of y on x. NaN for fewer than two distinct x. */
export function lineThrough(
  x: readonly number[],
  y: readonly number[],
): { readonly slope: number; readonly intercept: number } {
  const meanX = mean(x);
  const meanY = mean(y);
  const products = x.reduce((sum, value, i) => sum + (value - meanX) * ((y[i] ?? Number.NaN) - meanY), 0);
  const slope = products / x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  return { slope, intercept: meanY - slope * meanX };
}
