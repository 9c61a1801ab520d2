// A report on the disk: written beside its place and renamed into it, so that a reader sees the old one or the new one.
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { InputError, shown } from "../base/errors.js";
import { makeFolder, onDisk } from "../base/write.js";
import type { ReportFiles } from "./build.js";

/**
 * Replaces the report in `folder`. Throws InputError where the folder holds something else, or the disk refuses.
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
  const fresh = `${target}.${process.pid}.tmp`;
  const old = `${target}.${process.pid}.old.tmp`;
  onDisk(folder, () => {
    try {
      for (const [name, content] of files) {
        const file = path.join(fresh, name);
        makeFolder(path.dirname(file));
        writeFileSync(file, content);
      }
      if (existsSync(target)) renameSync(target, old);
      renameSync(fresh, target);
      rmSync(old, { recursive: true, force: true });
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (existsSync(old) && !existsSync(target)) renameSync(old, target);
      throw error;
    }
  });
}

/** Makes a folder beside the report's place and removes it again: what cannot be written is said before the work. */
export function checkFolder(folder: string): void {
  const target = path.resolve(folder);
  if (existsSync(target) && !replaceable(target)) {
    throw new InputError(
      `report: --out must be a new folder or an earlier report, got ${shown(folder)} with other files in it; name another folder`,
    );
  }
  onDisk(folder, () => {
    for (const made of makeFolder(`${target}.${process.pid}.tmp`).toReversed()) rmdirSync(made);
  });
}

function replaceable(target: string): boolean {
  try {
    const entries = readdirSync(target);
    return entries.length === 0 || entries.includes("manifest.json");
  } catch {
    return false;
  }
}
