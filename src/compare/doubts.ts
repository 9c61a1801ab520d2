// Reasons to doubt a comparison, as coded warnings that hold the remedy.
import type { Warning } from "../base/errors.js";
import { significant } from "../base/format.js";
import { shortName } from "../base/visible.js";
import type { Difference, NestedTests } from "./comparison.js";
import type { Schemes } from "./schemes.js";

/** Schemes spelled out; more are counted. */
const MOST_NAMED = 4;

interface Findings {
  /** Of residuals between schemes. */
  readonly correlation: number | null;
  /** Where losses are compared. */
  readonly budget: number;
  /** Differences that a bend of the laws would leave untold. */
  readonly undone: readonly Difference[];
  /** Whether points match there, so that differences are known without a law. */
  readonly measured: boolean;
}

/** Every doubt about a comparison, in a fixed order. */
export function doubts(
  { all, law, clusters }: Schemes,
  { tests }: NestedTests,
  { correlation, budget, undone, measured }: Findings,
): readonly Warning[] {
  const warnings: Warning[] = [...bendDoubts(undone, measured)];
  const parameters = law.parameters.length;
  if (all.some(({ group }) => group.loss.length < 2 * parameters)) {
    warnings.push({
      code: "few-points",
      message: `a scheme has fewer than ${2 * parameters} points for ${parameters} parameters: its intervals are wide and rest on the law; add horizons`,
    });
  }
  if (clusters.by !== "pair" && all.some(({ group }) => group.pair === null)) {
    warnings.push({
      code: "unpaired",
      message:
        "schemes are taken for independent of each other because no key matches their points; give --pair-by (horizon and seed) to take shared errors out",
    });
  }
  if (correlation !== null && correlation > 0.3 && tests.some((test) => test.calibratedPValue === null)) {
    warnings.push({
      code: "correlated-residuals",
      message: `residuals correlate ${correlation.toFixed(2)} between schemes at equal keys: the F tests, which take them for independent, find too little`,
    });
  }
  const beyond = all.filter(({ range: [, most] }) => budget > most * (1 + 1e-9));
  if (beyond.length > 0) {
    warnings.push({
      code: "extrapolates-far",
      message: `losses are compared at a budget outside the data of ${beyond.map(({ name }) => name).join(", ")}; give --budget within the data for a comparison without extrapolation`,
    });
  }
  return warnings;
}

/** One sentence over all quantities. */
function bendDoubts(undone: readonly Difference[], measured: boolean): readonly Warning[] {
  if (undone.length === 0) return [];
  const about = [...new Set(undone.map(({ quantity }) => quantity))].map((name) => {
    const rows = undone.filter(({ quantity }) => quantity === name);
    const schemes =
      rows.length > MOST_NAMED ? `${rows.length} schemes` : rows.map(({ scheme }) => shortName(scheme)).join(", ");
    const most = Math.max(...rows.map(({ bend }) => Math.abs(bend ?? Number.NaN)));
    return `${name} of ${schemes} (a bend would move it by up to ${significant(most, 2)})`;
  });
  return [
    {
      code: "laws-bend",
      message: `the data reject the shape of laws, so that differences are not told of ${about.join("; ")}; ${measured ? "lean on the measured differences, or " : ""}try another law or the larger budgets alone`,
    },
  ];
}
