// A report as files in memory: source → analysis → charts → page, twin, tables, manifest. The one path that both
// `report` and `verify` take; nothing in it reads a clock, a folder or the machine.
import { stringify } from "csv-stringify/sync";
import { canonicalJson, sha256 } from "../base/json.js";
import { type AnalysisOptions, analyse, DEFAULT_OPTIONS } from "./analysis.js";
import { checklist } from "./checklist.js";
import { draw } from "./draw.js";
import { htmlPage } from "./html.js";
import type { Analysis, ReportSource } from "./record.js";
import { browserLibraries, renderPng, renderSvg } from "./render.js";
import { doubts, lossSentences, type Verdict, verdict } from "./sentences.js";
import { latexTable, schemeTable } from "./table.js";
import { readme } from "./twin.js";

export type ReportFiles = ReadonlyMap<string, string | Uint8Array>;

/** How the report was made, for somebody who wants to make it again. */
export interface Manifest {
  readonly kind: "rinsight-report";
  readonly version: 1;
  readonly inputs: ReportSource["inputs"];
  readonly options: AnalysisOptions;
  readonly versions: Readonly<Record<string, string>>;
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
  const page = {
    title: analysis.title,
    verdict: verdict(analysis),
    sentences: lossSentences(analysis),
    table: schemeTable(analysis),
    warnings: doubts(analysis),
    charts,
    checklist: checklist(analysis, source.inputs, chosen.seed),
    inputs: source.inputs,
  };
  const files = new Map<string, string | Uint8Array>();
  files.set("index.html", htmlPage({ ...page, libraries: browserLibraries() }));
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
    inputs: source.inputs,
    options: chosen,
    versions,
    files: Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)])),
  };
  files.set("manifest.json", `${canonicalJson(manifest)}\n`);
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
