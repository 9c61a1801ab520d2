// A report on sizes as files in memory: where to put the compute, by three approaches, family by family.
import { stringify } from "csv-stringify/sync";
import { optimumCells, valleyCells } from "../allocation-cells.js";
import { type AnalysisOptions, DEFAULT_OPTIONS } from "../analysis.js";
import { assemble } from "../assemble.js";
import type { Cells } from "../cells.js";
import { known, left } from "../cells.js";
import type { ReportFiles } from "../chart-files.js";
import type { Chart } from "../charts/chart.js";
import { palette } from "../charts/palette.js";
import { fitCells } from "../fit-cells.js";
import type { Section } from "../page/report-page.js";
import type { Verdict } from "../sentences.js";
import { allocationOf, analyseSurface, flopsOf } from "./analyse.js";
import { allocationCharts, surfaceResiduals } from "./charts.js";
import type { SurfaceAnalysis, SurfaceSource } from "./record.js";
import { surfaceChecklist, surfaceDoubts, surfaceSentences, surfaceVerdict } from "./words.js";

export interface SurfaceReport {
  readonly analysis: SurfaceAnalysis;
  readonly verdict: Verdict;
  readonly files: ReportFiles;
}

/** As `buildReport`, for runs of several sizes: the same source, options and versions give the same bytes. */
export async function buildSurfaceReport(
  source: SurfaceSource,
  options: Partial<AnalysisOptions>,
  versions: Readonly<Record<string, string>>,
): Promise<SurfaceReport> {
  const chosen = { ...DEFAULT_OPTIONS, ...options };
  const analysis = analyseSurface(source, chosen);
  const labels = analysis.families.map(({ label }) => label);
  const drawings = source.groups.map((_, g) => familyCharts(source, analysis, chosen, g));
  const page = {
    title: analysis.title,
    verdict: surfaceVerdict(analysis),
    sentences: surfaceSentences(analysis),
    table: lawCells(analysis),
    schemes: labels,
    doubts: surfaceDoubts(analysis),
    charts: drawings.flat(),
    sections: analysis.families.flatMap((_, g) => sectionsOf(analysis, g, drawings[g] ?? [])),
    palette: palette(labels, labels),
    checklist: surfaceChecklist(analysis),
  };
  const origin = { inputs: source.inputs, options: chosen, versions };
  const files = await assemble(page, origin, { fits: analysis, points: pointsCsv(source, labels) });
  return { analysis, verdict: page.verdict, files };
}

/** Names and titles say which family, where there are several. */
function familyCharts(
  source: SurfaceSource,
  analysis: SurfaceAnalysis,
  options: AnalysisOptions,
  g: number,
): readonly Chart[] {
  const [group, family] = [source.groups[g], analysis.families[g]];
  if (group === undefined || family === undefined || family.allocation === null) return [];
  const charts = [
    ...allocationCharts(family.allocation, (budgets) => allocationOf(group, source.exactFlops, options, budgets)),
    ...[surfaceResiduals(family.label, family.allocation, group, flopsOf(group))].flatMap((chart) => chart ?? []),
  ];
  if (analysis.families.length === 1) return charts;
  return charts.map((chart) => ({
    ...chart,
    name: g === 0 ? chart.name : `${chart.name}-${g + 1}`,
    title: `${family.label}: ${chart.title}`,
  }));
}

function sectionsOf({ families }: SurfaceAnalysis, g: number, charts: readonly Chart[]): readonly Section[] {
  const family = families[g];
  if (family === undefined || family.allocation === null) return [];
  const { allocation, label } = family;
  const title = (text: string) => (families.length === 1 ? text : `${label}: ${text}`);
  const names = (prefix: string) => charts.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  const { valleys } = allocation;
  return [
    {
      title: title("Where to put the compute"),
      sentences: allocation.sentences,
      tables: [optimumCells(allocation)],
      charts: names("frontier-"),
    },
    {
      title: title("IsoFLOP valleys"),
      sentences: valleys.kind === "unavailable" ? [`None: ${valleys.reason}.`] : [],
      tables: [valleyCells(allocation)].filter(({ rows }) => rows.length > 0),
      charts: names("isoflop-valleys"),
    },
  ];
}

/** The law of each family; a family without one has its name alone. */
function lawCells({ families }: SurfaceAnalysis): Cells {
  const fitted = families.flatMap(({ label, allocation }) =>
    allocation?.surface.kind === "answer" ? [{ ...allocation.surface.value.fit, group: { family: label } }] : [],
  );
  if (fitted.length > 0) return known(fitCells(fitted));
  return { columns: [left("family")], rows: families.map(({ label }) => [label]) };
}

function pointsCsv({ groups }: SurfaceSource, labels: readonly string[]): string {
  const rows = groups.flatMap((group, g) => {
    const flops = flopsOf(group);
    return Array.from(group.loss, (loss, i) => [
      labels[g],
      group.run?.[i] ?? null,
      group.x[0]?.[i],
      group.x[1]?.[i],
      flops[i],
      loss,
      group.standardError?.[i] ?? null,
    ]);
  });
  return stringify(rows, {
    header: true,
    columns: ["family", "run", "parameters", "tokens", "flops", "loss", "standardError"],
  });
}
