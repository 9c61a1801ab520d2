// What a step of towers sees: pictures as patches, with captions or classes. Which ones follows from seed and step alone.

import { InputError } from "../../base/errors.js";
import { random } from "../../base/random.js";
import type { Augmentation, PictureShape } from "../../scheme/task.js";
import { drawCaption, drawView, type View, viewed } from "../image/augment.js";
import { captionTexts, type Pictures } from "../image/pictures.js";
import type { TowerRun } from "./model.js";

/** n pictures as patches [n · T, P] and their captions [n · T'], row by row a pair; no two of one concept. */
export interface PairBatch {
  readonly patches: Float32Array;
  readonly captions: Int32Array;
}
/** n pictures as patches and the class of each. */
export interface ClassBatch {
  readonly patches: Float32Array;
  readonly classes: Int32Array;
}

/**
 * Pixels 0 … 255 of pictures [n, side, side, channels] as patches [n · (side/patch)², patch² · channels], each number
 * (v/255 − ½) · 4: about mean 0 and mean square 1 for drawings on white.
 */
export function toPatches(pixels: Uint8Array, { side, patch, channels }: PictureShape): Float32Array {
  const numbers = side * side * channels;
  const across = side / patch;
  const patches = new Float32Array(pixels.length);
  const row = patch * channels;
  for (let to = 0, picture = 0; picture < pixels.length; picture += numbers) {
    for (let p = 0; p < across * across; p++) {
      const corner = picture + (Math.floor(p / across) * side * patch + (p % across) * patch) * channels;
      for (let y = 0; y < patch; y++) {
        const from = corner + y * side * channels;
        for (let x = 0; x < row; x++) patches[to++] = ((pixels[from + x] ?? 0) / 255 - 0.5) * 4;
      }
    }
  }
  return patches;
}

/**
 * The pairs of each 0-based step: `batch` concepts, each once a pass over all of them in a seeded order, and of each one
 * of its pictures and one of its captions. Equal captions never meet in a batch, as no concept comes twice: so positives
 * stand on the diagonal alone, n of them in every batch, and the start of the bias is exact. A pass leaves out what does
 * not fill a batch; the next is shuffled anew. Where there are concepts that only widen the training, every other step is
 * of them: an icon beside an emoji is told apart by its looks, which teaches nothing of what either shows.
 */
export function trainingExamples(
  pictures: Pictures,
  batch: number,
  seed: number,
  augment?: Augmentation,
): (step: number) => readonly Chosen[] {
  const root = random(seed).split("data");
  const families = [pictures.training, pictures.more]
    .filter((concepts, family) => family === 0 || concepts.length >= batch)
    .map((concepts, family) => passes(concepts.length, batch, family === 0 ? root : root.split("more")));
  const lists = [pictures.training, pictures.more];
  return (step) => {
    const family = step % families.length;
    const stream = root.split(`step ${step}`);
    const chosen = families[family]?.(Math.floor(step / families.length)) ?? [];
    return chosen.map((concept) => {
      const members = lists[family]?.[concept] ?? [];
      const picture = members[stream.integer(members.length)] ?? 0;
      const { name = "", concept: drawn = 0 } = pictures.set.entries[picture] ?? {};
      const tags = pictures.set.concepts[drawn]?.tags ?? [];
      if (augment === undefined) {
        const captions = captionTexts(name, tags);
        return { picture, view: null, caption: captions[stream.integer(3) % captions.length] ?? name };
      }
      return { picture, view: drawView(stream, name, augment), caption: drawCaption(stream, name, tags) };
    });
  };
}

/** `batch` of 0 … count − 1 for each turn, each once a pass, every pass in an order of its own. */
function passes(count: number, batch: number, root: ReturnType<typeof random>): (turn: number) => readonly number[] {
  if (count < batch) {
    throw new InputError(
      `pictures: a batch must have at most ${count} pictures, one of each concept, got ${batch}; lower --batch`,
    );
  }
  const perPass = Math.floor(count / batch);
  let pass = -1;
  let order: readonly number[] = [];
  return (turn) => {
    const wanted = Math.floor(turn / perPass);
    if (wanted !== pass) {
      pass = wanted;
      order = shuffled(count, root.split(pass));
    }
    const first = (turn % perPass) * batch;
    return order.slice(first, first + batch);
  };
}

