// What a model learns besides language: pictures with their captions, by two towers, or the class of a picture, by one.
// The scheme arranges the blocks of every tower, or of the one that it names.
import { InputError } from "../base/errors.js";
import type { ModelShape } from "./cost.js";
import type { Scheme, TowerName } from "./scheme.js";

/** A square picture cut into square patches; sides in pixels. */
export interface PictureShape {
  readonly side: number;
  readonly patch: number;
  /** 1 grey, 3 colour. */
  readonly channels: number;
}

/**
 * How far a training picture is moved each time it is seen, uniformly up to these bounds, and mirrored where its name says
 * nothing of sides; a caption is then the name with up to four of its tags in any order. Held-out ones stay as they are.
 */
export interface Augmentation {
  /** Of the side, along each axis. */
  readonly shift: number;
  /** Change of the scale. */
  readonly zoom: number;
  /** Tangent of half the angle. */
  readonly turn: number;
  /** Change of what each channel of a coloured picture lacks to white. */
  readonly colour: number;
}

export type Task = (
  | /** Contrastive: context and vocabulary of the shape are those of the captions. */
  { readonly kind: "image-text" }
  /** Supervised: the context of the shape counts the patches, its vocabulary the classes. */
  | { readonly kind: "image-class"; readonly data: "mnist" | "emoji" }
) & {
  readonly picture: PictureShape;
  /** Absent for none, so that runs without keep their names. */
  readonly augment?: Augmentation | undefined;
};

export const patchesOf = ({ side, patch }: PictureShape): number => (side / patch) ** 2;
/** Numbers in a patch. */
export const patchNumbers = ({ patch, channels }: PictureShape): number => patch * patch * channels;

/** A transformer over the whole of its input, pooled to one vector an example. */
export interface Tower {
  readonly name: TowerName;
  /** Positions an example: patches or caption tokens. */
  readonly time: number;
  /** True where the scheme arranges the blocks; each once, in order, where not. */
  readonly recursive: boolean;
  /** Rows of the first matrix: numbers of a patch, or token ids. */
  readonly inputs: number;
  /** Columns of the last matrix: the shared width, or the classes. */
  readonly outputs: number;
}

export function towersOf(task: Task, scheme: Scheme, shape: ModelShape): readonly Tower[] {
  const recursive = (name: TowerName) => scheme.tower === undefined || scheme.tower === name;
  const image = {
    name: "image",
    time: patchesOf(task.picture),
    recursive: recursive("image"),
    inputs: patchNumbers(task.picture),
  } as const;
  if (task.kind === "image-class") return [{ ...image, outputs: shape.vocabulary }];
  const text = { name: "text", time: shape.context, recursive: recursive("text"), inputs: shape.vocabulary } as const;
  return [image, text].map((tower) => ({ ...tower, outputs: shape.width }));
}

/** Positions that an example takes in all towers: what `tokens` counts. Language counts its context. */
export function tokensPerExample({
  shape,
  task,
}: {
  readonly shape: ModelShape;
  readonly task?: Task | undefined;
}): number {
  return shape.context + (task?.kind === "image-text" ? patchesOf(task.picture) : 0);
}

/** Throws InputError unless the patches tile the picture and the scheme and shape fit the task. */
export function checkTask(task: Task | undefined, scheme: Scheme, shape: ModelShape): void {
  if (task === undefined || task.kind === "image-class") {
    if (scheme.tower !== undefined) {
      const what = task === undefined ? "language" : "a picture's class";
      throw new InputError(
        `scheme ${scheme.name}: a tower can be named for image-text alone, got ${scheme.tower} for ${what}; leave it out`,
      );
    }
  }
  if (task === undefined) return;
  const { side, patch } = task.picture;
  if (side % patch !== 0) {
    throw new InputError(`task: the patch must divide the side of ${side} pixels, got ${patch}; take 4`);
  }
  if (task.kind === "image-class" && shape.context !== patchesOf(task.picture)) {
    throw new InputError(
      `task: the context must count the ${patchesOf(task.picture)} patches of a picture, got ${shape.context}; set it so`,
    );
  }
  if (scheme.rounds.kind === "latent") {
    throw new InputError(`task: latent recurrence is for language alone, got ${scheme.name}; take another scheme`);
  }
}
