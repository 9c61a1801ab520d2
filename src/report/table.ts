// The table of schemes, as cells; and as HTML, Markdown and LaTeX.
import { count, fixed, percent } from "../base/format.js";
import * as escaped from "./escape.js";
import type { Analysis } from "./record.js";
import { intervalText } from "./sentences.js";

export interface Cells {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One row a scheme, in the order of the legend; a missing number is "–". */
export function schemeTable(analysis: Analysis): Cells {
  const level = percent(analysis.level);
  return {
    head: [
      "scheme",
      "signature",
      "cost factor",
      "parameters",
      "tokens",
      "FLOPs",
      "loss there (seeds)",
      "limit E",
      `${level} interval`,
      "exponent c",
      `${level} interval`,
      "status",
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
        scheme.largest === null ? "–" : `${fixed(scheme.largest.loss, 4)} (${scheme.largest.seeds})`,
        fixed(limit?.estimate, 3),
        intervalText(limit?.interval ?? null),
        fixed(exponent?.estimate, 3),
        intervalText(exponent?.interval ?? null),
        fit === null ? "no estimate" : fit.status,
      ];
    }),
  };
}

export function htmlTable({ head, rows }: Cells): string {
  const cell = (tag: string) => (text: string) =>
    `<${tag}>${tag === "td" ? `<bdi>${escaped.html(text)}</bdi>` : escaped.html(text)}</${tag}>`;
  return `<table><thead><tr>${head.map(cell("th")).join("")}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`)
    .join("\n")}</tbody></table>`;
}

export function markdownTable({ head, rows }: Cells): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped.markdown).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

export function latexTable({ head, rows }: Cells): string {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell) => escaped.latex(cell).replaceAll("∞", "$\\infty$").replaceAll("−", "$-$").replaceAll("–", "--")).join(" & ")} \\\\`;
  return `% needs \\usepackage{booktabs}\n\\begin{tabular}{ll${"r".repeat(head.length - 3)}l}\n\\toprule\n${line(head)}\n\\midrule\n${rows
    .map(line)
    .join("\n")}\n\\bottomrule\n\\end{tabular}\n`;
}
