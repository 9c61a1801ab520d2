// What preparation of pictures yields and a run trains on, as plain records.

/** One drawing, and what is said of it. */
export interface PictureEntry {
  /** Who drew it: noto, twemoji, …. */
  readonly set: string;
  /** Index into the concepts. */
  readonly concept: number;
  /** Of this very drawing: "waving hand: medium skin tone". */
  readonly name: string;
  /** Trained on, never scored: a skin tone, an icon, a drawing by one of the hands that only widen the training. */
  readonly trainedOnly: boolean;
}

/** What drawings of several hands show; held out or trained on as a whole. */
export interface Concept {
  readonly name: string;
  /** Held out where any of them is; names of one idea share one. */
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  /** Index into the classes; null for none. */
  readonly class: number | null;
}

export interface PictureSet {
  readonly name: string;
  readonly classes: readonly string[];
  readonly concepts: readonly Concept[];
  /** Sorted by set, then concept. */
  readonly entries: readonly PictureEntry[];
  /** A set whose drawings are never trained on; null for none. */
  readonly unseenSet: string | null;
}

/** A set before it is drawn: `draw(i)` gives the pixels of entry i, [side, side, channels], 0 … 255. */
export interface PictureSource {
  readonly set: PictureSet;
  draw(entry: number, side: number): Uint8Array;
}
