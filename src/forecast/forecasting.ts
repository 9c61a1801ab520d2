// What a forecast is: records alone, no machinery.
import type { Warning } from "../base/errors.js";
import type { Interval } from "../fit/record.js";
import type { Quantity } from "./allocation.js";

/** One form of law as a forecaster, judged by what it predicted of points that it had not seen. */
export interface Form {
  readonly law: string;
  /** Share in the combined forecast; the shares sum to 1. */
  readonly weight: number;
  /** Root mean square of log(predicted/observed) beyond the windows; null where it could not be tried. */
  readonly error: number | null;
}

export interface ForecastPoint {
  readonly x: number;
  /** log10 of x over the largest x in the data; negative inside. */
  readonly decades: number;
  /** The mean curve. */
  readonly loss: number;
  readonly curve: Interval | null;
  /** Of the loss of one new run. */
  readonly newRun: Interval | null;
  /** What each form says there, in the order of `forms`. */
  readonly byForm: readonly number[];
}

/** How the combined forecast did on points it had not seen, by distance. */
export interface ScoreRow {
  /** Distance beyond the window, in decades: from … to. */
  readonly from: number;
  readonly to: number;
  readonly points: number;
  /** Root mean square of log(predicted/observed). */
  readonly error: number;
  /** Share of the points inside the interval for a new run. */
  readonly held: number;
}

/** The budget at which the mean curve reaches a loss. */
export interface Reached {
  readonly loss: number;
  /** Null where the mean curve does not reach it within ten decades. An open end of the interval: perhaps never. */
  readonly budget: Quantity | null;
}

export interface Forecast {
  readonly group: Readonly<Record<string, string>>;
  readonly points: number;
  /** Largest x in the data. */
  readonly reach: number;
  readonly level: number;
  /** How the forms were put together, or the law that was insisted on. */
  readonly method: "combined" | "one-law";
  readonly forms: readonly Form[];
  /** Standard deviation of log loss of one run about the curve, near the end of the data. */
  readonly noise: number | null;
  readonly at: readonly ForecastPoint[];
  readonly scoreCard: readonly ScoreRow[];
  readonly reached: readonly Reached[];
  readonly warnings: readonly Warning[];
}

/** Two groups at one x. */
export interface Lead {
  readonly x: number;
  readonly ahead: string;
  readonly behind: string;
  /** Loss of the one behind less that of the one ahead: form by form, and by what their runs have in common. */
  readonly difference: Quantity;
  /** That the one ahead is. */
  readonly probability: number | null;
}

export interface Forecasts {
  readonly forecasts: readonly Forecast[];
  /** The lowest mean curve against each other group, at each x. */
  readonly leads: readonly Lead[];
  readonly sentences: readonly string[];
}
