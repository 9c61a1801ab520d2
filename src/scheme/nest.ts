// The second axis of arXiv 2502.07503: the degree, a signature opened inside its own recursed block.
import { InputError, shown } from "../base/errors.js";
import { canonical, printSignature, type SizedSignature, type Step, smallestTerms } from "./signature.js";

/**
 * The signature of a higher degree: the recursed block, the one with most rounds, is opened with the same signature,
 * `degree` − 1 times. nest(A^2 B, 2) is (A^2 B)^2 C:2, the `((a^2 b)^2) B` of arXiv 2502.07503.
 * Throws InputError where no single block is recursed, or for a degree below 1.
 */
export function nest(sized: SizedSignature, degree: number): SizedSignature {
  if (!Number.isInteger(degree) || degree < 1) {
    throw new InputError(`nest: degree must be an integer of at least 1, got ${shown(degree)}; 1 leaves it as it is`);
  }
  let result = sized;
  for (let level = 1; level < degree; level++) result = opened(result, sized);
  return result;
}

/** Puts `inner` in the place of the most recursed block of `outer`. */
function opened(outer: SizedSignature, inner: SizedSignature): SizedSignature {
  const target = recursedBlock(outer.signature.steps);
  if (target === null) {
    throw new InputError(
      `nest: one block must be recursed, got ${shown(printSignature(outer))}; open a signature such as A^2 B`,
    );
  }
  const count = inner.blockSizes.length;
  const shifted = (block: number): number => (block > target ? block + count - 1 : block);
  const place = (steps: readonly Step[]): readonly Step[] =>
    steps.map((step): Step => {
      if (step.kind === "group") return { ...step, steps: place(step.steps) };
      if (step.block !== target) return { ...step, block: shifted(step.block) };
      return { kind: "group", steps: moved(inner.signature.steps, target), rounds: step.rounds };
    });
  const innerTotal = inner.blockSizes.reduce((sum, size) => sum + size, 0);
  const sizes = outer.blockSizes.flatMap((size, block) =>
    block === target ? inner.blockSizes.map((part) => part * size) : [size * innerTotal],
  );
  return { signature: { steps: canonical(place(outer.signature.steps)) }, blockSizes: smallestTerms(sizes) };
}

function moved(steps: readonly Step[], offset: number): readonly Step[] {
  return steps.map(
    (step): Step =>
      step.kind === "group" ? { ...step, steps: moved(step.steps, offset) } : { ...step, block: step.block + offset },
  );
}

/** The block with the most rounds of its own, the first of equals; null when none has more than one. */
function recursedBlock(steps: readonly Step[]): number | null {
  const blocks = (list: readonly Step[]): readonly { readonly block: number; readonly rounds: number }[] =>
    list.flatMap((step) => (step.kind === "group" ? blocks(step.steps) : [step]));
  const most = blocks(steps).reduce((best, step) => (step.rounds > best.rounds ? step : best), {
    block: -1,
    rounds: 1,
  });
  return most.rounds > 1 ? most.block : null;
}
