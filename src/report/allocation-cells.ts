// An allocation as tables: best sizes by approach and budget, and the IsoFLOP valleys.
import { count, percent, significant } from "../base/format.js";
import type { Allocation, Minimum } from "../forecast/allocation.js";
import { approaches, quantityText } from "../forecast/allocation-sentences.js";
import { type Cells, left, right } from "./cells.js";

export function optimumCells(allocation: Allocation): Cells {
  return {
    columns: [
      left("by"),
      right("budget"),
      left("parameters"),
      left("tokens"),
      left("tokens per parameter"),
      left("loss"),
    ],
    rows: approaches(allocation).flatMap(({ name, optima }) =>
      optima.map((optimum) => [
        name,
        significant(optimum.flops, 3),
        quantityText(optimum.parameters),
        quantityText(optimum.tokens),
        quantityText(optimum.tokensPerParameter, (value) => significant(value, 3)),
        optimum.loss === null ? "–" : quantityText(optimum.loss, significant),
      ]),
    ),
  };
}

const sizeText = (found: Minimum): string =>
  found.kind === "interior" ? quantityText(found.parameters) : "no interior minimum";

export function valleyCells(allocation: Allocation): Cells {
  const valleys = allocation.valleys.kind === "answer" ? allocation.valleys.value.valleys : [];
  return {
    columns: [
      right("budget"),
      right("sizes"),
      left("lowest at"),
      left(`within ${percent(allocation.tolerance)} of it`),
      left("by a parabola"),
    ],
    rows: valleys.map(({ flops, sizes, minimum, parabola }) => [
      significant(flops, 3),
      String(sizes.length),
      sizeText(minimum),
      minimum.kind === "interior" ? `${count(minimum.range.lower)} to ${count(minimum.range.upper)}` : "–",
      sizeText(parabola),
    ]),
  };
}
