// The last page of the demo on pictures: run files keep no weights, so the plan's first run is trained once more, to its
// last horizon alone, for a model to look at.
import { InputError } from "../base/errors.js";
import { count } from "../base/format.js";
import { withScratch } from "../base/scratch.js";
import { writeAtomically } from "../base/write.js";
import { openData, originOf } from "../train/data.js";
import { nearestCaptions } from "../train/towers/nearest.js";
import { trainRun } from "../train/trainer.js";
import { picturePage } from "./picture-page.js";
import { plannedRunsOf } from "./sweep.js";
import { say } from "./terminal.js";

const EXAMPLES = 24;

export async function showPictures(plan: string, file: string): Promise<void> {
  const [first] = await plannedRunsOf(plan);
  const last = first?.configuration.horizons.at(-1);
  if (first === undefined || last === undefined) throw new Error(`demo: plan ${plan} has no run`);
  const { task, ...rest } = first.configuration;
  if (task?.kind !== "image-text") throw new InputError(`demo: plan ${plan} must be of image-text, got none of it`);
  const run = { ...rest, task, horizons: [last] };
  const pictures = await openData(originOf(run, null), say);
  if (pictures.kind !== "pictures") throw new Error("demo: pictures came as text");
  say(`training ${run.scheme.label} once more, to look at its captions`);
  await withScratch("demo", (runsFolder) =>
    trainRun(run, {
      runsFolder,
      corpus: pictures,
      onTrained: async (state) => {
        const examples = await nearestCaptions(run, pictures, state, EXAMPLES);
        const model = `${run.scheme.label}, seed ${run.seed}, ${count(last.tokens)} tokens`;
        writeAtomically(file, picturePage(pictures, task.picture, examples, model));
      },
    }),
  );
  say(`pictures, captions and what the model makes of unseen ones: ${file}`);
}
