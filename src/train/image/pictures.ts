// A set of pictures ready to train on: drawn once, kept in the cache with a checksum, split by concept, captions as tokens.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { InputError } from "../../base/errors.js";
import { canonicalJson, sha256 } from "../../base/json.js";
import { makeFolder, writeAtomically } from "../../base/write.js";
import type { Task } from "../../scheme/task.js";
import { countWords, type Tokenizer, tokenizer, trainMerges } from "../text/tokenizer.js";
import { digitSource } from "./digits.js";
import { emojiSource } from "./emoji.js";
import { DIGIT_PACKAGES, EMOJI_PACKAGES, installedVersions } from "./packages.js";
import type { PictureSet, PictureSource } from "./sets.js";

export interface PicturesRequest {
  readonly task: Task;
  /** Tokens of a caption, and their vocabulary; of classes the patches and the classes. */
  readonly context: number;
  readonly vocabulary: number;
  /** Where prepared pictures are kept; ".cache" by default. */
  readonly cacheFolder?: string;
  readonly onMessage?: (message: string) => void;
}

export interface Pictures {
  readonly kind: "pictures";
  readonly name: string;
  /** SHA-256 (16 hex digits) over all pixels, names, tags, classes, and which concepts are held out. */
  readonly hash: string;
  readonly set: PictureSet;
  /** Of the captions, learned from those trained on; of plain bytes and unused where classes are learned. */
  readonly tokenizer: Tokenizer;
  /** Pictures trained on, by concept; every concept has one at least. */
  readonly training: readonly (readonly number[])[];
  /** The same of concepts that only widen the training, such as icons: in batches of their own. */
  readonly more: readonly (readonly number[])[];
  /** Pictures of each held-out concept that are scored. */
  readonly heldOut: readonly (readonly number[])[];
  /** One picture a concept that is trained on, drawn by the hand that is not. */
  readonly unseenHand: readonly number[];
  pixels(picture: number): Uint8Array;
  /** Captions of a picture, each `context` tokens, filled up with 0; the first is its name alone. */
  captionsOf(picture: number): readonly Int32Array[];
  /** A caption as `context` tokens. */
  encoded(caption: string): Int32Array;
  classOf(picture: number): number;
  close(): void;
}

interface Prepared {
  readonly set: PictureSet;
  readonly checksum: string;
}

/** Raised when drawing, names or split change, so that an old cache is not taken for a new one. */
const RECIPE = 2;
/** Concepts held out: this share of the keys, by their hash. */
const HELD_OUT_SHARE = 1 / 6;
/** Tags that follow a name in a caption. */
const TAGS_IN_CAPTION = 4;

/** True for the keys that are held out, whatever set, tone or task they are met in. */
export const isHeldOut = (key: string): boolean =>
  Number.parseInt(sha256(`held out? ${key}`).slice(0, 8), 16) / 2 ** 32 < HELD_OUT_SHARE;

/** "cat face", "cat face: animal cat kitten kitty", … : the name, then with its tags, four at a time, twice at most. */
export function captionTexts(name: string, tags: readonly string[]): readonly string[] {
  const more = [0, TAGS_IN_CAPTION]
    .map((from) => tags.slice(from, from + TAGS_IN_CAPTION))
    .filter((some) => some.length > 0);
  return [name, ...more.map((some) => `${name}: ${some.join(" ")}`)];
}

/** Opens the pictures of a task, drawing them first when the cache has none. Throws InputError for missing packages. */
export async function openPictures(request: PicturesRequest): Promise<Pictures> {
  const { task } = request;
  const data = task.kind === "image-text" ? "emoji" : task.data;
  const { side, channels } = task.picture;
  if (channels !== (data === "mnist" ? 1 : 3)) {
    throw new InputError(
      `pictures: ${data} must have ${data === "mnist" ? 1 : 3} channels, got ${channels}; set it so`,
    );
  }
  const versions = installedVersions(data === "mnist" ? DIGIT_PACKAGES : EMOJI_PACKAGES);
  const folder = path.join(request.cacheFolder ?? ".cache", "pictures");
  const key = sha256(canonicalJson({ recipe: RECIPE, data, versions, side })).slice(0, 16);
  const kept = readPrepared(folder, key);
  if (kept === null) request.onMessage?.(`preparing pictures ${data}, ${side} pixels wide`);
  const { set, pixels } = kept ?? prepare(data === "mnist" ? digitSource() : emojiSource(), side, folder, key);
  return pictures(set, pixels, request);
}

