// The answer in a sentence, and the doubts after it. Every number comes out of the Analysis; what it lacks prints as "–".
import { decimal, fixed, percent, significant } from "../base/format.js";
import type { Difference, NestedTest, NestedTests } from "../compare/comparison.js";
import { doubtLines } from "../fit/doubt-lines.js";
import type { Interval } from "../fit/record.js";
import type { Analysis } from "./record.js";

/** "[1.20, 1.34]", open sides as −∞ and ∞. */
export function intervalText(interval: Interval | null, decimals = 3): string {
  if (interval === null) return "–";
  const side = (value: number | null, open: string) => (value === null ? open : decimal(value, decimals));
  return `[${side(interval.lower, "−∞")}, ${side(interval.upper, "∞")}]`;
}

export function pText(p: number | null): string {
  if (p === null) return "p = –";
  return p < 1e-4 ? "p < .0001" : `p = ${fixed(p, 4).replace(/^0/, "")}`;
}

/** The answer in one sentence, with the number of points; and what it rests on: tests, an interval, what would tell. */
export interface Verdict {
  readonly answer: string;
  readonly evidence: string;
}

export function verdict(analysis: Analysis): Verdict {
  const { comparison } = analysis;
  if (comparison === null) {
    const first =
      analysis.fits.filter((fit) => fit !== null).length < 2
        ? `These data hold no comparison of laws: fewer than two schemes could be fitted (n = ${analysis.points.fitted} points).`
        : "The fitted schemes could not be compared.";
    return { answer: [first, ...rankingSentence(analysis)].join(" "), evidence: failureLines(analysis).join("; ") };
  }
  const { attribution } = comparison;
  const n = `n = ${attribution.free.points} points, ${comparison.schemes.length} schemes`;
  const tests = `${testsText(attribution)}.`;
  if (attribution.verdict === "cannot tell") {
    const obstacles = obstaclesText(analysis);
    const differ = attribution.tests.some((test) => test.model === "shared-both" && test.rejected);
    const says =
      obstacles !== ""
        ? `These data cannot tell whether the schemes differ in the exponent or in the limit, because the law does not describe every scheme well enough (${n}).`
        : differ
          ? `The schemes differ in exponent or limit, but these data cannot tell in which of the two (${n}).`
          : `These data cannot tell whether the schemes differ in the exponent, in the limit or not at all (${n}).`;
    return { answer: says, evidence: `${obstacles}${tests} ${widest(analysis)} ${remedy(analysis)}` };
  }
  const says = {
    exponent: "The schemes differ in the exponent, and one limit for all fits as well",
    limit: "The schemes differ in the limit, and one exponent for all fits as well",
    both: "The schemes differ in both exponent and limit",
    neither: "Exponent and limit of the schemes agree within the stated margins",
  }[attribution.verdict];
  return { answer: `${says} (${n}).`, evidence: `${tests} ${widest(analysis)}` };
}

const OBSTACLES: Readonly<Record<string, string>> = {
  "at-bound": "The limit ended at its bound",
  "residuals-structured": "Residuals keep a shape along the budget",
  "iteration-limit": "The fit did not converge",
  "ill-conditioned": "The data do not fix the parameters",
};

/** "The limit ended at its bound for RAO r=2, RINS r=3. …", schemes by their labels; "" where nothing hinders. */
function obstaclesText({ comparison }: Analysis): string {
  const labelled = new Map<string, string[]>();
  for (const { scheme, code } of comparison?.attribution.obstacles ?? []) {
    labelled.set(code, [...(labelled.get(code) ?? []), scheme]);
  }
  return [...labelled].map(([code, names]) => `${OBSTACLES[code] ?? code} for ${names.join(", ")}. `).join("");
}

