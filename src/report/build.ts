// A report as files in memory: source → analysis → charts → page, twin, tables, manifest. The one path that both
// `report` and `verify` take; nothing in it reads a clock, a folder or the machine.
import { stringify } from "csv-stringify/sync";
import { type AnalysisOptions, analyse, DEFAULT_OPTIONS } from "./analysis.js";
import { assemble } from "./assemble.js";
import type { ReportFiles } from "./chart-files.js";
import { checklist } from "./checklist.js";
import { draw, reportPalette } from "./draw.js";
import { forecastSection } from "./forecast-section.js";
import { lossSentences } from "./loss-sentences.js";
import type { Analysis, ReportSource } from "./record.js";
import { schemeTable } from "./scheme-table.js";
import { type Verdict, verdict, weighedDoubts } from "./sentences.js";

export interface Report {
  readonly analysis: Analysis;
  readonly verdict: Verdict;
  /** Content by path relative to the report's folder, with forward slashes. */
  readonly files: ReportFiles;
}

/**
 * Everything that goes into a report folder. `versions` go into the manifest as they are: {rinsight, node, commit?}.
 * The same source, options and versions give the same bytes.
 *
 * @example
 * import { buildReport, readSource, writeFolder } from "rinsight";
 *
 * const { source } = await readSource(["curves.csv"]);
 * const report = await buildReport(source, { title: "Mine", bootstrap: 200 }, {});
 * writeFolder("report", report.files);
 * console.log(report.verdict.headline);
 */
export async function buildReport(
  source: ReportSource,
  options: Partial<AnalysisOptions>,
  versions: Readonly<Record<string, string>>,
): Promise<Report> {
  const chosen = { ...DEFAULT_OPTIONS, ...options };
  const analysis = analyse(source, chosen);
  const page = {
    title: analysis.title,
    verdict: verdict(analysis),
    sentences: lossSentences(analysis),
    table: schemeTable(analysis),
    schemes: analysis.schemes.map(({ label }) => label),
    doubts: weighedDoubts(analysis),
    charts: draw(source, analysis),
    sections: forecastSection(analysis),
    palette: reportPalette(source, analysis),
    checklist: checklist(analysis, source.inputs, chosen.seed),
  };
  const origin = { inputs: source.inputs, options: chosen, versions };
  const files = await assemble(page, origin, { fits: analysis, points: pointsCsv(source) });
  return { analysis, verdict: page.verdict, files };
}

function pointsCsv(source: ReportSource): string {
  const columns = [
    "scheme",
    "run",
    "seed",
    "tokens",
    "flops",
    "loss",
    "standardError",
    "learningRate",
    "decayed",
    "horizonTokens",
    "excluded",
  ] as const;
  return stringify(
    source.points.map((point) => columns.map((column) => point[column])),
    { header: true, columns: [...columns], cast: { boolean: (value) => String(value) } },
  );
}
