// Finding the inputs of a report again: by name and content hash, wherever they lie under the folders searched.
import { type Dirent, existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { sha256 } from "../base/json.js";
import type { InputFile } from "../report/record.js";
import type { Difference } from "./differences.js";

export interface Located {
  /** Paths in the order of the inputs; only when `differences` is empty. */
  readonly files: readonly string[];
  /** Inputs that are missing, or there under their name with other content. */
  readonly differences: readonly Difference[];
}

const RUNS = path.join("data", "runs");

/** Where the inputs of a report lie as a rule: the runs, the working folder, the report's neighbours and their folders. */
export function usualPlaces(report: string): readonly string[] {
  const beside = path.dirname(path.resolve(report));
  // One level each: a working folder may be a home folder with millions of files.
  return [RUNS, ...[".", beside, ...foldersIn(beside)].flatMap(filesIn)];
}

/** Looks in `places`, files or folders (all levels, links not followed), for files with the names and SHA-256 of `inputs`. */
export function locateInputs(inputs: readonly InputFile[], places: readonly string[]): Located {
  const wanted = new Set(inputs.map((input) => input.name));
  const candidates = new Map<string, string[]>();
  for (const file of places.flatMap((place) => (isFile(place) ? [place] : filesUnder(place)))) {
    const name = path.basename(file);
    if (wanted.has(name)) candidates.set(name, [...(candidates.get(name) ?? []), file]);
  }
  const files: string[] = [];
  const differences: Difference[] = [];
  for (const { name, sha256: hash } of inputs) {
    const hashes = (candidates.get(name) ?? []).map((file) => ({ file, hash: sha256(readFileSync(file)) }));
    const found = hashes.find((candidate) => candidate.hash === hash);
    if (found !== undefined) files.push(found.file);
    else differences.push({ where: `input ${name}`, old: hash, new: hashes[0]?.hash ?? "missing", tolerance: 0 });
  }
  return { files, differences };
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

const isFile = (place: string): boolean => statSync(place, { throwIfNoEntry: false })?.isFile() === true;
const foldersIn = (folder: string): string[] =>
  entriesOf(folder).flatMap((entry) => (entry.isDirectory() ? [path.join(folder, entry.name)] : []));
const filesIn = (folder: string): string[] =>
  entriesOf(folder).flatMap((entry) => (entry.isFile() ? [path.join(folder, entry.name)] : []));

/** Where no input of a report lies, in a search. */
const NOT_SEARCHED: ReadonlySet<string> = new Set(["node_modules", ".work"]);

/**
 * All plain files below a folder, in the order of their names; none where there is no such folder.
 * @param skipped names of folders that are not looked into.
 */
export function filesUnder(folder: string, skipped: ReadonlySet<string> = NOT_SEARCHED): string[] {
  if (!existsSync(folder) || !lstatSync(folder).isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesUnder(file, skipped);
      return entry.isFile() ? [file] : [];
    });
}
