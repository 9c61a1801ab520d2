// Charts of a command written into a folder, each as Vega-Lite, SVG and PNG: as a paper takes them.
import path from "node:path";
import { writeAtomically } from "../base/write.js";
import { chartFiles } from "../report/chart-files.js";
import type { Chart } from "../report/charts/chart.js";

export async function writeCharts(folder: string, charts: readonly Chart[]): Promise<void> {
  for (const [name, content] of await chartFiles(charts)) writeAtomically(path.join(folder, name), content);
}
