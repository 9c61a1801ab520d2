// The survey of signatures × degree: every way to repeat runs of 2 to 4 blocks, within a cost range, each once.
// The paper's list of more than 55 variants (arXiv 2502.07503) is not public; this enumeration is our choice.
import { layerOrder } from "./applications.js";
import { CATALOGUE, schemeByName } from "./catalogue.js";
import type { ModelShape } from "./cost.js";
import { schemeCost } from "./cost.js";
import type { Scheme } from "./scheme.js";
import { canonical, printSignature, type SizedSignature, type Step, smallestTerms } from "./signature.js";

export interface SurveyRange {
  /** Bounds of the cost factor, both included. The baseline costs 1 and is not a variant. */
  readonly minimumCost: number;
  readonly maximumCost: number;
  /** Greatest number of rounds of one step; named schemes may have more. */
  readonly maximumRounds: number;
}

export const SURVEY_RANGE: SurveyRange = { minimumCost: 1, maximumCost: 2, maximumRounds: 2 };

/**
 * Distinct recursive variants over 2 to 4 blocks with groups up to two deep (degree 2), cheapest first. Blocks are
 * equal, or one of three takes the rest where three do not divide the layers. Two notations of one computation, by
 * the order in which layers compute, count once; the one with fewest blocks stays, under its catalogue name if any.
 *
 * @example
 * import { survey } from "rinsight";
 *
 * const shape = { width: 64, layers: 12, heads: 2, context: 128, vocabulary: 1024 };
 * for (const scheme of survey(shape).slice(0, 3)) console.log(scheme.label);
 */
export function survey(shape: ModelShape, range: SurveyRange = SURVEY_RANGE): readonly Scheme[] {
  const known = new Set([Array.from({ length: shape.layers }, (_, i) => i).join()]);
  const found: { scheme: Scheme; cost: number }[] = [];
  const consider = (scheme: Scheme): void => {
    const total = scheme.blockSizes.reduce((sum, size) => sum + size, 0);
    if (shape.layers % total !== 0) return;
    const order = layerOrder(scheme, shape.layers).join();
    const cost = schemeCost(scheme, shape).costFactor;
    if (known.has(order) || cost < range.minimumCost || cost > range.maximumCost) return;
    known.add(order);
    found.push({ scheme, cost });
  };
  for (const { scheme } of CATALOGUE) if (scheme.rounds.kind === "fixed" && !scheme.adapters) consider(scheme);
  for (const blockSizes of divisions(shape.layers)) {
    const blocks = blockSizes.map((_, block) => block);
    for (const steps of arrangements(blocks, range.maximumRounds, 2)) {
      const sized: SizedSignature = { signature: { steps: canonical(steps) }, blockSizes };
      consider(schemeByName(printSignature(sized)));
    }
  }
  return found.sort((a, b) => a.cost - b.cost || compareText(a.scheme.name, b.scheme.name)).map(({ scheme }) => scheme);
}

/** Ways to cut the layers into 2, 3 and 4 blocks: [1, 1], [2, 1, 1], … */
function divisions(layers: number): readonly (readonly number[])[] {
  return [2, 3, 4]
    .filter((blocks) => blocks <= layers)
    .flatMap((blocks) => {
      const share = Math.floor(layers / blocks);
      const rest = layers - share * blocks;
      return Array.from({ length: rest === 0 ? 1 : blocks }, (_, larger) =>
        smallestTerms(Array.from({ length: blocks }, (_, block) => share + (block === larger ? rest : 0))),
      );
    });
}

/** Every sequence of steps over consecutive blocks: each run of blocks alone or grouped, each with 1 … maximum rounds. */
function arrangements(blocks: readonly number[], maximum: number, depth: number): readonly (readonly Step[])[] {
  const [first, ...others] = blocks;
  if (first === undefined) return [[]];
  const powers = Array.from({ length: maximum }, (_, i) => i + 1);
  const heads: { readonly step: Step; readonly rest: readonly number[] }[] = powers.map((rounds) => ({
    step: { kind: "block", block: first, rounds },
    rest: others,
  }));
  if (depth > 0) {
    for (let length = 2; length <= blocks.length; length++) {
      for (const steps of arrangements(blocks.slice(0, length), maximum, depth - 1)) {
        for (const rounds of powers.slice(1)) {
          heads.push({ step: { kind: "group", steps, rounds }, rest: blocks.slice(length) });
        }
      }
    }
  }
  return heads.flatMap(({ step, rest }) => arrangements(rest, maximum, depth).map((tail) => [step, ...tail]));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
