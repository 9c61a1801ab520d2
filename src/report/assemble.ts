// From the parts of a page to the files of a report: page, twin, pictures, tables, and the manifest that says how it was made.
import { canonicalJson, sha256 } from "../base/json.js";
import type { AnalysisOptions } from "./analysis.js";
import { latexTable } from "./cells.js";
import { type Page, reportPage } from "./page/report-page.js";
import type { InputFile } from "./record.js";
import { renderPng, renderSvg } from "./render.js";
import { readme } from "./twin.js";

export type ReportFiles = ReadonlyMap<string, string | Uint8Array>;

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
  parts: Omit<Page, "inputs" | "citation">,
  origin: Origin,
  { fits, points }: { readonly fits: unknown; readonly points: string },
): Promise<ReportFiles> {
  const identity = sha256(canonicalJson(origin));
  const page: Page = { ...parts, inputs: origin.inputs, citation: citation(parts.title, origin.versions, identity) };
  const files = new Map<string, string | Uint8Array>();
  files.set("index.html", reportPage(page));
  files.set("README.md", readme(page));
  files.set("fits.json", `${JSON.stringify(fits, null, 2)}\n`);
  files.set("points.csv", points);
  files.set("table.tex", latexTable(page.table));
  const pictures: Promise<readonly [string, Uint8Array]>[] = [];
  for (const { name, spec } of page.charts) {
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
  return files;
}

/** "Title. Scaling report by Rinsight 0.1.0, manifest 9f86d081884c7d65.": a report made of the same inputs in the same way has the same one. */
function citation(title: string, versions: Readonly<Record<string, string>>, identity: string): string {
  return `${title}. Scaling report by Rinsight ${versions.rinsight ?? "–"}, manifest ${identity.slice(0, 16)}.`;
}
