// Recomputes a report from its inputs and lists every difference: fits, comparison, tables, chart specs, the page.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { InputError } from "../base/errors.js";
import { sha256 } from "../base/json.js";
import { readRegularFile } from "../base/regular-file.js";
import { KEPT } from "../curve/exclusion.js";
import { UNITS } from "../curve/names.js";
import type { Selection } from "../curve/observe.js";
import type { AnalysisOptions } from "../report/analysis.js";
import { settleFolder } from "../report/folder.js";
import { MOST_REPLICATES, PAGE_NAME } from "../report/record.js";
import { reportOf } from "../report/report-of.js";
import { INPUTS_FOLDER, isBundled, namesUnder, undeclared } from "./bundle-files.js";
import { type Difference, differences } from "./differences.js";
import { locateInputs } from "./inputs.js";

/** Standard for another major version of Node, whose mathematical functions may round otherwise. */
const OTHER_NODE_TOLERANCE = 1e-9;

export interface VerifiedReport {
  /** 0: byte for byte; else relative, on every number of every JSON file. */
  readonly tolerance: number;
  readonly filesCompared: number;
  readonly inputs: number;
  readonly differences: readonly Difference[];
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);
// An option without its line here does not compile, and one that is not known is refused: none is dropped in silence.
const selectionShape = {
  x: z.string(),
  y: z.string(),
  by: z.array(z.string()),
  map: z.record(z.string(), z.string()),
  derive: z.array(z.string()),
  where: z.string(),
  weights: z.string(),
  pairBy: z.array(z.string()),
  undecayed: z.boolean(),
  unit: z.enum(UNITS),
  bytesPerToken: z.number().positive(),
  wide: z.boolean(),
  keep: z.array(z.enum(KEPT)),
} satisfies Record<keyof Selection, z.ZodType>;
const manifestSchema = z.object({
  kind: z.literal("rinsight-report"),
  version: z.literal(1),
  inputs: z.array(z.object({ name: z.string().min(1), sha256: hash })),
  options: z.strictObject({
    title: z.string(),
    level: z.number().gt(0).lt(1),
    bootstrap: z.int().min(0).max(MOST_REPLICATES),
    seed: z.number(),
    baseline: z.string().nullable().default(null),
    selection: z.strictObject(selectionShape).partial(),
    law: z.string().exactOptional(),
    at: z.array(z.number().positive()).exactOptional(),
    heldOut: z.int().min(0).exactOptional(),
    see: z.string().regex(PAGE_NAME).exactOptional(),
  } satisfies Record<keyof AnalysisOptions, z.ZodType>),
  versions: z.record(z.string(), z.string()),
  files: z.record(z.string(), hash),
});
export type ReportManifest = z.infer<typeof manifestSchema>;

/** The manifest of a report folder. Throws InputError where there is none. */
export function readManifest(folder: string): ReportManifest {
  settleFolder(folder);
  const file = path.join(folder, "manifest.json");
  const refuse = (got: string) =>
    new InputError(`${file}: must be the manifest of a report, got ${got}; name a folder that rinsight report wrote`);
  if (!existsSync(file)) throw refuse("no such file");
  const text = readRegularFile(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("text that is not JSON");
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw refuse(`${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`);
  return parsed.data;
}

/** `searched`: folders and files among which the inputs may lie, besides the report's own inputs/. */
export async function verifyReport(folder: string, searched: readonly string[]): Promise<VerifiedReport> {
  const manifest = readManifest(folder);
  const published = publishedFiles(folder);
  const altered = Object.entries(manifest.files).flatMap(([name, expected]): Difference[] => {
    const content = published.get(name);
    const found = content === undefined ? "missing" : sha256(content);
    return found === expected
      ? []
      : [{ where: `${name} against the manifest`, old: expected, new: found, tolerance: 0 }];
  });
  altered.push(...undeclared(folder, manifest.inputs));
  const located = locateInputs(manifest.inputs, [path.join(folder, INPUTS_FOLDER), ...searched]);
  const sameNode = major(manifest.versions.node) === major(process.versions.node);
  const tolerance = sameNode ? 0 : OTHER_NODE_TOLERANCE;
  const facts = { tolerance, inputs: manifest.inputs.length };
  if (located.differences.length > 0) {
    return { ...facts, filesCompared: 0, differences: [...altered, ...located.differences] };
  }
  const recomputed = await reportOf(located.files, manifest.options, manifest.versions);
  // A page that the head links to lies beside the report and is none of it, unless it bears the name of one that is.
  const { see } = manifest.options;
  if (see !== undefined && !recomputed.files.has(see)) published.delete(see);
  const found = differences(published, recomputed.files, tolerance);
  return { ...facts, filesCompared: recomputed.files.size, differences: [...altered, ...found] };
}

/** The report's own files: what a bundle adds is looked at apart. */
function publishedFiles(folder: string): Map<string, Buffer> {
  const own = namesUnder(folder).filter((name) => !isBundled(name));
  return new Map(own.map((name) => [name, readFileSync(path.join(folder, name))]));
}

const major = (version: string | undefined): string => (version ?? "").split(".")[0] ?? "";
