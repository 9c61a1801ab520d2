// Pictures and captions in the shared space of two towers, one vector of length 1 each.
import { towersOf } from "../../scheme/task.js";
import type { Backend } from "../backend.js";
import type { Pictures } from "../image/pictures.js";
import type { Parameters } from "../parameters.js";
import { captionIds, patchesOfPictures } from "./batches.js";
import { type TowerInput, type TowerRun, toUnitLength, towerForward } from "./model.js";

/** Examples embedded at once. */
const CHUNK = 64;

export interface Embedder {
  ofPictures(list: readonly number[]): readonly Float32Array[];
  ofCaptions(list: readonly Int32Array[]): readonly Float32Array[];
}

export function embedder(
  backend: Backend,
  run: TowerRun,
  pictures: Pictures,
  parameters: Parameters,
  rounds: number,
): Embedder {
  const [image, text] = towersOf(run.task, run.scheme, run.shape);
  if (image === undefined || text === undefined) throw new Error("towers: pictures and captions need two towers");
  const embedded = (count: number, tower: typeof image, input: (from: number, to: number) => TowerInput) =>
    chunked(count, (from, to) =>
      backend.tf.tidy(() =>
        toUnitLength(backend, towerForward(backend, parameters, input(from, to), tower, run, rounds)).dataSync(),
      ),
    );
  return {
    ofPictures: (list) =>
      embedded(list.length, image, (from, to) => patchesOfPictures(pictures, run.task.picture, list.slice(from, to))),
    ofCaptions: (list) => embedded(list.length, text, (from, to) => captionIds(list.slice(from, to))),
  };
}

/** Rows of what `make` gives for stretches of CHUNK examples, one vector an example. */
export function chunked(count: number, make: (from: number, to: number) => ArrayLike<number>): Float32Array[] {
  const rows: Float32Array[] = [];
  for (let from = 0; from < count; from += CHUNK) {
    const to = Math.min(count, from + CHUNK);
    const values = Float32Array.from(make(from, to));
    const width = values.length / (to - from);
    for (let i = 0; i < to - from; i++) rows.push(values.slice(i * width, (i + 1) * width));
  }
  return rows;
}
