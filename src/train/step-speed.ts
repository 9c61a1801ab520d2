// How long a training step takes on a backend: the figure that doctor compares and that benchmarks print.
import { random } from "../base/random.js";
import { fullRounds } from "../scheme/applications.js";
import { schemeByName } from "../scheme/catalogue.js";
import { DEFAULT_OPTIMIZER } from "./configuration.js";
import type { Learner, Trained } from "./learner.js";
import type { Batch } from "./text/batches.js";

/** What `rinsight train` trains when nothing else is said. */
export const DEFAULT_STEP: Trained = {
  scheme: schemeByName("baseline"),
  shape: { width: 64, layers: 4, heads: 4, context: 128, vocabulary: 1024 },
  batch: 16,
  optimizer: DEFAULT_OPTIMIZER,
  seed: 0,
};

/** Steps whose losses are awaited together, since a GPU is done with a step when its loss is there. */
const TOGETHER = 4;

export function randomBatch({ shape, batch }: Pick<Trained, "shape" | "batch">): Batch {
  const stream = random("step speed");
  const ids = () => Int32Array.from({ length: batch * shape.context }, () => stream.integer(shape.vocabulary));
  return { inputs: ids(), targets: ids() };
}

/** Least seconds of a step over turns that last `seconds` in all, after one turn that compiles; five turns at least. */
export async function stepSeconds(
  learner: (run: Trained) => Learner | Promise<Learner>,
  run: Trained,
  seconds: number,
): Promise<number> {
  const model = await learner(run);
  const batch = randomBatch(run);
  const turn = async (): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < TOGETHER; i++) await model.step(batch, 1e-3, fullRounds(run.scheme), random(0));
    await model.losses();
    return (performance.now() - start) / 1000 / TOGETHER;
  };
  try {
    await turn();
    const times: number[] = [];
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end || times.length < 5) times.push(await turn());
    return Math.min(...times);
  } finally {
    model.dispose();
  }
}
