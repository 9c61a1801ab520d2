// From files to a report, of curves or of sizes as the options say: what `report` writes and `verify` makes again.
import { powerLawWithLimit } from "../law/power-law.js";
import type { AnalysisOptions } from "./analysis.js";
import { buildReport, type Report } from "./build.js";
import type { ReportSource } from "./record.js";
import { readSource } from "./source.js";
import { readSurface } from "./surface/analyse.js";
import { buildSurfaceReport, type SurfaceReport } from "./surface/build.js";

export type AnyReport =
  | ({ readonly kind: "curves"; readonly source: ReportSource; readonly notes: readonly string[] } & Report)
  | ({ readonly kind: "sizes"; readonly notes: readonly string[] } & SurfaceReport);

/** Throws InputError with file, line and remedy. */
export async function reportOf(
  files: readonly string[],
  options: AnalysisOptions,
  versions: Readonly<Record<string, string>>,
): Promise<AnyReport> {
  if ((options.law ?? powerLawWithLimit.name) !== powerLawWithLimit.name) {
    const { source, notes } = await readSurface(files, options.selection);
    return { kind: "sizes", notes, ...(await buildSurfaceReport(source, options, versions)) };
  }
  const { source, notes } = await readSource(files, options.selection);
  return { kind: "curves", source, notes, ...(await buildReport(source, options, versions)) };
}
