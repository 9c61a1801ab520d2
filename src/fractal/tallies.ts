// One document -> what the estimates need of it: the tally of each statistic at each scale. A few kilobytes, so that a
// corpus is analysed in one pass and its text is not kept.
import type { FractalOptions, StatisticName, Surprisals } from "./record.js";
import { scaleGrid } from "./scales.js";
import { normalized, WINDOWS } from "./series.js";
import { type Series, STATISTIC, type Tally } from "./statistics.js";

/** What is tallied: every statistic, S with ε/4 and 4ε too, and all without the start of the document. */
export type Tallied = StatisticName | "selfSimilarity/4" | "selfSimilarity*4" | `${StatisticName} late`;

/** Share of a document that the tallies called late leave out at its start. */
const START = 1 / 8;

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
  const start = Math.floor(START * tokens);
  // Sums and differences alone are looked at, so that the series may begin anywhere.
  const rest: Series = { x: series.x.subarray(start), X: series.X.subarray(start) };
  const late = (statistic: StatisticName) => tallied(rest, statistic, scales, options.epsilon);
  const lateRanges = late("rescaledRange");
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
      "fluctuation late": late("fluctuation"),
      "wavelet late": late("wavelet"),
      "rescaledRange late": lateRanges,
      "correctedRange late": lateRanges,
      "selfSimilarity late": late("selfSimilarity"),
      "joseph late": late("joseph"),
    },
  };
}

function tallied(series: Series, name: StatisticName, scales: readonly number[], epsilon: number): readonly Tally[] {
  return scales.map((scale) => STATISTIC[name].tally(series, scale, epsilon));
}
