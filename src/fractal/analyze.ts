// Documents, one after another -> exponents by group. The range of scales is one for all documents of a group, so that
// every scale is measured on the same text.
import { InputError, shown, type Warning } from "../base/errors.js";
import { estimate, LEAST_DOCUMENTS } from "./estimate.js";
import {
  DEFAULT_FRACTAL_OPTIONS,
  type FractalAnalysis,
  type FractalOptions,
  type GroupAnalysis,
  STATISTICS,
  type Surprisals,
} from "./record.js";
import { scaleGrid } from "./scales.js";
import { WINDOWS } from "./series.js";
import { type DocumentTallies, type LeftOut, talliesOf } from "./tallies.js";

/** Share of the documents that may be too short for the largest scale. */
const SHORTEST_SHARE = 0.1;

/**
 * Self-similarity S, Hurst exponent H (by four estimators) and Joseph exponent J of series of surprisals, by group, each
 * with an interval over documents (arXiv 2402.01825; formulas at STATISTICS). Memory grows with the number of
 * documents, not with their length. Scales run from `from` to `to`, half an octave apart; `to` is a quarter of the
 * length of the document that a tenth are shorter than, and those are left out, with the reason.
 * Throws InputError for options that cannot be.
 *
 * @example
 * import { analyzeFractal, random } from "rinsight";
 *
 * const noise = random(1);
 * const documents = Array.from({ length: 20 }, (_, d) => ({
 *   document: `d${d}`,
 *   group: "noise",
 *   values: Array.from({ length: 2048 }, () => noise.normal()),
 * }));
 * const { groups } = await analyzeFractal(documents);
 * console.log(groups[0]?.estimates[0]?.estimate?.toFixed(2)); // 0.50
 */
export async function analyzeFractal(
  documents: Iterable<Surprisals> | AsyncIterable<Surprisals>,
  change: Partial<FractalOptions> = {},
): Promise<FractalAnalysis> {
  const options = checked({ ...DEFAULT_FRACTAL_OPTIONS, ...change });
  const byGroup = new Map<string, DocumentTallies[]>();
  const leftOut: LeftOut[] = [];
  for await (const document of documents) {
    const result = talliesOf(document, options);
    if ("reason" in result) {
      leftOut.push(result);
      continue;
    }
    const group = byGroup.get(result.group);
    if (group === undefined) byGroup.set(result.group, [result]);
    else group.push(result);
  }
  const groups: GroupAnalysis[] = [];
  for (const [group, tallies] of byGroup) {
    const { analysis, short } = analyzeGroup(group, tallies, options);
    groups.push(analysis);
    leftOut.push(...short);
  }
  return { options, groups, leftOut };
}

function analyzeGroup(
  group: string,
  all: readonly DocumentTallies[],
  options: FractalOptions,
): { readonly analysis: GroupAnalysis; readonly short: readonly LeftOut[] } {
  const lengths = all.map(({ tokens }) => tokens).sort((a, b) => a - b);
  const length = lengths[Math.floor(SHORTEST_SHARE * lengths.length)] ?? 0;
  const scales = scaleGrid(options.from, Math.min(options.to ?? Number.POSITIVE_INFINITY, length / WINDOWS));
  const to = scales.at(-1) ?? options.from;
  const documents = all.filter(({ tokens }) => tokens >= WINDOWS * to);
  const short = all
    .filter(({ tokens }) => tokens < WINDOWS * to)
    .map(({ document, tokens }) => ({
      document,
      group,
      reason: `${tokens} tokens, ${WINDOWS * to} are needed for scales to ${to}; lower --to to keep it`,
    }));
  const estimates = STATISTICS.map((statistic) => estimate(documents, statistic, scales, options.level));
  const similarity = estimates.find(({ statistic }) => statistic === "selfSimilarity")?.estimate ?? null;
  return {
    analysis: {
      group,
      documents: documents.length,
      tokens: documents.reduce((sum, { tokens }) => sum + tokens, 0),
      scales: { from: options.from, to },
      estimates,
      dimension: similarity === null ? null : 2 - similarity,
      warnings: doubts(group, documents.length, scales, similarity),
    },
    short,
  };
}

function doubts(group: string, documents: number, scales: readonly number[], similarity: number | null): Warning[] {
  const warnings: Warning[] = [];
  if (documents < LEAST_DOCUMENTS) {
    warnings.push({
      code: "few-documents",
      message: `${group}: ${documents} documents hold no interval; give ${LEAST_DOCUMENTS} or more, cut long texts into documents`,
    });
  }
  const decades = Math.log10((scales.at(-1) ?? 1) / (scales[0] ?? 1));
  if (decades < 1) {
    warnings.push({
      code: "short-range",
      message: `${group}: scales span ${decades.toFixed(1)} decades, on which any curve looks straight; give longer documents`,
    });
  }
  if (similarity === null) {
    warnings.push({ code: "no-returns", message: `${group}: hardly any return within ε; raise --epsilon` });
  }
  return warnings;
}

function checked(options: FractalOptions): FractalOptions {
  const { from, to, epsilon, skip, level } = options;
  const refuse = (name: string, rule: string, got: unknown, remedy: string): never => {
    throw new InputError(`fractal: ${name} must be ${rule}, got ${shown(got)}; ${remedy}`);
  };
  if (!Number.isInteger(from) || from < 4) refuse("--from", "a whole number of at least 4", from, "16 is the default");
  if (to !== null && !(Number.isInteger(to) && to >= 4 * from)) {
    refuse("--to", `a whole number of at least four times --from, ${4 * from}`, to, "raise it or lower --from");
  }
  if (!(epsilon > 0)) refuse("--epsilon", "above 0", epsilon, ".05 is the default, .005 as published");
  if (!Number.isInteger(skip) || skip < 0) refuse("--skip", "a whole number, 0 or more", skip, "0 is the default");
  if (!(level > 0 && level < 1)) refuse("--level", "between 0 and 1", level, ".95 is the default");
  return options;
}
