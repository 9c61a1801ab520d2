// From the parts of a page to the files of a report: page, twin, pictures, tables, and the manifest that says how it was made.
import { canonicalJson, sha256 } from "../base/json.js";
import type { AnalysisOptions } from "./analysis.js";
import { latexTable } from "./cells.js";
import { chartFiles, hashes, type ReportFiles } from "./chart-files.js";
import { type Page, reportPage } from "./page/report-page.js";
import type { InputFile } from "./record.js";
import { readme } from "./twin.js";

/** What a report is made of and how: what its identity names. */
export interface Origin {
  readonly inputs: readonly InputFile[];
  readonly options: AnalysisOptions;
  readonly versions: Readonly<Record<string, string>>;
}

/** How the report was made, for somebody who wants to make it again. */
export interface Manifest extends Origin {
  readonly kind: "rinsight-report";
  readonly version: 1;
  /** SHA-256 of the inputs, options and versions: what a citation names. */
  readonly identity: string;
  /** SHA-256 of every other file of the report. */
  readonly files: Readonly<Record<string, string>>;
}

/** Content by path relative to the report's folder, with forward slashes; `fits` goes into fits.json as it stands. */
export async function assemble(
  parts: Omit<Page, "see" | "inputs" | "citation">,
  origin: Origin,
  { fits, points }: { readonly fits: unknown; readonly points: string },
): Promise<ReportFiles> {
  const identity = sha256(canonicalJson(origin));
  const see = origin.options.see ?? null;
  const page: Page = {
    ...parts,
    see,
    inputs: origin.inputs,
    citation: citation(parts.title, origin.versions, identity),
  };
  const files = new Map<string, string | Uint8Array>();
  files.set("index.html", reportPage(page));
  files.set("README.md", readme(page));
  files.set("fits.json", `${JSON.stringify(fits, null, 2)}\n`);
  files.set("points.csv", points);
  files.set("table.tex", latexTable(page.table));
  for (const [name, content] of await chartFiles(page.charts)) files.set(`charts/${name}`, content);
  const manifest: Manifest = {
    kind: "rinsight-report",
    version: 1,
    ...origin,
    identity,
    files: hashes(files),
  };
  files.set("manifest.json", `${canonicalJson(manifest)}\n`);
  return files;
}

/** "Title. Scaling report by Rinsight 0.1.0, manifest 9f86d081884c7d65.": a report made of the same inputs in the same way has the same one. */
function citation(title: string, versions: Readonly<Record<string, string>>, identity: string): string {
  return `${title}. Scaling report by Rinsight ${versions.rinsight ?? "–"}, manifest ${identity.slice(0, 16)}.`;
}
