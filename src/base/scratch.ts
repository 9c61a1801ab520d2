// A folder in the system's temporary place, for as long as a command runs.
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onDisk, temporaryOf, tidyTemporaries } from "./write.js";

/** What `use` gives with a folder of its own, which is removed after it; one that a killed process left goes first. */
export async function withScratch<T>(kind: string, use: (folder: string) => Promise<T>): Promise<T> {
  const stem = path.join(tmpdir(), `rinsight-${kind}`);
  const folder = temporaryOf(stem);
  const advice = "set TMPDIR to another folder";
  tidyTemporaries(stem);
  onDisk(folder, () => mkdirSync(folder, { mode: 0o700 }), advice);
  try {
    return await use(folder);
  } finally {
    onDisk(folder, () => rmSync(folder, { recursive: true, force: true }), advice);
  }
}
