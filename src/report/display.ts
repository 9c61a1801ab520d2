// Records in a notebook: a fit, a comparison or points print as a table, a chart as Vega-Lite and, where that cannot be
// drawn, as SVG. The notebook's own `display` is handed in: tslab's, or anything with the same three methods.
import { extent } from "../base/extent.js";
import { significant } from "../base/format.js";
import type { Comparison } from "../compare/comparison.js";
import { isUndone } from "../compare/obstacles.js";
import type { Observations } from "../curve/observations.js";
import type { Table } from "../curve/table.js";
import { doubtLines } from "../fit/doubt-lines.js";
import type { Fit } from "../fit/record.js";
import { type Cells, htmlTable, left, right } from "./cells.js";
import type { Chart } from "./charts/chart.js";
import { fitCells } from "./fit-cells.js";
import { type Markup, markup } from "./page/markup.js";
import { renderSvg } from "./render.js";
import { answerText } from "./sentences.js";

/** What is needed of tslab's display. */
export interface NotebookDisplay {
  html(html: string): void;
  svg(svg: string): void;
  raw(contentType: string, content: unknown): void;
}

export type Displayable = Fit | readonly Fit[] | Comparison | readonly Observations[] | Table | Chart;

/** Rows of a table that a cell shows before it says how many more there are. */
const SHOWN_ROWS = 10;

/**
 * Shows a record in a notebook cell.
 *
 * @example
 * import { fit, powerLawWithLimit, show, observe, tableOf } from "rinsight";
 *
 * const display = { html: (text: string) => console.log(text), svg: console.log, raw: console.log }; // in tslab: import { display } from "tslab"
 * const points = [1e6, 2e6, 4e6, 8e6, 16e6].map((tokens) => ({ tokens, loss: 2 + 300 * tokens ** -0.4 }));
 * const { groups } = observe(tableOf("mine", points), ["tokens"]);
 * await show(groups.map((group) => fit(powerLawWithLimit, group)), display);
 */
export async function show(record: Displayable, display: NotebookDisplay): Promise<void> {
  if ("spec" in record) {
    display.raw("application/vnd.vegalite.v5+json", record.spec);
    display.svg(await renderSvg(record.spec));
    display.html(markup`<em>${record.caption}</em>`.html);
  } else {
    display.html(tables(record).html);
  }
}

function tables(record: Exclude<Displayable, Chart>): Markup {
  if ("attribution" in record) return comparisonHtml(record);
  if ("columns" in record) return tableHtml(record);
  const list: readonly (Fit | Observations)[] = "law" in record ? [record] : record;
  const fits = list.filter((entry): entry is Fit => "law" in entry);
  const groups = list.filter((entry): entry is Observations => !("law" in entry));
  return fits.length > 0 ? fitsHtml(fits) : htmlTable(pointCells(groups));
}

function fitsHtml(fits: readonly Fit[]): Markup {
  const doubts = doubtLines(
    fits,
    fits.map((fit) => Object.values(fit.group).join(", ")),
  );
  return markup`${htmlTable(fitCells(fits))}<p>${fits[0]?.formula ?? ""}</p>${list(doubts)}`;
}

function pointCells(groups: readonly Observations[]): Cells {
  const keys = Object.keys(groups[0]?.group ?? {});
  return {
    columns: [...keys.map(left), ...["points", "smallest x", "largest x", "lowest loss", "left out"].map(right)],
    rows: groups.map(({ group, x: [x = new Float64Array(0)], loss, excluded }) => [
      ...keys.map((key) => group[key] ?? "–"),
      String(loss.length),
      ...[...extent(x), extent(loss)[0]].map((value) => significant(loss.length === 0 ? null : value)),
      String(excluded.length),
    ]),
  };
}

function comparisonHtml(comparison: Comparison): Markup {
  const { attribution, differences, baseline, warnings } = comparison;
  const tests: Cells = {
    columns: [left("schemes"), left("shared"), right("F"), right("p"), right("p, noise as it is"), left("rejected")],
    rows: [attribution, ...attribution.pairs].flatMap((nested) =>
      nested.tests.map((test) => [
        nested === attribution ? "all" : nested.schemes.join(" – "),
        test.model.replace("shared-", ""),
        significant(test.fStatistic, 3),
        significant(test.pValue, 2),
        significant(test.calibratedPValue, 2),
        test.rejected ? "yes" : "no",
      ]),
    ),
  };
  const rows: Cells = {
    columns: [
      left(`against ${baseline}`),
      left("difference of"),
      ...["at", "estimate", "interval for all", "P(better)", "adjusted p", "told", "by pairs of points"].map(right),
    ],
    rows: differences.map((row) => [
      row.scheme,
      row.quantity,
      significant(row.budget, 3),
      significant(row.difference, 3),
      row.simultaneous === null
        ? "–"
        : `[${significant(row.simultaneous.lower, 3)}, ${significant(row.simultaneous.upper, 3)}]`,
      significant(row.probabilityBetter, 3),
      significant(row.adjustedPValue, 2),
      row.told ? "yes" : isUndone(row, attribution.alpha) ? "no: laws bend" : "no",
      row.quantity === "loss"
        ? significant(comparison.measured.find(({ scheme }) => scheme === row.scheme)?.difference ?? null, 3)
        : "–",
    ]),
  };
  return markup`<p><strong>${answerText(comparison)}</strong></p>${htmlTable(rows)}${htmlTable(tests)}${list(
    warnings.map(({ code, message }) => `${code}: ${message}`),
  )}`;
}

function tableHtml({ columns, rows }: Table): Markup {
  const cells: Cells = {
    columns: [...columns].map(([name, { kind }]) => (kind === "number" ? right(name) : left(name))),
    rows: Array.from({ length: Math.min(rows, SHOWN_ROWS) }, (_, row) =>
      [...columns.values()].map((column) =>
        column.kind === "number" ? cellText(column.values[row]) : (column.values[row] ?? ""),
      ),
    ),
  };
  return markup`${htmlTable(cells)}${rows > SHOWN_ROWS ? markup`<p>and ${rows - SHOWN_ROWS} more rows</p>` : null}`;
}

const cellText = (value: number | undefined): string =>
  value !== undefined && Number.isSafeInteger(value) ? String(value) : significant(value, 6);

const list = (items: readonly string[]): Markup | null =>
  items.length === 0 ? null : markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`;
