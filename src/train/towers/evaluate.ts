// What towers score on held-out concepts: the loss, and how often the right captions, or the right class, come first.
import { InputError } from "../../base/errors.js";
import { mean } from "../../base/mean.js";
import { random } from "../../base/random.js";
import { towersOf } from "../../scheme/task.js";
import type { Backend } from "../backend.js";
import type { Pictures } from "../image/pictures.js";
import { type Score, score } from "../learner.js";
import { named, type Parameters } from "../parameters.js";
import { patchesOfPictures, validationGroups } from "./batches.js";
import { chunked, embedder } from "./embed.js";
import { type TowerRun, towerForward } from "./model.js";

type Scored = (parameters: Parameters, rounds: number, thorough: boolean) => Score;
type Run = TowerRun & { readonly validation: { readonly windows: number } };

const RESAMPLES = 1000;
const TOP = 5;

/**
 * Zero-shot: each held-out picture against the captions of all held-out concepts, a concept's similarity being the mean
 * over its captions (the prompts: the name alone, and with its tags). The loss is that of training, over batches of
 * `batch` held-out concepts drawn by one hand each.
 */
export function pairScore(backend: Backend, run: Run, pictures: Pictures): Scored {
  const { tf, operations } = backend;
  const groups = validationGroups(pictures, run.batch, run.validation.windows);
  const heldOut = pictures.heldOut.flat();
  const prompts = pictures.heldOut.map(([first = 0]) => pictures.captionsOf(first));
  const concepts = pictures.heldOut.flatMap((group, concept) => group.map(() => concept));
  const place = new Map(heldOut.map((picture, i) => [picture, i]));
  const unseen = pictures.unseenHand;
  const names = unseen.map((picture) => pictures.captionsOf(picture)[0] ?? new Int32Array(0));

  return (parameters, rounds, thorough) => {
    const { ofPictures, ofCaptions } = embedder(backend, run, pictures, parameters, rounds);
    const views = ofPictures(heldOut);
    const captions = ofCaptions(prompts.flat());
    const ranks = ranksOf(views, meansOf(captions, prompts), concepts);
    const firstCaption = prompts.map((_, concept) => prompts.slice(0, concept).flat().length);
    const { width } = run.shape;
    const losses = groups.flatMap((group) =>
      tf.tidy(() => {
        const rows = (vectors: readonly Float32Array[]) =>
          tf.tensor2d(Float32Array.from(vectors.flatMap((vector) => [...vector])), [group.length, width]);
        const x = rows(group.map((picture) => views[place.get(picture) ?? 0] ?? new Float32Array(width)));
        const y = rows(
          group.map((picture, i) => {
            const concept = concepts[place.get(picture) ?? 0] ?? 0;
            const count = prompts[concept]?.length ?? 1;
            return captions[(firstCaption[concept] ?? 0) + (i % count)] ?? new Float32Array(width);
          }),
        );
        return [
          ...operations
            .sigmoidLoss(
              operations.similarities(x, y),
              named(parameters.vectors, "logit.scale"),
              named(parameters.vectors, "logit.bias"),
            )
            .dataSync(),
        ];
      }),
    );
    const known = thorough
      ? ranksOf(
          ofPictures(unseen),
          ofCaptions(names),
          unseen.map((_, i) => i),
        )
      : [];
    return {
      ...score(losses),
      accuracy: {
        ...accuracyOf(ranks, concepts),
        ...(known.length === 0 ? {} : { accuracyUnseenHand: mean(known.map((rank) => (rank < 1 ? 1 : 0))) }),
      },
    };
  };
}

