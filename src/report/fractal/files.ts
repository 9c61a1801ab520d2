// The files of an analysis of long-range structure: page, numbers, charts, and the manifest by which a later one may take
// its place.
import { canonicalJson } from "../../base/json.js";
import type { FractalAnalysis, GainStudy } from "../../fractal/record.js";
import { chartFiles, hashes, type ReportFiles } from "../chart-files.js";
import { fractalReport } from "./page.js";

export async function fractalFiles(
  analysis: FractalAnalysis,
  title: string,
  gain: GainStudy | null,
): Promise<ReportFiles> {
  const { html, charts } = fractalReport(analysis, title, gain);
  const files = new Map<string, string | Uint8Array>();
  files.set("index.html", html);
  files.set("analysis.json", `${JSON.stringify(gain === null ? analysis : { ...analysis, gain })}\n`);
  for (const [name, content] of await chartFiles(charts)) files.set(`charts/${name}`, content);
  const manifest = { kind: "rinsight-fractal", version: 1, options: analysis.options, files: hashes(files) };
  files.set("manifest.json", `${canonicalJson(manifest)}\n`);
  return files;
}
