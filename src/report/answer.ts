// What the first screen shows: each scheme's loss against the baseline's at the one budget where all of them are compared.
import type { Comparison, MeasuredDifference } from "../compare/comparison.js";
import { isUndone } from "../compare/obstacles.js";
import type { Interval } from "../fit/record.js";
import { powerLawWithLimit } from "../law/power-law.js";
import type { Analysis } from "./record.js";

export interface LossDifference {
  readonly scheme: string;
  /** Nats per token; below 0 is better than the baseline. */
  readonly difference: number;
  readonly interval: Interval | null;
  /** The wider interval that holds for all differences at once; null where it was not computed. */
  readonly simultaneous: Interval | null;
  readonly adjustedPValue: number | null;
  /** The difference that 80 of 100 such studies would tell from 0. */
  readonly detectable: number | null;
  /** Told apart from 0 over all schemes at once, with an interval that is closed, by laws that no bend would undo. */
  readonly clear: boolean;
  /** What a bend of the laws would change, where that leaves untold what the interval tells; null elsewhere. */
  readonly bend: number | null;
  /** The same difference by the matched points there, without a law; null where they do not match. */
  readonly measured: MeasuredDifference | null;
}

export interface LossDifferences {
  readonly baseline: string;
  /** In units of `comparisonVariable`; null without a comparison. */
  readonly budget: number | null;
  /** The lowest loss first. */
  readonly rows: readonly LossDifference[];
  /** By the fitted laws at `budget`, so that the differences in `rows` are differences of these; by scheme. */
  readonly losses: ReadonlyMap<string, number>;
}

export function lossDifferences({ comparison }: Analysis): LossDifferences {
  if (comparison === null) return { baseline: "", budget: null, rows: [], losses: new Map() };
  const losses = comparison.differences.filter(
    (one) => one.quantity === "loss" && one.baseline === comparison.baseline && one.budget !== null,
  );
  const budget = losses.reduce<number | null>((most, one) => Math.max(most ?? 0, one.budget ?? 0), null);
  const rows = losses
    .filter((one) => one.budget === budget)
    .map((row): LossDifference => {
      const { scheme, difference, interval, simultaneous, adjustedPValue, detectable, told } = row;
      const closed = interval !== null && interval.lower !== null && interval.upper !== null;
      const measured = comparison.measured.find((one) => one.scheme === scheme) ?? null;
      const bend = isUndone(row, comparison.attribution.alpha) ? row.bend : null;
      const clear = closed && told;
      return { scheme, difference, interval, simultaneous, adjustedPValue, detectable, clear, bend, measured };
    })
    .sort((one, other) => one.difference - other.difference);
  return { baseline: comparison.baseline, budget, rows, losses: lossesByLaw(comparison, budget) };
}

function lossesByLaw({ schemes, fits }: Comparison, budget: number | null): ReadonlyMap<string, number> {
  return new Map(
    fits.flatMap(({ law, parameters }, order): [string, number][] => {
      const scheme = schemes[order];
      if (budget === null || scheme === undefined || law !== powerLawWithLimit.name) return [];
      const values = powerLawWithLimit.parameters.map(({ name }) => parameters[name]?.estimate ?? Number.NaN);
      return [[scheme, powerLawWithLimit.value(values, [budget])]];
    }),
  );
}
