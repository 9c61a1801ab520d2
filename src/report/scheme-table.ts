// The table of schemes: what each one is, what it reached and what was fitted to it.
import { count, fixed, percent, signedDecimal } from "../base/format.js";
import { lossDifferences } from "./answer.js";
import { type Cells, known, left, right } from "./cells.js";
import * as escaped from "./escape.js";
import { intervalText } from "./interval-text.js";
import type { Analysis } from "./record.js";

/** One row a scheme, in the order of the analysis; a missing number is "–", a column of nothing else is left out. */
export function schemeTable(analysis: Analysis): Cells {
  const level = percent(analysis.level);
  const { baseline, budget, rows: differences, losses } = lossDifferences(analysis);
  const differenceOf = new Map(differences.map((row) => [row.scheme, row]));
  return known({
    columns: [
      left("scheme"),
      left("signature"),
      right("cost factor"),
      right("parameters"),
      right("tokens"),
      right("FLOPs"),
      right("seeds"),
      right(budget === null ? "mean loss there" : `loss at ${count(budget)} by the law`),
      right(`difference from ${baseline}`),
      right("by pairs of runs"),
      right("limit E"),
      right(`${level} interval of E`),
      right("exponent c"),
      right(`${level} interval of c`),
      left("fit"),
    ],
    rows: analysis.schemes.map((scheme, order) => {
      const fit = analysis.fits[order] ?? null;
      const { limit, exponent } = fit?.parameters ?? {};
      return [
        scheme.label,
        scheme.signature === null ? "–" : (escaped.labels([scheme.signature])[0] ?? "–"),
        fixed(scheme.costFactor, 3),
        count(scheme.parameters),
        count(scheme.largest?.tokens),
        count(scheme.largest?.flops),
        scheme.largest === null ? "–" : String(scheme.largest.seeds),
        fixed(budget === null ? scheme.largest?.loss : losses.get(scheme.label), 4),
        signedDecimal(differenceOf.get(scheme.label)?.difference, 4),
        signedDecimal(differenceOf.get(scheme.label)?.measured?.difference, 4),
        fixed(limit?.estimate, 3),
        intervalText(limit?.interval ?? null, 3, "0"),
        fixed(exponent?.estimate, 3),
        intervalText(exponent?.interval ?? null, 3, "0"),
        fit === null ? "no estimate" : fit.status,
      ];
    }),
  });
}
