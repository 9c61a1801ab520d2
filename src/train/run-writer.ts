// Writes a run file: the header whole, then one synced line a point. After a cut it goes on from the bytes that a
// checkpoint vouches for; what stands after them, a torn line too, is dropped and written again.
import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, statSync } from "node:fs";
import { InputError } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/json.js";
import { onDisk, writeAtomically, writeWhole } from "../base/write.js";
import type { RunEnd, RunHeader, RunPoint } from "../curve/run-file.js";
import { RESUME, type Written } from "./checkpoint.js";

export interface RunWriter {
  point(point: RunPoint): void;
  end(end: Omit<RunEnd, "kind" | "points">): void;
  written(): Written;
  close(): void;
}

/** The last line of a finished run file, or null: the run is unfinished, or there is none. */
export function endOf(file: string): RunEnd | null {
  const status = onDisk(file, () => statSync(file, { throwIfNoEntry: false }));
  if (status === undefined) return null;
  // A pipe would wait for a writer for ever.
  if (!status.isFile()) throw new InputError(`train: ${file} must be a plain file, got something else; remove it`);
  const text = readFileSync(file, "utf8");
  if (!text.endsWith("\n")) return null;
  try {
    const last: RunEnd | RunPoint | RunHeader = JSON.parse(text.slice(text.lastIndexOf("\n", text.length - 2) + 1));
    return last.kind === "end" ? last : null;
  } catch {
    return null;
  }
}

/** True when `file` begins with the bytes that `written` describes. */
export function vouchesFor(written: Written, file: string, header: RunHeader): boolean {
  if (!existsSync(file)) return false;
  const content = readFileSync(file);
  const begins = content.subarray(0, written.bytes);
  return begins.length === written.bytes && sha256(begins) === written.sha256 && content.indexOf(line(header)) === 0;
}

/**
 * Opens `file` to go on after `kept`, or anew with `header` when it is null.
 * @param keep called before every line and every checkpoint: throws where the run is another process's by now.
 */
export function openRunFile(file: string, header: RunHeader, kept: Written | null, keep: () => void): RunWriter {
  if (kept === null) writeAtomically(file, line(header));
  let points = kept?.points ?? 0;
  const hash = createHash("sha256");
  const handle = onDisk(file, () => openSync(file, "r+"), RESUME);
  const begin = readFileSync(file).subarray(0, kept?.bytes);
  hash.update(begin);
  let bytes = begin.length;
  onDisk(file, () => ftruncateSync(handle, bytes), RESUME);

  const append = (text: string) => {
    keep();
    const content = Buffer.from(text);
    onDisk(
      file,
      () => {
        writeWhole(handle, content, bytes);
        fsyncSync(handle);
      },
      RESUME,
    );
    hash.update(content);
    bytes += content.length;
  };
  return {
    point: (point) => {
      append(line(point));
      points++;
    },
    end: (end) => append(line({ kind: "end", points, ...end })),
    written: () => {
      keep();
      return { points, bytes, sha256: hash.copy().digest("hex") };
    },
    close: () => closeSync(handle),
  };
}

const line = (value: RunHeader | RunPoint | RunEnd): string => `${canonicalJson(value)}\n`;
