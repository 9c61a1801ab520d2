// The answer in a sentence, and the doubts after it. Every number comes out of the Analysis; what it lacks prints as "–".
import { fixed, significant } from "../base/format.js";
import type { Difference, NestedTest, NestedTests } from "../compare/comparison.js";
import type { Interval } from "../fit/fit.js";
import type { Analysis } from "./record.js";

/** With a minus sign that is not a hyphen. */
const signed = (value: number | null, decimals: number): string => fixed(value, decimals).replace("-", "−");

/** "[1.20, 1.34]", open sides as −∞ and ∞. */
export function intervalText(interval: Interval | null, decimals = 3): string {
  if (interval === null) return "–";
  const side = (value: number | null, open: string) => (value === null ? open : signed(value, decimals));
  return `[${side(interval.lower, "−∞")}, ${side(interval.upper, "∞")}]`;
}

export function pText(p: number | null): string {
  if (p === null) return "p = –";
  return p < 1e-4 ? "p < .0001" : `p = ${fixed(p, 4).replace(/^0/, "")}`;
}

/** The verdict: what differs, on how many points, by which test; or that the data cannot tell, and what would. */
export function verdict(analysis: Analysis): string {
  const { comparison } = analysis;
  if (comparison === null) {
    return analysis.fits.filter((fit) => fit !== null).length < 2
      ? `These data hold no comparison: fewer than two schemes could be fitted (${analysis.points.fitted} points).`
      : `The fitted schemes could not be compared: ${analysis.failures.at(-1)?.message ?? "no comparison was made"}.`;
  }
  const { attribution } = comparison;
  const tests = testsText(attribution);
  const n = `n = ${attribution.free.points} points, ${comparison.schemes.length} schemes`;
  if (attribution.verdict === "cannot tell") {
    const differ = attribution.tests.some((test) => test.model === "shared-both" && test.rejected);
    const says =
      attribution.obstacles.length > 0
        ? `These data cannot tell whether the schemes differ in the exponent or in the limit, because the law does not describe them well enough: ${obstaclesText(analysis)}`
        : differ
          ? "The schemes differ in exponent or limit, but these data cannot tell in which of the two"
          : "These data cannot tell whether the schemes differ in the exponent, in the limit or not at all";
    return `${says} (${n}; ${tests}). ${widest(analysis)} ${remedy(analysis)}`;
  }
  const says = {
    exponent: "The schemes differ in the exponent, and one limit for all fits as well",
    limit: "The schemes differ in the limit, and one exponent for all fits as well",
    both: "The schemes differ in both exponent and limit",
    neither: "Exponent and limit of the schemes agree within the stated margins",
  }[attribution.verdict];
  return `${says} (${n}; ${tests}).`;
}

const OBSTACLES: Readonly<Record<string, string>> = {
  "at-bound": "the limit ended at its bound",
  "residuals-structured": "residuals keep a shape along the budget",
  "iteration-limit": "the fit did not converge",
  "ill-conditioned": "the data do not fix the parameters",
};

/** "RAO r=2 and RINS r=3: the limit ended at its bound; …", schemes by their labels. */
function obstaclesText({ comparison }: Analysis): string {
  const labelled = new Map<string, string[]>();
  for (const { scheme, code } of comparison?.attribution.obstacles ?? []) {
    labelled.set(code, [...(labelled.get(code) ?? []), scheme]);
  }
  return [...labelled].map(([code, names]) => `${names.join(", ")}: ${OBSTACLES[code] ?? code}`).join("; ");
}

/** What would tell; a study smaller than the reference sweep is pointed at it. */
function remedy({ schemes }: Analysis): string {
  const small = schemes.some(({ seeds }) => seeds < 3);
  return small
    ? "More horizons over a wider range and more seeds would tell: the reference sweep has them (rinsight sweep reference), and rinsight design plans another."
    : "Larger budgets over a wider range would tell: rinsight design says which.";
}

const SHARED = {
  "shared-limit": "one limit for all",
  "shared-exponent": "one exponent for all",
  "shared-both": "one limit and one exponent for all",
} as const;

function testsText(tests: NestedTests): string {
  return tests.tests.map((test) => `${SHARED[test.model]}: ${testText(test)}`).join("; ");
}

function testText(test: NestedTest): string {
  const outcome = test.rejected ? "rejected" : "not rejected";
  return `F(${test.numeratorDf}, ${test.denominatorDf}) = ${significant(test.fStatistic, 3)}, ${pText(test.adjustedPValue)}, ${outcome}`;
}

function widest(analysis: Analysis): string {
  const widths = analysis.fits.flatMap((fit, order) => {
    const exponent = fit?.parameters.exponent;
    const label = analysis.schemes[order]?.label;
    return exponent === undefined || label === undefined ? [] : [{ label, exponent }];
  });
  const first = widths[0];
  if (first === undefined) return "";
  return `The exponent of ${first.label} alone is ${fixed(first.exponent.estimate, 3)} with a ${100 * analysis.level}% interval of ${intervalText(first.exponent.interval)}.`;
}

/** One sentence a scheme: its loss against the baseline's at equal compute, with interval and test. */
export function lossSentences(analysis: Analysis): readonly string[] {
  const { comparison } = analysis;
  if (comparison === null) return [];
  const losses = comparison.differences.filter(
    (one) => one.quantity === "loss" && one.baseline === comparison.baseline,
  );
  const budget = new Map<string, Difference>();
  for (const one of losses) {
    const held = budget.get(one.scheme);
    if (held === undefined || (one.budget ?? 0) > (held.budget ?? 0)) budget.set(one.scheme, one);
  }
  return [...budget.values()].map((one) => {
    const open = one.interval === null || one.interval.lower === null || one.interval.upper === null;
    const clear = !open && (one.adjustedPValue ?? 1) < comparison.attribution.alpha;
    const says = clear ? (one.difference < 0 ? "is lower than" : "is higher than") : "cannot be told from";
    return `At ${significant(one.budget, 3)} ${analysis.comparisonVariable === "flops" ? "FLOPs" : "tokens"} the loss of ${one.scheme} by its fitted law ${says} that of ${one.baseline}: ${signed(one.difference, 4)} nats ${intervalText(one.interval, 4)}, ${pText(one.adjustedPValue)} (Holm).`;
  });
}

/** One sentence a doubt, with the schemes it is about; what is said of every scheme is said once. */
export function doubts(analysis: Analysis): readonly string[] {
  const labelled = new Map<string, string[]>();
  analysis.fits.forEach((fit, order) => {
    for (const { code, message } of fit?.warnings ?? []) {
      const said = `${code}: ${message}`;
      labelled.set(said, [...(labelled.get(said) ?? []), analysis.schemes[order]?.label ?? "–"]);
    }
  });
  const ofFits = [...labelled].map(([said, schemes]) =>
    schemes.length === analysis.schemes.length ? `all schemes: ${said}` : `${schemes.join(", ")}: ${said}`,
  );
  const ofComparison = (analysis.comparison?.warnings ?? []).map(({ code, message }) => `${code}: ${message}`);
  return [...analysis.failures.map(({ scheme, message }) => `${scheme}: ${message}`), ...ofFits, ...ofComparison];
}
