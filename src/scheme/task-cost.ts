// What a run costs whatever its task: language as in cost.ts, towers with the same convention, but for attention, which
// sees all T positions (4·E·T a position), and for the loss matrix, 2·n·E an example in a batch of n.
import { applications, expectedRounds, fullRounds } from "./applications.js";
import {
  checkShape,
  countLayerUses,
  forwardFlopsPerToken,
  type ModelShape,
  type ParameterGroups,
  type SchemeCost,
  schemeCost,
} from "./cost.js";
import type { Application, Scheme } from "./scheme.js";
import { type Task, type Tower, tokensPerExample, towersOf } from "./task.js";

/** What the cost of a run hangs on. */
export interface Costed {
  readonly scheme: Scheme;
  readonly shape: ModelShape;
  readonly batch: number;
  readonly task?: Task | undefined;
}

export type RunCost = Pick<SchemeCost, "parameters" | "parametersByGroup" | "flopsPerToken" | "costFactor">;

/** What the scheme applies in a tower: its order at `rounds`, or each block once. */
export function towerApplications(scheme: Scheme, tower: Tower, rounds: number): readonly Application[] {
  return tower.recursive
    ? applications(scheme, rounds)
    : scheme.blockSizes.map((_, block): Application => ({ kind: "block", block }));
}

/**
 * Parameters by group and training FLOPs per token. A tower has inputs × E and T × E numbers of embedding, 12E² + 2E a
 * layer, and E + E × outputs of head; image–text has two more, scale and bias of the logits, counted with the head.
 * Throws InputError for impossible sizes.
 */
export function runCost(run: Costed): RunCost {
  const { scheme, shape, task } = run;
  if (task === undefined) return schemeCost(scheme, shape);
  checkShape(shape);
  const { width: E, layers: L } = shape;
  const towers = towersOf(task, scheme, shape);
  const over = (count: (tower: Tower) => number) => towers.reduce((sum, tower) => sum + count(tower), 0);
  const parametersByGroup: ParameterGroups = {
    embedding: over(({ inputs, time }) => (inputs + time) * E),
    blocks: over(() => L * (12 * E * E + 2 * E)),
    adapters: over(({ recursive }) =>
      recursive ? (scheme.adapters ? fullRounds(scheme) * E * E : 0) + (scheme.reinjection ? E : 0) : 0,
    ),
    head: over(({ outputs }) => E + E * outputs) + (task.kind === "image-text" ? 2 : 0),
  };
  const training = 3 * forwardPerToken(run, expectedRounds(scheme));
  return {
    parameters: Object.values(parametersByGroup).reduce((sum, group) => sum + group, 0),
    parametersByGroup,
    flopsPerToken: training,
    costFactor: training / (3 * (exampleForward(run, task, null) / tokensPerExample(run))),
  };
}

/** FLOPs of the forward pass per token at `rounds`, which may be a mean. */
export function forwardPerToken(run: Costed, rounds: number = fullRounds(run.scheme)): number {
  const { task } = run;
  if (task === undefined) return forwardFlopsPerToken(run.scheme, run.shape, rounds);
  const below = Math.max(1, Math.floor(rounds));
  const at = (whole: number) => exampleForward(run, task, whole) / tokensPerExample(run);
  return rounds === below ? at(below) : at(below) + (rounds - below) * (at(below + 1) - at(below));
}

/** Forward FLOPs of an example, its row of the loss matrix included; rounds null for each block once in every tower. */
function exampleForward({ scheme, shape, batch }: Costed, task: Task, rounds: number | null): number {
  const { width: E } = shape;
  const towers = towersOf(task, scheme, shape).map((tower) => {
    const list = towerApplications(scheme, rounds === null ? { ...tower, recursive: false } : tower, rounds ?? 1);
    const uses = countLayerUses(list, scheme, shape);
    const adapters = list.filter(({ kind }) => kind === "adapter").length;
    const perPosition = uses * (24 * E * E + 4 * E * tower.time) + adapters * 2 * E * E;
    // Patches go through a matrix, token ids through a look-up.
    const embedding = tower.name === "image" ? 2 * tower.inputs * E : 0;
    return tower.time * (perPosition + embedding) + 2 * E * tower.outputs;
  });
  return towers.reduce((sum, flops) => sum + flops, 0) + (task.kind === "image-text" ? 2 * batch * E : 0);
}
