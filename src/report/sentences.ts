// The answer in a sentence, and the doubts after it. Every number comes out of the Analysis; what it lacks prints as "–".
import { fixed, percent, significant } from "../base/format.js";
import type { Comparison, NestedTest, NestedTests } from "../compare/comparison.js";
import { doubtLines } from "../fit/doubt-lines.js";
import { intervalText, pText } from "./interval-text.js";
import { gapSentences, lossSummary, rankingSentences } from "./loss-sentences.js";
import type { Analysis } from "./record.js";

/** What a report answers. */
export interface Verdict {
  /** The one sentence to read: who is ahead at equal compute where that was compared, else `answer`. */
  readonly headline: string;
  /** What belongs to it, a sentence each. */
  readonly beneath: readonly string[];
  /** Exponent or limit, with the number of points. */
  readonly answer: string;
  /** What `answer` rests on: tests, an interval, what would tell. */
  readonly evidence: string;
}

export function verdict(analysis: Analysis): Verdict {
  const { comparison } = analysis;
  if (comparison === null) {
    const answer =
      analysis.fits.filter((fit) => fit !== null).length < 2
        ? `These data hold no comparison of laws: fewer than two schemes could be fitted (n = ${analysis.points.fitted} points).`
        : "The fitted schemes could not be compared.";
    const [first = answer, ...others] = [...rankingSentences(analysis), answer];
    return { headline: first, beneath: others, answer, evidence: failureLines(analysis).join("; ") };
  }
  const answer = answerText(comparison);
  const losses = lossSummary(analysis);
  const tests = `${testsText(comparison.attribution)}.`;
  const evidence =
    comparison.attribution.verdict === "cannot tell"
      ? [...obstacleSentences(comparison), tests, widest(analysis), remedy(analysis)].join(" ")
      : `${tests} ${widest(analysis)}`;
  const beneath = losses === null ? [] : [...gapSentences(analysis), answer];
  return { headline: losses ?? answer, beneath, answer, evidence };
}

/** The verdict of a comparison in one sentence, the same on a page and in a terminal. */
export function answerText({ attribution, schemes }: Comparison): string {
  const n = `n = ${attribution.free.points} points, ${schemes.length} schemes`;
  if (attribution.verdict !== "cannot tell") return `${TELLS[attribution.verdict]} (${n}).`;
  if (attribution.obstacles.some(({ code }) => code === "one-run")) {
    return `These data cannot tell whether the schemes differ in the exponent or in the limit, because the points of a scheme are of one run, whose limit is that of its schedule (${n}).`;
  }
  if (attribution.obstacles.length > 0) {
    return `These data cannot tell whether the schemes differ in the exponent or in the limit, because the law does not describe every scheme well enough (${n}).`;
  }
  return attribution.tests.some((test) => test.model === "shared-both" && test.rejected)
    ? `The schemes differ in exponent or limit, but these data cannot tell in which of the two (${n}).`
    : `These data cannot tell whether the schemes differ in the exponent, in the limit or not at all (${n}).`;
}

const TELLS = {
  exponent: "The schemes differ in the exponent, and one limit for all fits as well",
  limit: "The schemes differ in the limit, and one exponent for all fits as well",
  both: "The schemes differ in both exponent and limit",
  neither: "Exponent and limit of the schemes agree within the stated margins",
} as const;

const OBSTACLES: Readonly<Record<string, string>> = {
  "at-bound": "The limit ended at its bound",
  "residuals-structured": "Residuals keep a shape along the budget",
  "iteration-limit": "The fit did not converge",
  "ill-conditioned": "The data do not fix the parameters",
  "one-run": "All points are of one run",
};

/** Schemes spelled out before the others are counted. */
const MOST_NAMED = 4;

/** "The limit ended at its bound for RAO r=2, RINS r=3.", a sentence a reason, schemes by their labels. */
function obstacleSentences({ attribution }: Comparison): readonly string[] {
  const labelled = new Map<string, string[]>();
  for (const { scheme, code } of attribution.obstacles) {
    labelled.set(code, [...(labelled.get(code) ?? []), scheme]);
  }
  return [...labelled].map(([code, names]) => {
    const more = names.length - MOST_NAMED;
    const named = more > 1 ? `${names.slice(0, MOST_NAMED).join(", ")} and ${more} more` : names.join(", ");
    return `${OBSTACLES[code] ?? code} for ${named}.`;
  });
}

const BENT = "A law that bends, or the larger budgets alone, may tell.";
const OF_ONE_RUN = "Runs that end at several horizons, or a learning rate cooled down at each, would tell.";

/** What would tell; runs of ours that are smaller than the reference sweep are pointed at it. */
function remedy({ schemes, provenance, comparison }: Analysis): string {
  const obstacles = comparison?.attribution.obstacles ?? [];
  if (obstacles.some(({ code }) => code === "one-run")) return OF_ONE_RUN;
  if (obstacles.length > 0 && obstacles.every(({ code }) => code === "residuals-structured")) return BENT;
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
  const calibrated = test.calibratedPValue === null ? "" : `, ${pText(test.calibratedPValue)} with the noise as it is`;
  return `F(${test.numeratorDf}, ${test.denominatorDf}) = ${significant(test.fStatistic, 3)}, ${pText(test.pValue)}${calibrated}, ${outcome}`;
}

function widest(analysis: Analysis): string {
  const widths = analysis.fits.flatMap((fit, order) => {
    const exponent = fit?.parameters.exponent;
    const label = analysis.schemes[order]?.label;
    return exponent === undefined || label === undefined ? [] : [{ label, exponent }];
  });
  const first = widths[0];
  if (first === undefined) return "";
  return `The exponent of ${first.label} alone is ${fixed(first.exponent.estimate, 3)} with a ${percent(analysis.level)} interval of ${intervalText(first.exponent.interval, 3, "0")}.`;
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

/** One sentence a doubt, with the schemes it is about, those that decide how far the answer can be believed first. */
export function doubts(analysis: Analysis): readonly string[] {
  const { deciding, others } = weighedDoubts(analysis);
  return [...deciding, ...others];
}

/** Doubts that touch the answer itself, whatever else holds. */
const DECIDING =
  /(?:^|: )(?:at-bound|iteration-limit|ill-conditioned|limit-not-identified|exponent-not-identified|residuals-structured|starts-disagree|unpaired|mixed-settings|few-points|laws-bend): /;

export function weighedDoubts(analysis: Analysis): {
  /** What stands with the answer: why there is none, or what the data do not carry. */
  readonly beside: readonly string[];
  readonly deciding: readonly string[];
  readonly others: readonly string[];
} {
  const { fits, schemes, comparison } = analysis;
  const lines = [
    ...doubtLines(
      fits,
      schemes.map(({ label }) => label),
    ),
    ...(comparison?.warnings ?? []).map(({ code, message }) => `${code}: ${message}`),
  ];
  const failures = failureLines(analysis);
  const deciding = lines.filter((line) => DECIDING.test(line));
  const obstacles = comparison === null ? [] : obstacleSentences(comparison);
  return {
    beside: [...failures, ...(obstacles.length > 0 ? obstacles : deciding)],
    deciding: [...failures, ...deciding],
    others: lines.filter((line) => !DECIDING.test(line)),
  };
}
