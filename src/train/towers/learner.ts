// The pupils of pictures: two towers on pairs under the sigmoid loss, or the vision tower on classes.
import type { Random } from "../../base/random.js";
import { towersOf } from "../../scheme/task.js";
import type { Backend } from "../backend.js";
import type { RunConfiguration } from "../configuration.js";
import type { Pictures } from "../image/pictures.js";
import { initialStateOf, type ModelState, type Pupil, type Trainee, trainee } from "../learner.js";
import { named, type Parameters } from "../parameters.js";
import { type ClassBatch, classBatch, type PairBatch, pairBatch, trainingExamples } from "./batches.js";
import { classScore, pairScore } from "./evaluate.js";
import { type TowerRun, towerForward, towerSimilarities, towerSpecs } from "./model.js";

export type PictureRun = RunConfiguration & TowerRun;

/** Makes pupils of a run on pictures; `start` null for the run's own beginning. Throws InputError for too few pictures. */
export function towerPupils(
  run: PictureRun,
  pictures: Pictures,
): (backend: Backend, start: ModelState | null) => Pupil {
  const chosen = trainingExamples(pictures, run.batch, run.seed, run.task.augment);
  return run.task.kind === "image-text"
    ? (backend, start) => {
        const scored = pairScore(backend, run, pictures);
        return taught(pairTrainee(backend, run, start), (at) => pairBatch(pictures, run, chosen(at)), scored);
      }
    : (backend, start) => {
        const scored = classScore(backend, run, pictures);
        return taught(classTrainee(backend, run, start), (at) => classBatch(pictures, run, chosen(at)), scored);
      };
}

function taught<B>(
  { parameters, lossCadence, step, losses, state, dispose }: Trainee<B> & { readonly parameters: Parameters },
  batchOf: (at: number) => B,
  scored: ReturnType<typeof pairScore>,
): Pupil {
  return {
    lossCadence,
    losses,
    state,
    dispose,
    step: (at, rate, rounds, noise: Random) => step(batchOf(at), rate, rounds, noise),
    evaluate: async (rounds, thorough) => scored(parameters, rounds, thorough),
  };
}

export function pairTrainee(backend: Backend, run: PictureRun, start: ModelState | null) {
  const specs = towerSpecs(run);
  return trainee<PairBatch>(
    backend,
    run,
    specs,
    start ?? initialStateOf(specs, run.seed),
    (parameters, batch, rounds) =>
      backend.operations.meanSigmoidLoss(
        towerSimilarities(backend, parameters, batch, run, rounds),
        named(parameters.vectors, "logit.scale"),
        named(parameters.vectors, "logit.bias"),
      ),
  );
}

function classTrainee(backend: Backend, run: PictureRun, start: ModelState | null) {
  const { tf, operations } = backend;
  const specs = towerSpecs(run);
  const [tower] = towersOf(run.task, run.scheme, run.shape);
  if (tower === undefined) throw new Error("towers: classes need a tower");
  return trainee<ClassBatch>(
    backend,
    run,
    specs,
    start ?? initialStateOf(specs, run.seed),
    (parameters, { patches, classes }, rounds) =>
      operations.meanCrossEntropy(
        towerForward(backend, parameters, patches, tower, run, rounds),
        tf.tensor1d(classes, "int32"),
      ),
  );
}
