// What a bundle holds besides the report: its inputs, a plan, and bundle.json, which vouches for every file in it.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { InputError } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/json.js";
import { readRegularFile } from "../base/regular-file.js";
import type { InputFile } from "../report/record.js";
import type { Difference } from "./differences.js";
import { filesUnder } from "./inputs.js";

/** Folder of a bundle that holds the inputs of the report beside it. */
export const INPUTS_FOLDER = "inputs";
export const PLAN_FILE = "plan.json";
/** SHA-256 of every other file of the bundle. */
export const CONTENTS_FILE = "bundle.json";

const contentsSchema = z.object({
  kind: z.literal("rinsight-bundle"),
  version: z.literal(1),
  files: z.record(z.string(), z.string()),
});

/** The text of bundle.json for these files. */
export function contentsOf(files: ReadonlyMap<string, Uint8Array>): string {
  const hashes = [...files].map(([name, content]): [string, string] => [name, sha256(content)]);
  return `${canonicalJson({ kind: "rinsight-bundle", version: 1, files: Object.fromEntries(hashes) })}\n`;
}

/** True for what `rinsight report` does not write. */
export const isBundled = (name: string): boolean =>
  name.startsWith(`${INPUTS_FOLDER}/`) || name === PLAN_FILE || name === CONTENTS_FILE;

/** All files of a folder, by their paths in it with forward slashes. */
export const namesUnder = (folder: string): readonly string[] =>
  filesUnder(folder, new Set()).map((file) => path.relative(folder, file).split(path.sep).join("/"));

/** Files beside a report that nothing vouches for, or that are not as it says: bundle.json, or the report's list of inputs. */
export function undeclared(folder: string, inputs: readonly InputFile[]): readonly Difference[] {
  const known = inputs.map((input) => input.sha256);
  const contents = readContents(path.join(folder, CONTENTS_FILE));
  const found: Difference[] = [];
  const names = namesUnder(folder);
  for (const name of names.filter((one) => contents !== null || isBundled(one))) {
    if (name === CONTENTS_FILE) continue;
    const hash = sha256(readFileSync(path.join(folder, name)));
    const expected = contents?.get(name);
    if (contents !== null && hash !== expected) {
      found.push({
        where: `${name} against ${CONTENTS_FILE}`,
        old: expected ?? "no such file",
        new: hash,
        tolerance: 0,
      });
    } else if (name.startsWith(`${INPUTS_FOLDER}/`) ? !known.includes(hash) : contents === null) {
      found.push({ where: `${name} against the manifest`, old: "no such file", new: hash, tolerance: 0 });
    }
  }
  for (const [name, hash] of contents ?? []) {
    if (!names.includes(name)) {
      found.push({ where: `${name} against ${CONTENTS_FILE}`, old: hash, new: "missing", tolerance: 0 });
    }
  }
  return found;
}

function readContents(file: string): ReadonlyMap<string, string> | null {
  if (!existsSync(file)) return null;
  const text = readRegularFile(file);
  try {
    return new Map(Object.entries(contentsSchema.parse(JSON.parse(text)).files));
  } catch {
    throw new InputError(`${file}: must list the files of a bundle, got something else; ask for the bundle again`);
  }
}
