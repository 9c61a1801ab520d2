// A model being trained on a GPU: every step one submission, written down once for each number of rounds and run again
// and again. Nothing comes back but losses, when they are asked for. The device may be Node's or a browser's.
import { random } from "../../base/random.js";
import { applications, fullRounds } from "../../scheme/applications.js";
import { rotaryTable } from "../kernels/rotary.js";
import { type Learner, type ModelState, score, type Trained, windowMeans } from "../learner.js";
import { forward, parameterSpecs } from "../model.js";
import type { Decays } from "../optimizer.js";
import { named } from "../parameters.js";
import { latentStart } from "../stack.js";
import type { Batch } from "../text/batches.js";
import { newArena, type Program } from "./arena.js";
import { add, addTo } from "./elementwise.js";
import { segments } from "./embedding.js";
import type { Gpu } from "./gpu.js";
import { flatten, layoutOf, owners, unflatten, valuesOf } from "./layout.js";
import { type Ids, LOSS_SLOTS, LOSSES, operationsOn, rotaryName, STEP } from "./operations.js";
import { adamw, norm, squares, squaresLength, TABLE_COLUMNS } from "./optimizer.js";
import { constant, lasting, newTape, type Piece, type Tape } from "./tape.js";

const ONES: Decays[string] = [1, 1];
/** Most steps between two readings of their losses. */
const LOSS_CADENCE = 32;

interface StepProgram {
  readonly program: Program;
  /** Buffers of the random states that the step starts recurrence from. */
  readonly noises: readonly string[];
  /** By index in the specs: whether a gradient reaches the tensor. */
  readonly reached: readonly boolean[];
}

