// Scheme -> the forward pass as a list: which block applies when, where adapters and injections stand; at any depth.
import { InputError, shown } from "../base/errors.js";
import type { Random } from "../base/random.js";
import type { Application, Scheme } from "./scheme.js";
import { flatten, printSignature, type Step } from "./signature.js";

/**
 * The rounds that a scheme's repeated steps have: the greatest power among the outermost steps; 1 when nothing is
 * repeated. `A^3 B` → 3, `(A^2 B)^3` → 3, `A^2 B^2` → 2.
 */
export function fullRounds(scheme: Scheme): number {
  return scheme.signature.steps.reduce((most, step) => Math.max(most, step.rounds), 1);
}

/**
 * The repeated steps, by index into the outermost steps: all that have the greatest power (in `A^2 B^2` both).
 * These are the ones whose rounds are drawn, and changed when a checkpoint is scored at other depths.
 */
export function repeatedSteps(scheme: Scheme): readonly number[] {
  const most = fullRounds(scheme);
  return most === 1 ? [] : scheme.signature.steps.flatMap((step, i) => (step.rounds === most ? [i] : []));
}

/**
 * The forward pass between embedding and head, in order. At `rounds` (the scheme's own when left out):
 *   - a repeated step is its content, `rounds` times;
 *   - with adapters, h ← h + h·W_i after the repeated step, i = min(rounds, full rounds): depths beyond training
 *     share the last map (our choice);
 *   - with latent recurrence, the stream is remembered and replaced by a random state before the repeated step, and
 *     the remembered stream is added before each of its rounds;
 *   - with re-injection, the stream is remembered before the repeated step (the first one where nothing is repeated),
 *     and normed and added to it before each of its rounds.
 * Throws InputError unless rounds is a positive integer.
 */
export function applications(scheme: Scheme, rounds: number = fullRounds(scheme)): readonly Application[] {
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new InputError(`applications: rounds must be an integer of at least 1, got ${shown(rounds)}; give 1 or more`);
  }
  const repeated = repeatedSteps(scheme);
  const injected = repeated[0] ?? 0;
  const adapter = Math.min(rounds, fullRounds(scheme));
  return scheme.signature.steps.flatMap((step, i): readonly Application[] => {
    if (scheme.reinjection && i === injected) {
      const times = repeated.length === 0 ? 1 : rounds;
      const round: readonly Application[] = [{ kind: "reinject" }, ...uses([{ ...step, rounds: 1 }])];
      return [{ kind: "remember" }, ...Array.from({ length: times }, () => round).flat()];
    }
    if (!repeated.includes(i)) return uses([step]);
    if (scheme.rounds.kind === "latent") {
      const round: readonly Application[] = [{ kind: "latent-inject" }, ...uses([{ ...step, rounds: 1 }])];
      return [{ kind: "latent-start" }, ...Array.from({ length: rounds }, () => round).flat()];
    }
    const repetitions = uses([{ ...step, rounds }]);
    return scheme.adapters ? [...repetitions, { kind: "adapter", rounds: adapter }] : repetitions;
  });
}

function uses(steps: readonly Step[]): readonly Application[] {
  return flatten(steps).map((block) => ({ kind: "block", block }));
}

/**
 * The layers that each block holds, blocks in stack order, sizes in proportion: A:3 B:1 over 8 → [0…5], [6, 7].
 * Throws InputError naming the layer counts that would do when the sizes do not divide `layers`.
 */
export function layersOfBlocks(scheme: Scheme, layers: number): readonly (readonly number[])[] {
  const total = scheme.blockSizes.reduce((sum, size) => sum + size, 0);
  if (!Number.isInteger(layers) || layers < 1 || layers % total !== 0) {
    throw new InputError(
      `scheme ${printSignature(scheme)}: layers must be a multiple of ${total}, got ${shown(layers)}; use ${total}, ${2 * total} or ${3 * total} layers, or set block sizes as in A:3 B:1`,
    );
  }
  let first = 0;
  return scheme.blockSizes.map((size) => {
    const held = (size * layers) / total;
    const block = Array.from({ length: held }, (_, i) => first + i);
    first += held;
    return block;
  });
}

/** The order in which layers compute: two schemes with the same order, adapters and rounds are one computation. */
export function layerOrder(scheme: Scheme, layers: number): readonly number[] {
  const blocks = layersOfBlocks(scheme, layers);
  return flatten(scheme.signature.steps).flatMap((block) => blocks[block] ?? []);
}

/**
 * Rounds of one training step, from the run's stream. Stochastic: 1 + Binomial(R − 1, 1 − p_s). Latent: Huginn draws
 * from a log-normal Poisson law; ours is 1 + Binomial(8(m − 1), 1/8), mean m, nearly Poisson and free of
 * transcendental functions, so that a run is the same on every machine (our choice). Fixed and growing: no draw is
 * made; growing rounds are 1 on the trunk and full when `coolingDown`.
 */
export function drawRounds(scheme: Scheme, random: Random, coolingDown: boolean): number {
  switch (scheme.rounds.kind) {
    case "fixed":
      return fullRounds(scheme);
    case "growing":
      return coolingDown ? fullRounds(scheme) : 1;
    case "stochastic":
      return 1 + random.binomial(fullRounds(scheme) - 1, 1 - scheme.rounds.skipProbability);
    case "latent":
      return 1 + random.binomial(8 * (scheme.rounds.meanRounds - 1), 1 / 8);
  }
}

/** The mean of drawRounds over the steps to a horizon: R, 1 + (R − 1)(1 − p_s), m, or 1 + (R − 1)·share. */
export function expectedRounds(scheme: Scheme): number {
  switch (scheme.rounds.kind) {
    case "fixed":
      return fullRounds(scheme);
    case "growing":
      return 1 + (fullRounds(scheme) - 1) * scheme.rounds.share;
    case "stochastic":
      return 1 + (fullRounds(scheme) - 1) * (1 - scheme.rounds.skipProbability);
    case "latent":
      return scheme.rounds.meanRounds;
  }
}