/** What would tell; runs of ours that are smaller than the reference sweep are pointed at it. */
function remedy({ schemes, provenance }: Analysis): string {
  const small = schemes.some(({ seeds }) => seeds < 3);
  const ours = provenance.corpus !== undefined;
  return small && ours
    ? "More horizons over a wider range and more seeds would tell: the reference sweep has them (rinsight sweep reference), and rinsight design plans another."
    : "Points over a wider range of budgets and more seeds would tell: rinsight design says how many.";
}

const SHARED = {
  "shared-limit": "one limit for all",
  "shared-exponent": "one exponent for all",
  "shared-both": "one limit and one exponent for all",
} as const;

function testsText(tests: NestedTests): string {
  return `F tests: ${tests.tests.map((test) => `${SHARED[test.model]}: ${testText(test)}`).join("; ")}`;
}

function testText(test: NestedTest): string {
  const outcome = test.rejected ? "rejected" : "not rejected";
  // The larger of the two decides. Redrawn data sets are some hundreds, so their share is no finer than a thousandth.
  const redrawn =
    test.bootstrapPValue === null ? "" : `, bootstrap p = ${fixed(test.bootstrapPValue, 3).replace(/^0/, "")}`;
  return `F(${test.numeratorDf}, ${test.denominatorDf}) = ${significant(test.fStatistic, 3)}, ${pText(test.pValue)}${redrawn}, ${outcome}`;
}

function widest(analysis: Analysis): string {
  const widths = analysis.fits.flatMap((fit, order) => {
    const exponent = fit?.parameters.exponent;
    const label = analysis.schemes[order]?.label;
    return exponent === undefined || label === undefined ? [] : [{ label, exponent }];
  });
  const first = widths[0];
  if (first === undefined) return "";
  return `The exponent of ${first.label} alone is ${fixed(first.exponent.estimate, 3)} with a ${percent(analysis.level)} interval of ${intervalText(first.exponent.interval)}.`;
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
    return `At ${significant(one.budget, 3)} ${UNIT[analysis.comparisonVariable]} the loss of ${one.scheme} by its fitted law ${says} that of ${one.baseline}: ${decimal(one.difference, 4)} nats ${intervalText(one.interval, 4)}, ${pText(one.adjustedPValue)} (Holm).`;
  });
}

const UNIT = { flops: "FLOPs", tokens: "tokens" } as const;
/** How many schemes the ranking names after the first. */
const RUNNERS_UP = 3;

/** The first of the ranking and those after it; nothing with fewer than two schemes. */
function rankingSentence({ ranking, comparisonVariable }: Analysis): readonly string[] {
  const [first, ...others] = ranking?.schemes ?? [];
  if (ranking === null || first === undefined || others.length === 0) return [];
  const text = ({ label, loss, lowest, highest, points }: typeof first) =>
    `${label} ${fixed(loss, 4)}${points > 1 ? ` (${points} points from ${fixed(lowest, 4)} to ${fixed(highest, 4)})` : ""}`;
  return [
    `At ${significant(ranking.budget, 3)} ${UNIT[comparisonVariable]} the lowest mean loss of ${ranking.schemes.length} schemes, in nats per token, is that of ${text(first)}; then come ${others.slice(0, RUNNERS_UP).map(text).join(", ")}.`,
  ];
}

/** Why schemes could not be fitted or compared, each reason once. */
export function failureLines({ failures, schemes }: Analysis): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const { scheme, message } of failures) reasons.set(message, [...(reasons.get(message) ?? []), scheme]);
  return [...reasons].map(([message, about]) =>
    about.length === schemes.length && about.length > 1
      ? `all ${about.length}: ${message}`
      : `${about.join(", ")}: ${message}`,
  );
}

/** One sentence a doubt, with the schemes it is about. */
export function doubts(analysis: Analysis): readonly string[] {
  const { fits, schemes, comparison } = analysis;
  return [
    ...failureLines(analysis),
    ...doubtLines(
      fits,
      schemes.map(({ label }) => label),
    ),
    ...(comparison?.warnings ?? []).map(({ code, message }) => `${code}: ${message}`),
  ];
}
