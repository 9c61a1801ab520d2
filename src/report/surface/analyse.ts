// From runs of several sizes to what is concluded: each family's law, valleys and frontier.

import { FitError, InputError } from "../../base/errors.js";
import { extent } from "../../base/extent.js";
import type { Observations } from "../../curve/observations.js";
import type { Selection } from "../../curve/observe.js";
import { readTable } from "../../curve/read/read-table.js";
import { baseName } from "../../curve/read/source.js";
import { observeSizes } from "../../curve/sizes.js";
import { allocate } from "../../forecast/allocate.js";
import type { Allocation } from "../../forecast/allocation.js";
import { SURFACE_LAWS } from "../../forecast/surface.js";
import { lawByName } from "../../law/catalogue.js";
import { at } from "../../law/law.js";
import { type AnalysisOptions, DEFAULT_OPTIONS } from "../analysis.js";
import { labels } from "../escape.js";
import { tally } from "../tally.js";
import type { Family, SurfaceAnalysis, SurfaceSource } from "./record.js";

/** Reads tables or run files as runs of several sizes. Throws InputError with file, line and remedy. */
export async function readSurface(
  files: readonly string[],
  selection: Selection = {},
): Promise<{ readonly source: SurfaceSource; readonly notes: readonly string[] }> {
  const read = await readTable(files);
  const { groups, notes, warnings } = observeSizes(read.table, selection);
  const inputs = read.inputs
    .map(({ name, sha256 }) => ({ name: baseName(name), sha256 }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.sha256 < b.sha256 ? -1 : 1));
  return {
    source: { inputs, groups, exactFlops: read.runs.length > 0 },
    notes: [...read.notes, ...notes, ...warnings.map(({ code, message }) => `${code}: ${message}`)],
  };
}

/** The allocation of one family of a report at any budgets. */
export function allocationOf(
  group: Observations,
  exactFlops: boolean,
  options: AnalysisOptions,
  budgets: readonly number[],
): Allocation {
  const law = lawByName(options.law ?? "chinchilla");
  if (!SURFACE_LAWS.includes(law)) {
    throw new InputError(
      `report: the law of a report on sizes must be one of ${SURFACE_LAWS.map(({ name }) => name).join(", ")}, got ${law.name}; use rinsight fit --law for others`,
    );
  }
  return allocate(group, {
    budgets,
    law,
    level: options.level,
    insistOnFlops: exactFlops || options.selection.map?.flops !== undefined,
  });
}

/** At `options.at`, or at the largest budget and ten times it. */
export function analyseSurface(source: SurfaceSource, given: Partial<AnalysisOptions>): SurfaceAnalysis {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const [, largest] = extent(source.groups.flatMap(flopsOf));
  const budgets = options.at ?? [largest, 10 * largest];
  const names = labels(source.groups.map(({ group }) => Object.values(group).join(", ") || "all points"));
  const only = source.groups.length === 1;
  const families = source.groups.map((group, g): Family => {
    const label = names[g] ?? "";
    try {
      return { label, allocation: allocationOf(group, source.exactFlops, options, budgets), failure: null };
    } catch (error) {
      if (only || !(error instanceof FitError || error instanceof InputError)) throw error;
      return { label, allocation: null, failure: error.message };
    }
  });
  const excluded = source.groups.flatMap((group) => group.excluded.map(({ code }) => code));
  const fitted = source.groups.reduce((sum, { loss }) => sum + loss.length, 0);
  return {
    title: options.title,
    law: options.law ?? "chinchilla",
    level: options.level,
    budgets,
    families,
    points: { read: fitted + excluded.length, fitted, excluded: tally(excluded) },
  };
}

/** Training FLOPs of each run, 6·N·D where the data have no column of them. */
export function flopsOf({ x: [parameters, tokens, given] }: Observations): number[] {
  return Array.from(parameters ?? [], (n, i) => given?.[i] ?? 6 * n * at(tokens ?? [], i));
}