interface Drawn {
  readonly set: PictureSet;
  readonly pixels: Uint8Array;
}

/** What the cache says; null where it says nothing, or not what was written. */
function readPrepared(folder: string, key: string): Drawn | null {
  const [description, file] = [path.join(folder, `${key}.json`), path.join(folder, `${key}.bin`)];
  if (!existsSync(description) || !existsSync(file)) return null;
  try {
    const { set, checksum }: Prepared = JSON.parse(readFileSync(description, "utf8"));
    const pixels = new Uint8Array(readFileSync(file));
    return checksumOf(set, pixels) === checksum ? { set, pixels } : null;
  } catch {
    return null;
  }
}

const checksumOf = (set: PictureSet, pixels: Uint8Array): string =>
  sha256(canonicalJson({ set, pixels: sha256(pixels) }));

function prepare(source: PictureSource, side: number, folder: string, key: string): Drawn {
  const { set } = source;
  const drawn = set.entries.map((_, entry) => source.draw(entry, side));
  const pixels = new Uint8Array(drawn.reduce((sum, { length }) => sum + length, 0));
  drawn.reduce((at, each) => {
    pixels.set(each, at);
    return at + each.length;
  }, 0);
  makeFolder(folder);
  writeAtomically(path.join(folder, `${key}.bin`), pixels);
  writeAtomically(path.join(folder, `${key}.json`), canonicalJson({ set, checksum: checksumOf(set, pixels) }));
  return { set, pixels };
}

function pictures(set: PictureSet, pixels: Uint8Array, { task, context, vocabulary }: PicturesRequest): Pictures {
  const { concepts, entries, unseenSet } = set;
  // Where classes are learned, only what has one.
  const isUsed = (concept: number) => task.kind === "image-text" || concepts[concept]?.class !== null;
  const heldOut: number[][] = concepts.map(() => []);
  const training: number[][] = concepts.map(() => []);
  const unseenHand: number[] = [];
  const held = concepts.map(({ keys }) => keys.some(isHeldOut));
  entries.forEach(({ concept, set: hand, trainedOnly }, picture) => {
    if (!isUsed(concept)) return;
    if (hand === unseenSet) {
      if (!held[concept] && !trainedOnly) unseenHand.push(picture);
    } else if (!held[concept]) training[concept]?.push(picture);
    else if (!trainedOnly) heldOut[concept]?.push(picture);
  });
  const full = (groups: readonly (readonly number[])[]) => groups.filter((group) => group.length > 0);
  const isMore = (group: readonly number[]) => group.every((picture) => entries[picture]?.trainedOnly);

  const textsOf = (picture: number): readonly string[] => {
    const { concept = 0, name = "" } = entries[picture] ?? {};
    return captionTexts(name, concepts[concept]?.tags ?? []);
  };
  const words = new Map<string, number>();
  if (task.kind === "image-text") for (const one of training.flat()) countCaptions(textsOf(one), words);
  const tokens = task.kind === "image-text" ? tokenizer("bpe", trainMerges(words, vocabulary)) : tokenizer("byte", []);
  const encoded = (text: string): Int32Array => {
    const ids = new Int32Array(context);
    ids.set(tokens.encode(text).subarray(0, context));
    return ids;
  };
  const numbers = task.picture.side ** 2 * task.picture.channels;
  return {
    kind: "pictures",
    name: set.name,
    hash: sha256(canonicalJson({ checksum: checksumOf(set, pixels), held })).slice(0, 16),
    set,
    tokenizer: tokens,
    training: full(training).filter((group) => !isMore(group)),
    more: full(training).filter(isMore),
    heldOut: full(heldOut),
    unseenHand,
    pixels: (picture) => pixels.subarray(picture * numbers, (picture + 1) * numbers),
    captionsOf: (picture) => textsOf(picture).map(encoded),
    encoded,
    classOf: (picture) => concepts[entries[picture]?.concept ?? 0]?.class ?? 0,
    close: () => {},
  };
}

function countCaptions(texts: readonly string[], words: Map<string, number>): void {
  for (const text of texts) countWords(text, words);
}
