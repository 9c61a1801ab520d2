// What a run takes in memory, estimated before it starts: a run that cannot fit is refused, not killed half way.
import { totalmem } from "node:os";
import { InputError } from "../base/errors.js";
import { applications, fullRounds } from "../scheme/applications.js";
import { countLayerUses } from "../scheme/cost.js";
import type { Application, Scheme } from "../scheme/scheme.js";
import { towersOf } from "../scheme/task.js";
import { runCost, towerApplications } from "../scheme/task-cost.js";
import type { RunConfiguration } from "./configuration.js";

/** Addresses of WebAssembly have 32 bits. */
const WASM_LIMIT = 2 ** 32;
/** Weights, gradient and two moments on the backend; weights and moments in a checkpoint, twice where a trunk waits. */
const COPIES_ON_BACKEND = 4;
const COPIES_IN_CHECKPOINTS = 6;
const BYTES = 4;

/** Bytes on the backend: parameters with their optimizer state, and the activations of one step kept for its gradient. */
export function backendBytes(run: RunConfiguration): number {
  const { context, vocabulary } = run.shape;
  const { parameters } = runCost(run);
  const rounds = deepestRounds(run.scheme);
  const activations =
    run.task === undefined
      ? stackNumbers(run, applications(run.scheme, rounds), context) + 3 * run.batch * context * vocabulary
      : towersOf(run.task, run.scheme, run.shape).reduce(
          (sum, tower) =>
            sum +
            stackNumbers(run, towerApplications(run.scheme, tower, rounds), tower.time) +
            run.batch * (tower.time * tower.inputs + 3 * (tower.outputs + run.batch)),
          0,
        );
  return BYTES * (COPIES_ON_BACKEND * parameters + activations);
}

/** Numbers that a stack keeps of one step for its gradient. */
function stackNumbers({ scheme, shape, batch }: RunConfiguration, list: readonly Application[], time: number): number {
  const { width, heads } = shape;
  const uses = countLayerUses(list, scheme, shape);
  const others = list.filter(({ kind }) => kind !== "block").length;
  // A layer keeps two norms, qkv, attention and its output, 4E twice, the stream twice: 17E; and its probabilities.
  return batch * time * (uses * (17 * width + heads * time) + 2 * others * width);
}

/**
 * The rounds that a step has to have memory for. Latent draws go beyond the scheme's own rounds, their mean m, as far
 * as 8(m − 1) + 1; more than five standard deviations above it comes less than once in 100,000 steps.
 */
function deepestRounds(scheme: Scheme): number {
  if (scheme.rounds.kind !== "latent") return fullRounds(scheme);
  const { meanRounds } = scheme.rounds;
  return Math.ceil(meanRounds + 5 * Math.sqrt((7 / 8) * (meanRounds - 1)));
}

/** Throws InputError with the memory a run would take when the backend or the machine has less. */
export function checkMemory(run: RunConfiguration): void {
  const onBackend = backendBytes(run);
  const { parameters } = runCost(run);
  // The memory of a GPU is its own: webgpu/ says when it does not hold the run.
  const inAll = (run.backend === "webgpu" ? 0 : onBackend) + BYTES * COPIES_IN_CHECKPOINTS * parameters;
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  const refuse = (needed: number, limit: number, whose: string) => {
    throw new InputError(
      `train: a run must fit into ${whose} of ${gibibytes(limit)}, got ${parameters} parameters that take about ${gibibytes(needed)}; lower --width, --layers, --vocab, --batch or --context`,
    );
  };
  if (run.backend === "wasm" && onBackend > WASM_LIMIT) refuse(onBackend, WASM_LIMIT, "WebAssembly's memory");
  // A container may have less than its machine; 0 where nothing is known of a limit.
  const machine = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (inAll > machine) refuse(inAll, machine, "this machine's memory");
}
