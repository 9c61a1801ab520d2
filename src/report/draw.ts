// Every chart of a report, from what was read and what was concluded. A chart whose data are absent is left out.

import type { Chart, Given } from "./charts/chart.js";
import { palette } from "./charts/palette.js";
import { CHARTS, OF_ANY_CROWD } from "./charts/registry.js";
import { detailed } from "./detail.js";
import type { Analysis, ReportSource } from "./record.js";

/**
 * The charts of a report, in its order, as plain Vega-Lite specs; one whose data are absent is left out.
 *
 * @example
 * import { analyse, draw, readSource } from "rinsight";
 *
 * const { source } = await readSource(["curves.csv"]);
 * const charts = draw(source, analyse(source, { title: "Mine", bootstrap: 200 }));
 * console.log(charts.slice(0, 3).map(({ name }) => name).join(" ")); // differences loss-tokens multiplier
 */
export function draw(source: ReportSource, analysis: Analysis): readonly Chart[] {
  const given: Given = { source, analysis, palette: reportPalette(source, analysis) };
  return Object.entries(CHARTS).flatMap(([name, drawing]) =>
    detailed(source) || OF_ANY_CROWD.has(name) ? (drawing(given) ?? []) : [],
  );
}

/** Of many schemes the baseline, the best three and the worst two of the ranking are in colour. */
export function reportPalette(source: ReportSource, { ranking, comparison }: Analysis) {
  const labels = source.schemes.map((scheme) => scheme.label);
  const ranked = ranking?.schemes.map(({ label }) => label) ?? [];
  const baseline = comparison?.baseline ?? labels[0] ?? "";
  return palette(labels, [baseline, ...ranked.slice(0, 3), ...ranked.slice(-2)]);
}
