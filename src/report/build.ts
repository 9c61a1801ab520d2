// A report as files in memory: source → analysis → charts → page, twin, tables, manifest. The one path that both
// `report` and `verify` take; nothing in it reads a clock, a folder or the machine.
import { stringify } from "csv-stringify/sync";
import { canonicalJson, sha256 } from "../base/json.js";
import { type AnalysisOptions, analyse, DEFAULT_OPTIONS } from "./analysis.js";
import { latexTable } from "./cells.js";
import { checklist } from "./checklist.js";
import { draw, reportPalette } from "./draw.js";
import { reportPage } from "./page/report-page.js";
import type { Analysis, ReportSource } from "./record.js";
import { renderPng, renderSvg } from "./render.js";
import { schemeTable } from "./scheme-table.js";
import { lossSentences, lossSummary, type Verdict, verdict, weighedDoubts } from "./sentences.js";
import { readme } from "./twin.js";

export type ReportFiles = ReadonlyMap<string, string | Uint8Array>;

/** How the report was made, for somebody who wants to make it again. */
export interface Manifest {
  readonly kind: "rinsight-report";
  readonly version: 1;
  readonly inputs: ReportSource["inputs"];
  readonly options: AnalysisOptions;
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of the inputs, options and versions: what a citation names. */
  readonly identity: string;
  /** SHA-256 of every other file of the report. */
  readonly files: Readonly<Record<string, string>>;
}

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
 * console.log(report.verdict.answer);
 */
export async function buildReport(
  source: ReportSource,
  options: Partial<AnalysisOptions>,
  versions: Readonly<Record<string, string>>,
): Promise<Report> {
  const chosen = { ...DEFAULT_OPTIONS, ...options };
  const analysis = analyse(source, chosen);
  const charts = draw(source, analysis);
  const origin = { inputs: source.inputs, options: chosen, versions };
  const identity = sha256(canonicalJson(origin));
  const page = {
    title: analysis.title,
    verdict: verdict(analysis),
    losses: lossSummary(analysis),
    sentences: lossSentences(analysis),
    table: schemeTable(analysis),
    schemes: analysis.schemes.map(({ label }) => label),
    doubts: weighedDoubts(analysis),
    charts,
    palette: reportPalette(source, analysis),
    checklist: checklist(analysis, source.inputs, chosen.seed),
    inputs: source.inputs,
    citation: citation(analysis.title, versions, identity),
  };
  const files = new Map<string, string | Uint8Array>();
  files.set("index.html", reportPage(page));
  files.set("README.md", readme(page));
  files.set("fits.json", `${JSON.stringify(analysis, null, 2)}\n`);
  files.set("points.csv", pointsCsv(source));
  files.set("table.tex", latexTable(page.table));
  const pictures: Promise<readonly [string, Uint8Array]>[] = [];
  for (const { name, spec } of charts) {
    const svg = await renderSvg(spec);
    files.set(`charts/${name}.vl.json`, `${JSON.stringify(spec)}\n`);
    files.set(`charts/${name}.svg`, svg);
    pictures.push(renderPng(svg).then((png) => [`charts/${name}.png`, png] as const));
  }
  for (const [name, png] of await Promise.all(pictures)) files.set(name, png);
  const manifest: Manifest = {
    kind: "rinsight-report",
    version: 1,
    ...origin,
    identity,
    files: Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)])),
  };
  files.set("manifest.json", `${canonicalJson(manifest)}\n`);
  return { analysis, verdict: page.verdict, files };
}

/** "Title. Scaling report by Rinsight 0.1.0, manifest 9f86d081884c7d65.": a report made of the same inputs in the same way has the same one. */
function citation(title: string, versions: Readonly<Record<string, string>>, identity: string): string {
  return `${title}. Scaling report by Rinsight ${versions.rinsight ?? "–"}, manifest ${identity.slice(0, 16)}.`;
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
