// The captions that a trained model puts nearest to pictures of concepts it has never seen: examples to look at.
import { fullRounds } from "../../scheme/applications.js";
import { loadBackend } from "../backend.js";
import type { Pictures } from "../image/pictures.js";
import type { ModelState } from "../learner.js";
import { toParameters } from "../parameters.js";
import { embedder } from "./embed.js";
import { meansOf, nearness, rankIn } from "./evaluate.js";
import { type TowerRun, towerSpecs } from "./model.js";

export interface NearestCaptions {
  readonly picture: number;
  /** What it shows. */
  readonly name: string;
  /** Names of held-out concepts, nearest first. */
  readonly nearest: readonly string[];
  /** Concepts nearer than the right one. */
  readonly rank: number;
}

const SHOWN = 5;

/** One picture of each of `count` held-out concepts, spread evenly, drawn by the hands in turn; on the wasm backend. */
export async function nearestCaptions(
  run: TowerRun,
  pictures: Pictures,
  state: ModelState,
  count: number,
): Promise<readonly NearestCaptions[]> {
  const backend = await loadBackend("wasm");
  const parameters = toParameters(backend.tf, towerSpecs(run), state.weights);
  const { ofPictures, ofCaptions } = embedder(backend, run, pictures, parameters, fullRounds(run.scheme));
  const nameOf = (group: readonly number[]) => pictures.set.entries[group[0] ?? 0]?.name ?? "";
  const prompts = pictures.heldOut.map(([first = 0]) => pictures.captionsOf(first));
  const concepts = meansOf(ofCaptions(prompts.flat()), prompts);
  const chosen = Array.from({ length: count }, (_, i) => {
    const concept = Math.floor((i * pictures.heldOut.length) / count);
    const group = pictures.heldOut[concept] ?? [];
    return { concept, picture: group[i % group.length] ?? 0 };
  });
  const found = ofPictures(chosen.map(({ picture }) => picture)).map((view, i) => {
    const { concept = 0, picture = 0 } = chosen[i] ?? {};
    const near = nearness(view, concepts);
    const order = near.map((_, k) => k).sort((a, b) => (near[b] ?? 0) - (near[a] ?? 0) || a - b);
    return {
      picture,
      name: nameOf(pictures.heldOut[concept] ?? []),
      nearest: order.slice(0, SHOWN).map((k) => nameOf(pictures.heldOut[k] ?? [])),
      rank: rankIn(near, concept),
    };
  });
  backend.tf.dispose(Object.values({ ...parameters.matrices, ...parameters.vectors }));
  return found;
}
