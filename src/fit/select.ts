// Which points are fitted: each rule leaves points out with a reason, and nothing is dropped silently. Tables and run
// files bring their own exclusions (undecayed rows, missing cells); these rules are for observations already in hand.
import { InputError } from "../base/errors.js";
import { significant } from "../base/format.js";
import type { Exclusion, Observations } from "../curve/observations.js";
import { at, type Law } from "../law/law.js";
import { fit as fitLaw } from "./fit.js";
import { pick } from "./held-out.js";
import type { FitOptions } from "./record.js";

export interface SelectionRules {
  /** Leave out points whose learning rate was not cooled down, where the source says which these are. */
  readonly decayedOnly: boolean;
  /** Keep x (the first variable) within [lower, upper]; infinite on an open side. */
  readonly window: readonly [number, number];
  /** Leave out this share of every run's points, smallest x first; without runs, of all points. 0 to 1. */
  readonly warmUp: number;
  /** Leave out points whose residual from `law` exceeds this many robust standard deviations (1.4826·MAD); null for none. */
  readonly outliers: { readonly law: Law; readonly deviations: number; readonly fit?: Partial<FitOptions> } | null;
}

export const DEFAULT_RULES: SelectionRules = {
  decayedOnly: true,
  window: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  warmUp: 0,
  outliers: null,
};

/**
 * The observations without the points that the rules leave out, these added to `excluded` (`row`: position among the
 * points given). Rules apply in the order of SelectionRules, each to what the ones before it left.
 * Throws InputError for an empty window or a share outside [0, 1).
 *
 * @example
 * import { observe, readTable, select } from "rinsight";
 *
 * const { groups } = observe((await readTable(["curves.csv"])).table, ["tokens"]);
 * const late = groups.map((group) => select(group, { window: [4e6, Infinity] }));
 * console.log(late[0]?.excluded[0]?.code); // window
 */
export function select(observations: Observations, rules: Partial<SelectionRules> = {}): Observations {
  const chosen = { ...DEFAULT_RULES, ...rules };
  const [lower, upper] = chosen.window;
  if (!(lower < upper))
    throw new InputError(`select: window must be lower < upper, got ${lower} and ${upper}; swap them`);
  if (!(chosen.warmUp >= 0 && chosen.warmUp < 1)) {
    throw new InputError(
      `select: warm-up must be a share from 0 to below 1, got ${chosen.warmUp}; 0.1 leaves out a tenth`,
    );
  }
  const x = observations.x[0] ?? new Float64Array(0);
  const left = new Map<number, Exclusion>();
  const exclude = (row: number, code: string, reason: string) => left.set(row, { row, code, reason });
  const kept = () => Array.from(observations.loss.keys()).filter((row) => !left.has(row));
  if (chosen.decayedOnly) {
    for (const row of kept()) {
      if (observations.decayed?.[row] === false)
        exclude(row, "undecayed", "the learning rate was not cooled down here");
    }
  }
  for (const row of kept()) {
    const value = at(x, row);
    if (value < lower || value > upper) {
      exclude(row, "window", `${significant(value)} lies outside ${significant(lower)} to ${significant(upper)}`);
    }
  }
  if (chosen.warmUp > 0) {
    const runOf = (row: number) => observations.run?.[row] ?? "";
    for (const run of new Set(kept().map(runOf))) {
      const rows = kept().filter((row) => runOf(row) === run);
      const ordered = [...rows].sort((a, b) => at(x, a) - at(x, b));
      for (const row of ordered.slice(0, Math.floor(chosen.warmUp * rows.length))) {
        exclude(row, "warm-up", `within the first ${significant(100 * chosen.warmUp, 3)}% of the run's points`);
      }
    }
  }
  if (chosen.outliers !== null) {
    const { law, deviations } = chosen.outliers;
    const rows = kept();
    // Judged by the absolute loss, which the outliers themselves cannot pull.
    const options: Partial<FitOptions> = { ...chosen.outliers.fit, loss: { kind: "absolute" }, interval: "delta" };
    const { residuals } = fitLaw(law, pick(observations, rows), options);
    const sizes = Float64Array.from(residuals, Math.abs).sort();
    const spread = 1.4826 * at(sizes, sizes.length >> 1);
    rows.forEach((row, i) => {
      const size = Math.abs(residuals[i] ?? Number.NaN);
      if (size > deviations * spread && spread > 0) {
        exclude(
          row,
          "outlier",
          `residual of ${significant(size / spread, 3)} robust standard deviations, over ${deviations}`,
        );
      }
    });
  }
  const excluded = [...left.values()].sort((a, b) => a.row - b.row);
  return { ...pick(observations, kept()), excluded: [...observations.excluded, ...excluded] };
}
