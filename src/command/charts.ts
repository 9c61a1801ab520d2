// Charts of a command written into a folder, each as Vega-Lite, SVG and PNG: as a paper takes them.
import path from "node:path";
import { writeAtomically } from "../base/write.js";
import type { Chart } from "../report/charts/chart.js";

export async function writeCharts(folder: string, charts: readonly Chart[]): Promise<void> {
  const { renderPng, renderSvg } = await import("../report/render.js");
  for (const { name, spec } of charts) {
    const svg = await renderSvg(spec);
    writeAtomically(path.join(folder, `${name}.vl.json`), `${JSON.stringify(spec)}\n`);
    writeAtomically(path.join(folder, `${name}.svg`), svg);
    writeAtomically(path.join(folder, `${name}.png`), await renderPng(svg));
  }
}
