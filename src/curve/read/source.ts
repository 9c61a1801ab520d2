// Opening what a user names: a file, gzip or not, or standard input. Everything is bounded: what expands too far,
// never ends or is no file is refused before it fills the memory.
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { codeOf, fileReason, InputError, reasonOf } from "../../base/errors.js";
import { sha256 } from "../../base/json.js";
import { oneLine } from "../../base/visible.js";
import { limits, lineCheck, raise } from "./limits.js";

export interface Source {
  /** For messages: the name as given, "standard input" for `-`. */
  readonly name: string;
  /** Expanded content. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the content as it lies on the disk. */
  readonly sha256: string;
}

/** What is at a path, with InputError in words where it cannot be looked at. */
export function statusOf(file: string): Stats {
  try {
    return statSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): InputError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const [rule, remedy] =
    code === "ENOENT" || code === "ENOTDIR"
      ? ["file must exist", "check the path"]
      : code === "EACCES" || code === "EPERM"
        ? ["file must be readable", "change its permissions"]
        : code === "ELOOP"
          ? ["path must lead to a file", "mend the symbolic links, they run in a circle"]
          : code === "ENAMETOOLONG"
            ? ["path must be at most 255 characters a name", "shorten it"]
            : ["file must be readable", "check it"];
  // A path through a file leads to nothing, as a missing one does.
  const got = code === "ENOTDIR" ? "no such file" : fileReason(error);
  return new InputError(`${displayed(file)}: ${rule}, got ${got}; ${remedy}`);
}

const displayed = (file: string): string => {
  const plain = oneLine(file);
  return plain.length > 120 ? `…${plain.slice(-119)}` : plain;
};

/** Reads a file or `-` whole, expanding gzip by its first bytes. Throws InputError with the rule and the remedy. */
export async function openSource(file: string): Promise<Source> {
  const name = file === "-" ? "standard input" : displayed(file);
  if (file.includes("\0")) throw new InputError(`${name}: path must hold no NUL character, got one; check the path`);
  if (file !== "-") {
    const status = statusOf(file);
    if (status.isDirectory()) throw new InputError(`${name}: must be a file, got a folder; name a file in it`);
    if (status.isCharacterDevice() || status.isBlockDevice()) {
      throw new InputError(`${name}: must be a file, got a device; name a file, or - for standard input`);
    }
    if (status.size > limits().bytes) throw tooLarge(name);
  }
  const raw = readBounded(file === "-" ? 0 : file, name);
  return { name, bytes: await expanded(name, raw), sha256: sha256(raw) };
}

/** A pipe has no size, and may never end: it is read as far as the limit. */
function readBounded(file: string | 0, name: string): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    const handle = file === 0 ? 0 : openSync(file, "r");
    try {
      for (let size = fstatSync(handle).size; total <= limits().bytes; size = CHUNK) {
        const chunk = Buffer.allocUnsafe(Math.max(size + 1, CHUNK));
        const length = readPart(handle, chunk);
        if (length === 0) break;
        chunks.push(chunk.subarray(0, length));
        total += length;
      }
    } finally {
      if (handle !== 0) closeSync(handle);
    }
  } catch (error) {
    throw unreadable(name, error);
  }
  if (total > limits().bytes) throw tooLarge(name);
  return Buffer.concat(chunks, total);
}

const CHUNK = 1 << 20;

/** What is there to be read, 0 at the end; a pipe whose writer is slow may say "try again". */
function readPart(handle: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(handle, into);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function tooLarge(name: string): InputError {
  return new InputError(`${name}: file must be at most ${limits().bytes / 1e6} MB, got more; ${raise("bytes")}`);
}

/** A gzip is expanded part by part: what is too much is left at the line, the row or the byte where it becomes so. */
async function expanded(name: string, raw: Buffer): Promise<Uint8Array> {
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  const most = limits().bytes;
  const check = lineCheck(name);
  const parts: Buffer[] = [];
  let [total, text] = [0, true];
  try {
    for await (const part of Readable.from([raw]).pipe(createGunzip({ chunkSize: CHUNK }))) {
      total += part.length;
      if (total > most) {
        throw new InputError(
          `${name}: gzip must expand to at most ${most / 1e6} MB, got more from ${raw.length} bytes; ${raise("bytes")}`,
        );
      }
      // Lines of what is no text, Parquet for one, mean nothing.
      if (parts.length === 0) text = !part.includes(0);
      if (text) check(part);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: gzip must be whole, got "${reasonOf(error)}"; copy or compress the file again`);
  }
  return Buffer.concat(parts, total);
}

const FOREIGN: readonly (readonly [string, string])[] = [
  ["504b0304", "a zip archive or Excel workbook; save the sheet as CSV"],
  ["28b52ffd", "zstd; expand it with zstd -d"],
  ["425a68", "bzip2; expand it with bunzip2"],
  ["fd377a585a00", "xz; expand it with unxz"],
  ["89504e47", "a PNG image; give the numbers behind it"],
  ["25504446", "a PDF; give the numbers behind it"],
  ["89484446", "HDF5; write the table as CSV or Parquet"],
  ["80049", "a Python pickle; write the table as CSV or Parquet"],
];

/** Bytes as text, and what had to be said about them. UTF-8, or UTF-16 by its mark or its zero bytes. */
export function decoded(source: Source): { readonly text: string; readonly notes: readonly string[] } {
  const { name, bytes } = source;
  const start = Buffer.from(bytes.subarray(0, 8)).toString("hex");
  const foreign = FOREIGN.find(([magic]) => start.startsWith(magic));
  if (foreign !== undefined) throw new InputError(`${name}: must be a table as text or Parquet, got ${foreign[1]}`);
  if (/^(\ufeff)?\s*</.test(Buffer.from(bytes.subarray(0, 64)).toString("utf8"))) {
    throw new InputError(`${name}: must be a table as text or Parquet, got HTML or XML; download the data itself`);
  }
  lineCheck(name)(bytes);
  const encoding = utf16(bytes);
  if (encoding !== null) {
    return { text: new TextDecoder(encoding).decode(bytes), notes: [`${name}: read as ${encoding.toUpperCase()}`] };
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    throw new InputError(
      `${name} line ${lineAt(bytes, zero)}: text must hold no NUL byte, got one at byte ${zero}; the file is damaged or no text`,
    );
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), notes: [] };
  } catch {
    const text = new TextDecoder("utf-8").decode(bytes);
    const line = text.slice(0, text.indexOf("\ufffd")).split("\n").length;
    throw new InputError(`${name} line ${line}: text must be UTF-8, got other bytes; convert it with iconv -t UTF-8`);
  }
}

function utf16(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const head = bytes.subarray(0, 200);
  const zeros = [0, 0];
  head.forEach((byte, i) => {
    if (byte === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  if (head.length < 8 || Math.max(even, odd) < head.length * 0.4) return null;
  if (even === 0) return "utf-16le";
  return odd === 0 ? "utf-16be" : null;
}

function lineAt(bytes: Uint8Array, end: number): number {
  let line = 1;
  for (let i = 0; i < end; i++) if (bytes[i] === 10) line++;
  return line;
}

/** The last part of a path, for a column that names files: never a path itself. */
export function baseName(file: string): string {
  return path.basename(file);
}
