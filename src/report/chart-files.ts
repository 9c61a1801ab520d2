// Charts as files: Vega-Lite, SVG and PNG of each, as a page links them and a paper takes them.
import { sha256 } from "../base/json.js";
import type { Chart } from "./charts/chart.js";
import { renderPng, renderSvg } from "./render.js";

/** Content by path relative to the folder of a report or of charts, with forward slashes. */
export type ReportFiles = ReadonlyMap<string, string | Uint8Array>;

export async function chartFiles(charts: readonly Chart[]): Promise<ReportFiles> {
  const files = new Map<string, string | Uint8Array>();
  const pictures: Promise<readonly [string, Uint8Array]>[] = [];
  for (const { name, spec } of charts) {
    const svg = await renderSvg(spec);
    files.set(`${name}.vl.json`, `${JSON.stringify(spec)}\n`);
    files.set(`${name}.svg`, svg);
    pictures.push(renderPng(svg).then((png) => [`${name}.png`, png] as const));
  }
  for (const [name, png] of await Promise.all(pictures)) files.set(name, png);
  return files;
}

/** SHA-256 of every file, as a manifest lists them. */
export const hashes = (files: ReportFiles): Readonly<Record<string, string>> =>
  Object.fromEntries([...files].map(([name, content]) => [name, sha256(content)]));
