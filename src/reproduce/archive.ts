// A bundle: one gzipped tar of named contents, the same bytes for the same contents.

import { gunzipSync, gzipSync } from "node:zlib";
import { Header, Parser } from "tar";
import { InputError, shown } from "../base/errors.js";

const BLOCK = 512;
/** Bytes of an archive, packed and expanded, at which it is refused: no report is near them, a bomb is past them. */
export const LARGEST_ARCHIVE = 256e6;
const EXPANDED_LIMIT = 512 * 2 ** 20;
const MOST_ENTRIES = 100_000;
/** What every file system takes: bytes of a name, and of a path. */
const LONGEST_NAME = 255;
const LONGEST_PATH = 1000;

/** A .tar.gz of `files`, sorted by name, without times, owners or paths of this machine. */
export function pack(files: ReadonlyMap<string, string | Uint8Array>): Buffer {
  const blocks: Buffer[] = [];
  for (const name of [...files.keys()].sort()) {
    const content = Buffer.from(files.get(name) ?? "");
    const header = new Header({
      path: name,
      size: content.length,
      mode: 0o644,
      type: "File",
      mtime: new Date(0),
      uid: 0,
      gid: 0,
    });
    const block = Buffer.alloc(BLOCK);
    if (header.encode(block, 0))
      throw new InputError(`bundle: file names must be under 100 characters, got ${name}; rename it`);
    blocks.push(block, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
}

/** The files of an archive. Links, absolute names and names that climb out are refused, and so is what expands without bound. */
export async function unpack(archive: Uint8Array, source: string): Promise<Map<string, Buffer>> {
  const refuse = (rule: string, got: string) =>
    new InputError(`verify: ${source}: ${rule}, got ${got}; ask for the bundle again or make it anew`);
  const expanded = expand(archive, refuse);
  const files = new Map<string, Buffer>();
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({ strict: true });
    parser.on("entry", (entry) => {
      const rule = entry.type === "File" ? broken(entry.path) : "entries must be plain files inside the bundle";
      if (rule !== null || files.has(entry.path) || files.size === MOST_ENTRIES) {
        const stated =
          rule ??
          (files.has(entry.path) ? "entries must have names of their own" : `entries must be at most ${MOST_ENTRIES}`);
        reject(refuse(stated, `${entry.type} ${shown(entry.path)}`));
        entry.resume();
        return;
      }
      const chunks: Buffer[] = [];
      entry.on("data", (chunk: Buffer) => chunks.push(chunk));
      entry.on("end", () => files.set(entry.path, Buffer.concat(chunks)));
    });
    parser.on("end", () => resolve());
    parser.on("error", (error: Error) => reject(refuse("a bundle must be an intact .tar.gz", error.message)));
    parser.end(expanded);
  });
  for (const name of files.keys()) {
    for (let at = name.indexOf("/"); at > 0; at = name.indexOf("/", at + 1)) {
      if (files.has(name.slice(0, at))) {
        throw refuse("entries must not be a file and a folder at once", shown(name.slice(0, at)));
      }
    }
  }
  return files;
}

/** The rule that a path in an archive breaks; null for one that leads to a place inside. */
function broken(entry: string): string | null {
  const names = entry.split("/");
  if (names.some((name) => name === "" || name === "." || name === ".." || /[\0\\]/.test(name))) {
    return "entries must be plain files inside the bundle";
  }
  if (Buffer.byteLength(entry) > LONGEST_PATH || names.some((name) => Buffer.byteLength(name) > LONGEST_NAME)) {
    return `entries must have paths of at most ${LONGEST_PATH} bytes, ${LONGEST_NAME} a name`;
  }
  return null;
}

function expand(archive: Uint8Array, refuse: (rule: string, got: string) => InputError): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: EXPANDED_LIMIT });
  } catch (error) {
    if (error instanceof RangeError) throw refuse(`a bundle must expand to at most ${EXPANDED_LIMIT} bytes`, "more");
    throw refuse("a bundle must be an intact .tar.gz", error instanceof Error ? error.message : String(error));
  }
}
