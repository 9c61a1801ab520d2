// One document -> what the estimates need of it: the tally of each statistic at each scale. A few kilobytes, so that a
// corpus is analysed in one pass and its text is not kept.
import type { FractalOptions, StatisticName, Surprisals } from "./record.js";
import { scaleGrid } from "./scales.js";
import { normalized, WINDOWS } from "./series.js";
import { type Series, STATISTIC, type Tally } from "./statistics.js";

/** What is tallied: a statistic, S at three ε. */
export const TALLIED = [
  "fluctuation",
  "wavelet",
  "rescaledRange",
  "correctedRange",
  "selfSimilarity",
  "selfSimilarity/4",
  "selfSimilarity*4",
  "joseph",
] as const;
export type Tallied = (typeof TALLIED)[number];

export interface DocumentTallies {
  readonly document: string;
  readonly group: string;
  readonly tokens: number;
  /** By scale of scaleGrid, to a quarter of the document's length. */
  readonly tallies: Readonly<Record<Tallied, readonly Tally[]>>;
}

export interface LeftOut {
  readonly document: string;
  readonly group: string;
  readonly reason: string;
}

/** The tallies of a document, or why it is left out. */
export function talliesOf(document: Surprisals, options: FractalOptions): DocumentTallies | LeftOut {
  const name = { document: document.document, group: document.group };
  const result = normalized(document, options);
  if (result.kind === "left-out") return { ...name, reason: result.reason };
  const { series } = result;
  const tokens = series.x.length;
  const scales = scaleGrid(options.from, Math.min(tokens / WINDOWS, options.to ?? Number.POSITIVE_INFINITY));
  const over = (statistic: StatisticName, epsilon = options.epsilon) => tallied(series, statistic, scales, epsilon);
  const ranges = over("rescaledRange");
  return {
    ...name,
    tokens,
    tallies: {
      fluctuation: over("fluctuation"),
      wavelet: over("wavelet"),
      rescaledRange: ranges,
      correctedRange: ranges,
      selfSimilarity: over("selfSimilarity"),
      "selfSimilarity/4": over("selfSimilarity", options.epsilon / 4),
      "selfSimilarity*4": over("selfSimilarity", options.epsilon * 4),
      joseph: over("joseph"),
    },
  };
}

function tallied(series: Series, name: StatisticName, scales: readonly number[], epsilon: number): readonly Tally[] {
  return scales.map((scale) => STATISTIC[name].tally(series, scale, epsilon));
}