/** A picture, how it is looked at, null for as it is, and what is said of it. */
export interface Chosen {
  readonly picture: number;
  readonly view: View | null;
  readonly caption: string;
}

/** Fisher–Yates. */
function shuffled(length: number, stream: ReturnType<typeof random>): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

/** Captions of examples, one after another. */
export function captionIds(captions: readonly Int32Array[]): Int32Array {
  const ids = new Int32Array(captions.reduce((sum, { length }) => sum + length, 0));
  captions.reduce((at, caption) => {
    ids.set(caption, at);
    return at + caption.length;
  }, 0);
  return ids;
}

function patchesOf(shape: PictureShape, list: readonly Uint8Array[]): Float32Array {
  const numbers = shape.side ** 2 * shape.channels;
  const pixels = new Uint8Array(list.length * numbers);
  list.forEach((each, i) => {
    pixels.set(each, i * numbers);
  });
  return toPatches(pixels, shape);
}

/** Pictures as they are. */
export const patchesOfPictures = (pictures: Pictures, shape: PictureShape, chosen: readonly number[]): Float32Array =>
  patchesOf(
    shape,
    chosen.map((picture) => pictures.pixels(picture)),
  );

const patchesOfChosen = (pictures: Pictures, shape: PictureShape, chosen: readonly Chosen[]): Float32Array =>
  patchesOf(
    shape,
    chosen.map(({ picture, view }) => {
      const pixels = pictures.pixels(picture);
      return view === null ? pixels : viewed(pixels, shape, view);
    }),
  );

export function pairBatch(pictures: Pictures, { task }: TowerRun, chosen: readonly Chosen[]): PairBatch {
  return {
    patches: patchesOfChosen(pictures, task.picture, chosen),
    captions: captionIds(chosen.map(({ caption }) => pictures.encoded(caption))),
  };
}

export function classBatch(pictures: Pictures, { task }: TowerRun, chosen: readonly Chosen[]): ClassBatch {
  return {
    patches: patchesOfChosen(pictures, task.picture, chosen),
    classes: Int32Array.from(chosen, ({ picture }) => pictures.classOf(picture)),
  };
}

/**
 * The batches of the validation loss: `batch` held-out concepts at a time, all drawn by one hand, spread over the hands,
 * as many as `windows` pictures fill. Throws InputError where there are fewer.
 */
export function validationGroups(pictures: Pictures, batch: number, windows: number): readonly (readonly number[])[] {
  const byHand = new Map<string, number[]>();
  for (const picture of pictures.heldOut.flat()) {
    const hand = pictures.set.entries[picture]?.set ?? "";
    byHand.set(hand, [...(byHand.get(hand) ?? []), picture]);
  }
  const order = random("validation");
  const groups = [...byHand.values()].map((list) => {
    const mixed = shuffled(list.length, order).map((i) => list[i] ?? 0);
    return Array.from({ length: Math.floor(list.length / batch) }, (_, k) => mixed.slice(k * batch, (k + 1) * batch));
  });
  const deepest = Math.max(0, ...groups.map(({ length }) => length));
  const inTurn = Array.from({ length: deepest }, (_, k) => groups.flatMap((list) => list.slice(k, k + 1))).flat();
  const wanted = Math.floor(windows / batch);
  if (wanted < 1 || wanted > inTurn.length) {
    throw new InputError(
      `pictures: the validation loss is taken over ${batch} to ${inTurn.length * batch} held-out pictures in batches of ${batch}, got ${windows}; give another --validation-windows or --batch`,
    );
  }
  return inTurn.slice(0, wanted);
}
