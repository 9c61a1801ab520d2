// What an allocation says in words: the answer with its doubt, the width of the valley, and where the approaches disagree.
import { count, percent, significant } from "../base/format.js";
import type { Allocation, Answer, Optimum, Quantity } from "./allocation.js";

/** "1.82G [1.50G, 2.20G]". */
export function quantityText({ estimate, interval }: Quantity, print: (value: number) => string = count): string {
  if (interval === null) return print(estimate);
  const side = (bound: number | null, open: string) => (bound === null ? open : print(bound));
  return `${print(estimate)} [${side(interval.lower, "0")}, ${side(interval.upper, "∞")}]`;
}

/** Approaches by number, as published. */
export function approaches(
  allocation: Pick<Allocation, "surface" | "valleys" | "envelope">,
): readonly { readonly name: string; readonly optima: readonly Optimum[] }[] {
  const optima = (answer: Answer<{ readonly optima: readonly Optimum[] }>) =>
    answer.kind === "answer" ? answer.value.optima : [];
  return [
    { name: "approach 3: law in N, D", optima: optima(allocation.surface) },
    { name: "approach 2: IsoFLOP", optima: optima(allocation.valleys) },
    { name: "approach 1: envelope", optima: optima(allocation.envelope) },
  ];
}

export function allocationSentences(allocation: Omit<Allocation, "sentences">): readonly string[] {
  const sentences: string[] = [];
  const known = approaches(allocation).filter(({ optima }) => optima.length > 0);
  const [best, ...others] = known;
  for (const [i, optimum] of (best?.optima ?? []).entries()) {
    const budget = `${significant(optimum.flops, 3)} FLOPs`;
    const range =
      optimum.range === null
        ? ""
        : `; any size from ${count(optimum.range.lower)} to ${count(optimum.range.upper)} is within ${percent(allocation.tolerance)} of the best loss`;
    sentences.push(
      `For ${budget}: ${quantityText(optimum.parameters)} parameters and ${quantityText(optimum.tokens)} tokens, ${quantityText(optimum.tokensPerParameter, (v) => significant(v, 3))} tokens per parameter${range}.`,
    );
    if (allocation.demand.kind !== "training") continue;
    for (const other of others) {
      const rival = other.optima[i];
      if (rival !== undefined && apart(optimum.parameters, rival.parameters)) {
        sentences.push(
          `At ${budget} ${best?.name} and ${other.name} disagree by more than their intervals: ${count(optimum.parameters.estimate)} against ${count(rival.parameters.estimate)} parameters; trust neither before a run at each.`,
        );
      }
    }
    if (optimum.decades > 1) {
      sentences.push(
        `${budget} lie ${significant(optimum.decades, 2)} decades beyond the largest budget in the data: the interval holds if the law does.`,
      );
    }
  }
  return sentences;
}

/** Two estimates further apart than their intervals allow, as independent ones; false where one has none. */
function apart(one: Quantity, other: Quantity): boolean {
  const half = ({ interval }: Quantity) =>
    interval === null || interval.lower === null || interval.upper === null
      ? Number.NaN
      : Math.log(interval.upper / interval.lower) / 2;
  return Math.abs(Math.log(one.estimate / other.estimate)) > Math.hypot(half(one), half(other));
}