/** Loss and accuracy of classes on `windows` of the held-out pictures, spread evenly over their concepts. */
export function classScore(backend: Backend, run: Run, pictures: Pictures): Scored {
  const { tf, operations } = backend;
  const [tower] = towersOf(run.task, run.scheme, run.shape);
  if (tower === undefined) throw new Error("towers: classes need a tower");
  const every = pictures.heldOut.flatMap((group, concept) => group.map((picture) => ({ picture, concept })));
  const { windows } = run.validation;
  if (windows > every.length) {
    throw new InputError(
      `pictures: at most ${every.length} held-out pictures can be scored, got ${windows}; lower --validation-windows`,
    );
  }
  const scored = Array.from({ length: windows }, (_, i) => every[Math.floor((i * every.length) / windows)]).filter(
    (each) => each !== undefined,
  );
  const heldOut = scored.map(({ picture }) => picture);
  const concepts = scored.map(({ concept }) => concept);
  const classes = heldOut.map((picture) => pictures.classOf(picture));
  return (parameters, rounds) => {
    const losses: number[] = [];
    const ranks: number[] = [];
    chunked(heldOut.length, (from, to) =>
      tf.tidy(() => {
        const patches = patchesOfPictures(pictures, run.task.picture, heldOut.slice(from, to));
        const logits = towerForward(backend, parameters, patches, tower, run, rounds);
        const targets = Int32Array.from(classes.slice(from, to));
        losses.push(...operations.crossEntropy(logits, tf.tensor1d(targets, "int32")).dataSync());
        const values = logits.dataSync();
        for (const [row, right] of targets.entries()) {
          ranks.push(rankIn(values.subarray(row * tower.outputs, (row + 1) * tower.outputs), right));
        }
        return values;
      }),
    );
    return { ...score(byConcept(losses, concepts)), accuracy: accuracyOf(ranks, concepts) };
  };
}

/** The mean of each concept's captions, which lie one after another. */
export function meansOf(captions: readonly Float32Array[], prompts: readonly (readonly unknown[])[]): Float32Array[] {
  let from = 0;
  return prompts.map(({ length }) => {
    const some = captions.slice(from, from + length);
    from += length;
    return Float32Array.from(some[0] ?? [], (_, c) => mean(some.map((vector) => vector[c] ?? 0)));
  });
}

/** For each picture, how many concepts lie nearer than its own; of equals the earlier one is nearer. */
function ranksOf(
  views: readonly Float32Array[],
  concepts: readonly Float32Array[],
  right: readonly number[],
): readonly number[] {
  return views.map((view, i) => rankIn(nearness(view, concepts), right[i] ?? 0));
}

/** The inner product of a picture with each concept. */
export const nearness = (view: Float32Array, concepts: readonly Float32Array[]): readonly number[] =>
  concepts.map((concept) => {
    let sum = 0;
    for (let c = 0; c < view.length; c++) sum += (view[c] ?? 0) * (concept[c] ?? 0);
    return sum;
  });

/** Entries before the right one from the greatest down. A NaN is never right. */
export function rankIn(values: ArrayLike<number>, right: number): number {
  const own = values[right] ?? Number.NaN;
  let before = 0;
  for (let k = 0; k < values.length; k++) {
    const value = values[k] ?? Number.NaN;
    if (k !== right && !(value < own || (value === own && k > right))) before++;
  }
  return before;
}

/** The mean of each concept. */
function byConcept(values: readonly number[], concepts: readonly number[]): number[] {
  const groups: number[][] = [];
  values.forEach((value, i) => {
    const concept = concepts[i] ?? 0;
    const group = groups[concept] ?? [];
    group.push(value);
    groups[concept] = group;
  });
  return groups.filter((group) => group !== undefined).map(mean);
}

/** Top-1 and top-5, means over concepts, and the 95% interval of the former: concepts are resampled whole. */
export function accuracyOf(ranks: readonly number[], concepts: readonly number[]) {
  const first = byConcept(
    ranks.map((rank) => (rank < 1 ? 1 : 0)),
    concepts,
  );
  const stream = random("accuracy");
  const resampled = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let k = 0; k < first.length; k++) sum += first[stream.integer(first.length)] ?? 0;
    return sum / first.length;
  }).sort((a, b) => a - b);
  const quantile = (p: number) => resampled[Math.round(p * (RESAMPLES - 1))] ?? 0;
  return {
    accuracy: mean(first),
    accuracyInterval: [quantile(0.025), quantile(0.975)] as const,
    accuracyTop5: mean(
      byConcept(
        ranks.map((rank) => (rank < TOP ? 1 : 0)),
        concepts,
      ),
    ),
  };
}
