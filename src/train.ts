// The training half, as `rinsight/train`: a corpus, a configuration, a run. Needs @tensorflow/tfjs and
// @tensorflow/tfjs-backend-wasm beside Rinsight, and says so when they are missing.
export { defaultBackend } from "./train/backend.js";
export {
  DEFAULT_OPTIMIZER,
  DEFAULT_SCHEDULE,
  DEFAULT_VALIDATION,
  horizonsOf,
  type RunConfiguration,
} from "./train/configuration.js";
export { openPictures, type Pictures } from "./train/image/pictures.js";
export type { RunProgress } from "./train/progress-clock.js";
export { type Corpus, openCorpus } from "./train/text/corpus.js";
export { type RunResult, type TrainOptions, trainRun } from "./train/trainer.js";
