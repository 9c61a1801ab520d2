// Intervals and p-values as they read in a sentence or a cell.
import { decimal, fixed } from "../base/format.js";
import type { Interval } from "../fit/record.js";

/** "[1.20, 1.34]", open sides as −∞ and ∞; `least` is what stands below for a quantity that goes no further down. */
export function intervalText(interval: Pick<Interval, "lower" | "upper"> | null, decimals = 3, least = "−∞"): string {
  if (interval === null) return "–";
  const side = (value: number | null, open: string) => (value === null ? open : decimal(value, decimals));
  return `[${side(interval.lower, least)}, ${side(interval.upper, "∞")}]`;
}

export function pText(p: number | null): string {
  if (p === null) return "p = –";
  return p < 1e-4 ? "p < .0001" : `p = ${fixed(p, 4).replace(/^0/, "")}`;
}
