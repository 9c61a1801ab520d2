// A report on the disk. A new one is written beside its place, synced, and made whole by one rename to <folder>.rinsight-ready;
// then its files take their places one by one, each by a rename, the manifest last. So there is a report at every
// instant, a page is the old or the new one, and where a process dies on the way the next command carries it to the end.
import { existsSync, readdirSync, realpathSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { InputError, shown } from "../base/errors.js";
import { acquireLock } from "../base/lock.js";
import { readRegularFile } from "../base/regular-file.js";
import { makeFolder, onDisk, syncFolder, temporaryOf, tidyTemporaries, writeSynced } from "../base/write.js";
import type { ReportFiles } from "./chart-files.js";

const MANIFEST = "manifest.json";

const readyOf = (target: string): string => `${target}.rinsight-ready`;

/**
 * Replaces the report in `folder`; files there that are no report's stay. Throws InputError where the folder holds
 * something else, or the disk refuses.
 *
 * @example
 * import { buildReport, readSource, writeFolder } from "rinsight";
 *
 * const { source } = await readSource(["curves.csv"]);
 * writeFolder("my-report", (await buildReport(source, { bootstrap: 200 }, {})).files);
 */
export function writeFolder(folder: string, files: ReportFiles): void {
  checkFolder(folder);
  const target = path.resolve(folder);
  const fresh = temporaryOf(target);
  locked(target, () => {
    try {
      for (const [name, content] of files) {
        const file = path.join(fresh, name);
        makeFolder(path.dirname(file));
        writeSynced(file, content);
      }
      place(target);
      renameSync(fresh, readyOf(target));
      place(target);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  });
}

/** Carries on where a process died that brought a report to `folder`. */
export function settleFolder(folder: string): void {
  const target = path.resolve(folder);
  tidyTemporaries(target);
  if (existsSync(readyOf(target))) locked(target, () => place(target));
}

function locked(target: string, action: () => void): void {
  const lock = acquireLock(`${target}.lock`, `report: ${target}`);
  try {
    onDisk(target, action);
  } finally {
    lock.release();
  }
}

/** Moves a whole report to its place, where there is one on its way; the lock is held. */
function place(target: string): void {
  const ready = readyOf(target);
  if (!existsSync(ready)) return;
  if (!existsSync(target)) {
    renameSync(ready, target);
    syncFolder(path.dirname(target));
    return;
  }
  const entries = readdirSync(ready, { recursive: true, encoding: "utf8" });
  const folders = entries.filter((name) => statSync(path.join(ready, name)).isDirectory());
  // Without a manifest everything has been moved.
  const names = listed(ready);
  if (names !== null) {
    for (const name of entries) if (name !== MANIFEST && !folders.includes(name)) move(ready, target, name);
    for (const old of listed(target) ?? []) if (!names.includes(old)) rmSync(inside(target, old), { force: true });
    move(ready, target, MANIFEST);
    syncFolder(target);
  }
  // The deepest first, and only as far as they are empty.
  for (const left of [...folders.sort().toReversed(), "."]) rmdirSync(path.join(ready, left));
}

/** What a manifest says of its kind and of its files; null where there is no manifest, nothing where it cannot be read. */
function manifestOf(folder: string): { readonly kind?: unknown; readonly files?: unknown } | null {
  const file = path.join(folder, MANIFEST);
  if (!existsSync(file)) return null;
  const text = readRegularFile(file);
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The files of a report besides its manifest; null where there is no manifest. */
function listed(folder: string): readonly string[] | null {
  const manifest = manifestOf(folder);
  return manifest && Object.keys(manifest.files ?? {}).filter((name) => !name.split("/").includes(".."));
}

function move(from: string, to: string, name: string): void {
  makeFolder(path.dirname(path.join(to, name)));
  renameSync(path.join(from, name), inside(to, name));
}

/** A file of a report; throws where a link would lead its way out of the folder. */
function inside(folder: string, name: string): string {
  const file = path.join(folder, name);
  const [home, place] = [realpathSync(folder), path.dirname(file)];
  if (existsSync(place) && realpathSync(place) !== path.join(home, path.dirname(name))) {
    throw new InputError(`report: ${folder} must hold no links to other folders, got ${shown(name)}; remove the link`);
  }
  return file;
}

/** Manifests by which a folder is known for one of ours: those of other programs (a web application's) bear that name too. */
const OURS: readonly unknown[] = ["rinsight-report", "rinsight-fractal"];

/** Makes a folder beside the report's place and removes it again: what cannot be written is said before the work. */
export function checkFolder(folder: string): void {
  const target = path.resolve(folder);
  settleFolder(folder);
  if (existsSync(target) && !replaceable(target)) {
    throw new InputError(
      `report: --out must be a new folder or an earlier report, got ${shown(folder)} with other files in it; name another folder`,
    );
  }
  onDisk(folder, () => {
    for (const made of makeFolder(temporaryOf(target)).toReversed()) rmdirSync(made);
  });
}

function replaceable(target: string): boolean {
  if (!statSync(target).isDirectory()) return false;
  const entries = onDisk(target, () => readdirSync(target));
  return entries.length === 0 || OURS.includes(manifestOf(target)?.kind);
}
