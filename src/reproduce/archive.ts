// A bundle: one gzipped tar of named contents, the same bytes for the same contents.

import { gunzipSync, gzipSync } from "node:zlib";
import { Header, Parser } from "tar";
import { InputError } from "../base/errors.js";

const BLOCK = 512;
/** Expanded size at which an archive is refused: no report is near it, a bomb is past it. */
const EXPANDED_LIMIT = 512 * 2 ** 20;

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
      if (entry.type !== "File" || entry.path.startsWith("/") || entry.path.split("/").includes("..")) {
        reject(refuse("entries must be plain files inside the bundle", `${entry.type} ${JSON.stringify(entry.path)}`));
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
  return files;
}

function expand(archive: Uint8Array, refuse: (rule: string, got: string) => InputError): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: EXPANDED_LIMIT });
  } catch (error) {
    if (error instanceof RangeError) throw refuse(`a bundle must expand to at most ${EXPANDED_LIMIT} bytes`, "more");
    throw refuse("a bundle must be an intact .tar.gz", error instanceof Error ? error.message : String(error));
  }
}