export async function webgpuLearner(gpu: Gpu, run: Trained, start: ModelState): Promise<Learner> {
  const { scheme, shape, batch, optimizer: settings } = run;
  const { context, width, vocabulary, heads } = shape;
  const rows = batch * context;
  const specs = parameterSpecs(scheme, shape);
  const layout = layoutOf(specs);
  const arena = newArena(gpu, run.precision);
  const pieces = {
    parameters: lasting("parameters", layout.length),
    gradients: lasting("gradients", layout.length),
    moments: lasting("moments", 2 * layout.length),
    owners: lasting("owners", owners(layout).length),
    table: lasting("table", TABLE_COLUMNS * specs.length),
  };
  for (const [name, { bytes }] of Object.entries(pieces)) arena.make(name, bytes / 4);
  const headWidth = width / heads;
  arena.make("losses", LOSS_SLOTS);
  arena.make("step", 1);
  arena.make(rotaryName(context, headWidth), context * headWidth);
  arena.write(rotaryName(context, headWidth), Float32Array.from(rotaryTable(context, headWidth)));
  arena.write("owners", owners(layout));
  const flat = new Float32Array(layout.length);
  flatten(layout, start.weights, flat);
  arena.write("parameters", flat);
  const moments = new Float32Array(2 * layout.length);
  flatten(layout, start.optimizer.first, moments);
  flatten(layout, start.optimizer.second, moments, layout.length);
  arena.write("moments", moments);
  const decays = specs.map(({ name }) => [...named(start.optimizer.decays, name)] as [number, number]);

  const made = new Set<string>();
  const once = (name: string, numbers: number): Piece => {
    if (!made.has(name)) arena.make(name, numbers);
    made.add(name);
    return lasting(name, numbers);
  };
  /** The ids and targets of batches of so many tokens. */
  const idsOf = (tokens: number, name: "inputs" | "targets"): Ids => ({
    piece: once(`${name} ${tokens}`, tokens),
    places: once(`places ${tokens}`, vocabulary + 1 + tokens),
    rows: tokens,
  });
  const record = (tape: Tape, tokens: number, rounds: number, trained: boolean) => {
    const noises: string[] = [];
    const logits = forward(operationsOn(tape, run.precision), valuesOf(layout, trained), idsOf(tokens, "inputs"), {
      scheme,
      shape,
      applications: applications(scheme, rounds),
      batch: tokens / context,
      latentStart: () => {
        const name = `noise ${noises.length} ${tokens}`;
        noises.push(name);
        return constant(once(name, tokens * width), tokens, width);
      },
    });
    return { logits, noises };
  };

  const steps = new Map<number, Promise<StepProgram>>();
  const stepAt = (rounds: number): Promise<StepProgram> => {
    const known = steps.get(rounds);
    if (known !== undefined) return known;
    const prepared = (async () => {
      const tape = newTape({ sum: add, sumInto: addTo });
      const { logits, noises } = record(tape, rows, rounds, true);
      operationsOn(tape, run.precision).meanCrossEntropy(logits, idsOf(rows, "targets"));
      tape.backward();
      const reached = layout.offsets.map((offset) =>
        tape.dispatches.some(({ pieces: used }) =>
          used.some((piece) => piece.kind === "lasting" && piece.name === "gradients" && piece.offset === 4 * offset),
        ),
      );
      const parts = tape.passing(squaresLength(layout.length));
      const norms = tape.passing(1);
      tape.dispatch(squares(layout.length), pieces.gradients, parts);
      tape.dispatch(norm(layout.length), parts, norms);
      const { parameters, gradients, moments: both, owners: ownerPiece, table } = pieces;
      tape.dispatch(
        adamw(layout.length, settings),
        parameters,
        gradients,
        both,
        ownerPiece,
        table,
        norms,
        STEP,
        LOSSES,
      );
      return { program: await arena.prepare(tape.dispatches), noises, reached };
    })();
    steps.set(rounds, prepared);
    return prepared;
  };
  const scores = new Map<string, Promise<{ program: Program; noises: readonly string[]; losses: Piece }>>();
  const scoreAt = (rounds: number, tokens: number) => {
    const key = `${rounds} ${tokens}`;
    const known = scores.get(key);
    if (known !== undefined) return known;
    const prepared = (async () => {
      const tape = newTape({ sum: add, sumInto: addTo });
      const { logits, noises } = record(tape, tokens, rounds, false);
      const { piece: losses } = operationsOn(tape, run.precision).crossEntropy(logits, idsOf(tokens, "targets"));
      return { program: await arena.prepare(tape.dispatches, [losses]), noises, losses };
    })();
    scores.set(key, prepared);
    return prepared;
  };
  const fill = ({ inputs, targets }: Batch, noises: readonly string[], noise: ReturnType<typeof random>) => {
    const tokens = inputs.length;
    arena.write(`inputs ${tokens}`, Int32Array.from(inputs));
    arena.write(`targets ${tokens}`, Int32Array.from(targets));
    for (const name of noises) arena.write(name, Float32Array.from(latentStart(tokens, width, noise)));
  };

  /** Cross-entropy of every token of the batches, read back at once. */
  const surprisals = async (batches: readonly Batch[], rounds: number) => {
    const noise = random(run.seed).split("evaluation");
    const total = batches.reduce((sum, { inputs }) => sum + inputs.length, 0);
    once(`scores ${total}`, total);
    let at = 0;
    for (const one of batches) {
      const { program, noises, losses } = await scoreAt(rounds, one.inputs.length);
      fill(one, noises, noise);
      arena.run(program, [], { piece: losses, to: `scores ${total}`, at });
      at += one.inputs.length;
    }
    return arena.read(`scores ${total}`);
  };

  // The deepest step first: the others live in its memory, and what does not fit is said before training starts.
  await stepAt(fullRounds(scheme)).catch((error: unknown) => {
    arena.destroy();
    throw error;
  });
  let slot = 0;
  let unread = 0;
  return {
    lossCadence: LOSS_CADENCE,
    step: async (step, learningRate, rounds, noise) => {
      const { program, noises, reached } = await stepAt(rounds);
      if (unread === LOSS_SLOTS) throw new Error(`webgpu: ${LOSS_SLOTS} losses must be read before another step`);
      fill(step, noises, noise);
      arena.write(`places ${rows}`, segments(step.inputs, vocabulary));
      arena.write("step", Uint32Array.of(slot));
      arena.write(
        "table",
        Float32Array.from(
          specs.flatMap((spec, i) => {
            const power = decays[i];
            if (power === undefined || !reached[i]) return [0, 0, 0, 0];
            power[0] *= settings.beta1;
            power[1] *= settings.beta2;
            const decay = spec.shape.length === 1 ? 0 : settings.weightDecay;
            return [learningRate, decay, 1 / (1 - power[0]), 1 / (1 - power[1])];
          }),
        ),
      );
      arena.run(program, ["gradients"]);
      slot = (slot + 1) % LOSS_SLOTS;
      unread++;
    },
    losses: async () => {
      if (unread === 0) return [];
      const ring = await arena.read("losses");
      const read = Array.from(
        { length: unread },
        (_, i) => ring[(slot + LOSS_SLOTS - unread + i) % LOSS_SLOTS] ?? Number.NaN,
      );
      unread = 0;
      return read;
    },
    evaluate: async (batches, rounds) => score(windowMeans(await surprisals(batches, rounds), context)),
    surprisals: (one, rounds) => surprisals([one], rounds),
    state: async () => {
      const weights = unflatten(layout, await arena.read("parameters"));
      const both = await arena.read("moments");
      return {
        weights,
        optimizer: {
          first: unflatten(layout, both),
          second: unflatten(layout, both, layout.length),
          decays: Object.fromEntries(
            specs.map(({ name }, i): [string, Decays[string]] => [name, [...(decays[i] ?? ONES)]]),
          ),
        },
      };
    },
    dispose: () => arena.destroy(),
  };
}
