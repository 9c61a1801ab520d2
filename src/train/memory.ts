// What a run takes in memory, estimated before it starts: a run that cannot fit is refused, not killed half way.
import { totalmem } from "node:os";
import { InputError } from "../base/errors.js";
import { applications, fullRounds } from "../scheme/applications.js";
import { countLayerUses, schemeCost } from "../scheme/cost.js";
import type { Scheme } from "../scheme/scheme.js";
import type { RunConfiguration } from "./configuration.js";

/** Addresses of WebAssembly have 32 bits. */
const WASM_LIMIT = 2 ** 32;
/** Weights, gradient and two moments on the backend; weights and moments in a checkpoint, twice where a trunk waits. */
const COPIES_ON_BACKEND = 4;
const COPIES_IN_CHECKPOINTS = 6;
const BYTES = 4;

/** Bytes on the backend: parameters with their optimizer state, and the activations of one step kept for its gradient. */
export function backendBytes(run: RunConfiguration): number {
  const { width, heads, context, vocabulary } = run.shape;
  const { parameters } = schemeCost(run.scheme, run.shape);
  const list = applications(run.scheme, deepestRounds(run.scheme));
  const uses = countLayerUses(list, run.scheme, run.shape);
  const others = list.filter(({ kind }) => kind !== "block").length;
  const rows = run.batch * context;
  // A layer keeps two norms, qkv, attention and its output, 4E twice, the stream twice: 17E; and its probabilities.
  const activations = rows * (uses * (17 * width + heads * context) + 2 * others * width + 3 * vocabulary);
  return BYTES * (COPIES_ON_BACKEND * parameters + activations);
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
  const { parameters } = schemeCost(run.scheme, run.shape);
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
