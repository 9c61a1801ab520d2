// A table as cells, and its printers: for a terminal, a page, a code host and a paper.
import * as escaped from "./escape.js";
import { type Markup, markup } from "./page/markup.js";

export interface Column {
  readonly title: string;
  /** Numbers stand right, so that their digits align. */
  readonly align: "left" | "right";
}

export interface Cells {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

const MISSING = "–";

export const left = (title: string): Column => ({ title, align: "left" });
export const right = (title: string): Column => ({ title, align: "right" });

/** The columns that say something: one whose every cell is missing is left out. */
export function known({ columns, rows }: Cells): Cells {
  const kept = columns.map((_, i) => rows.some((row) => (row[i] ?? MISSING) !== MISSING));
  return {
    columns: columns.filter((_, i) => kept[i]),
    rows: rows.map((row) => row.filter((_, i) => kept[i])),
  };
}

/** Columns two spaces apart, a line a row. */
export function terminalTable({ columns, rows }: Cells): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => [...(row[i] ?? "")].length)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, i) =>
      columns[i]?.align === "right" ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
    );
    return `${padded.join("  ").trimEnd()}\n`;
  };
  return [columns.map(({ title }) => title), ...rows].map(line).join("");
}

/** A table element; `rowNames`, one a row, let scripts find the row of a scheme. */
export function htmlTable({ columns, rows }: Cells, rowNames: readonly string[] = []): Markup {
  const name = (row: number) => (rowNames[row] === undefined ? null : markup` data-scheme="${rowNames[row]}"`);
  return markup`<table><thead><tr>${columns.map(({ title, align }) => markup`<th scope="col" class="${align}">${title}</th>`)}</tr></thead><tbody>
${rows.map(
  (row, i) =>
    markup`<tr${name(i)}>${row.map((cell, j) => markup`<td class="${columns[j]?.align ?? "left"}"><bdi>${cell}</bdi></td>`)}</tr>\n`,
)}</tbody></table>`;
}

export function markdownTable({ columns, rows }: Cells): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped.markdown).join(" | ")} |`;
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => (align === "right" ? "--:" : "---")).join("|")}|`,
    ...rows.map(line),
  ].join("\n");
}

/** A tabular of booktabs. */
export function latexTable({ columns, rows }: Cells): string {
  const cell = (text: string) =>
    escaped.latex(text).replaceAll("∞", "$\\infty$").replaceAll("−", "$-$").replaceAll(MISSING, "--");
  const line = (cells: readonly string[]) => `${cells.map(cell).join(" & ")} \\\\`;
  const head = line(columns.map(({ title }) => title));
  return `% needs \\usepackage{booktabs}\n\\begin{tabular}{${columns.map(({ align }) => align[0]).join("")}}\n\\toprule\n${head}\n\\midrule\n${rows
    .map(line)
    .join("\n")}\n\\bottomrule\n\\end{tabular}\n`;
}
