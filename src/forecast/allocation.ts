// What an answer to "where to put the compute" is: records alone, no machinery.
import type { Warning } from "../base/errors.js";
import type { Fit, Interval } from "../fit/record.js";
import type { Redrawing } from "./redrawing.js";

/** A derived quantity; the interval is null where the data give none. */
export interface Quantity {
  readonly estimate: number;
  readonly interval: Interval | null;
}

/**
 * Training FLOPs of N parameters and D tokens: C = factor·N^power·D. By convention 6·N·D; from a column of FLOPs the
 * least-squares line of log(C/D) on log N.
 */
export interface ComputeRule {
  readonly kind: "6ND" | "column";
  readonly factor: number;
  readonly power: number;
  /** Largest |log(C / rule)| over the points; 0 by convention. */
  readonly misfit: number;
}

/** What is optimised: the loss for a training budget, with T tokens served after, or with only U different tokens to be had. */
export type Demand =
  | { readonly kind: "training" }
  | { readonly kind: "served"; readonly tokens: number }
  | { readonly kind: "unique"; readonly tokens: number };

/** What is asked of every approach. */
export interface Question {
  readonly budgets: readonly number[];
  readonly compute: ComputeRule;
  readonly tolerance: number;
  readonly level: number;
  /** log10 of the largest budget in the data. */
  readonly reach: number;
  /** How points are redrawn for intervals; null for the delta method. */
  readonly redrawing: Redrawing | null;
}

/** The best split of one budget. */
export interface Optimum {
  readonly flops: number;
  readonly parameters: Quantity;
  /** Tokens seen, repeats counted. */
  readonly tokens: Quantity;
  readonly tokensPerParameter: Quantity;
  /** Loss of the mean curve there; null from methods that have no surface. */
  readonly loss: Quantity | null;
  /** Sizes whose loss is within the tolerance of the best; null from methods that have no surface. */
  readonly range: { readonly lower: number; readonly upper: number } | null;
  /** log10 of the budget over the largest in the data; negative inside. */
  readonly decades: number;
}

/** Approach 3: L = E + A·N^−α + B·D^−β minimised along a budget. */
export interface Surface {
  readonly fit: Fit;
  /** a and b in N* ∝ C^a, D* ∝ C^b. */
  readonly exponents: { readonly parameters: Quantity; readonly tokens: Quantity };
  readonly optima: readonly Optimum[];
}

/** The lowest point of one IsoFLOP valley, or why there is none. */
export type Minimum =
  | {
      readonly kind: "interior";
      readonly parameters: Quantity;
      readonly loss: number;
      /** Sizes within the tolerance of the lowest loss, within the sizes trained. */
      readonly range: { readonly lower: number; readonly upper: number };
      /** The valley as it was fitted, from the smallest to the largest size trained. */
      readonly curve: readonly { readonly parameters: number; readonly loss: number }[];
    }
  | { readonly kind: "none"; readonly code: string; readonly message: string };

export interface Valley {
  readonly flops: number;
  readonly sizes: readonly number[];
  readonly losses: readonly number[];
  /** By e + p·N^−α + q·N^β with exponents shared by all valleys: what the law itself does along a budget. */
  readonly minimum: Minimum;
  /** By a parabola in log N, as published; biased where the grid is wide or the valley lopsided. */
  readonly parabola: Minimum;
  /** log of the parabola's size over the valley's: its bias as the data show it; null unless both have a minimum. */
  readonly parabolaBias: number | null;
}

/** Approach 2: the minima of IsoFLOP valleys, and a robust line through them. */
export interface Valleys {
  readonly valleys: readonly Valley[];
  readonly exponents: { readonly parameters: Quantity; readonly tokens: Quantity } | null;
  readonly optima: readonly Optimum[];
}

/** Approach 1: where the lower envelope of training curves passes from one size to the next. */
export interface Envelope {
  readonly switches: readonly { readonly flops: number; readonly from: number; readonly to: number }[];
  readonly exponents: { readonly parameters: Quantity; readonly tokens: Quantity } | null;
  readonly optima: readonly Optimum[];
}

/** A method's answer, or one line that says why there is none and what would mend it. */
export type Answer<T> =
  | { readonly kind: "answer"; readonly value: T }
  | { readonly kind: "unavailable"; readonly reason: string };

export interface Allocation {
  readonly group: Readonly<Record<string, string>>;
  readonly points: number;
  readonly compute: ComputeRule;
  readonly demand: Demand;
  readonly tolerance: number;
  readonly level: number;
  /** How points were redrawn for the intervals of approaches 3 and 2; null for the delta method. */
  readonly redrawing: Redrawing | null;
  readonly surface: Answer<Surface>;
  readonly valleys: Answer<Valleys>;
  readonly envelope: Answer<Envelope>;
  /** What it comes to, in words; where the methods disagree by more than their intervals, that. */
  readonly sentences: readonly string[];
  readonly warnings: readonly Warning[];
}
