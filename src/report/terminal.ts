// A report on a terminal: the answer, the doubts that touch it, the curves in characters and, where the eye ends, one row a scheme.
import { count, fixed, signedDecimal } from "../base/format.js";
import { lossDifferences } from "./answer.js";
import { type Cells, known, left, right, terminalTable } from "./cells.js";
import { characterChart, type Series } from "./character-chart.js";
import { lossRows } from "./charts/law-lines.js";
import { reportPalette } from "./draw.js";
import { intervalText } from "./interval-text.js";
import type { Analysis, ReportSource } from "./record.js";
import { verdict, weighedDoubts } from "./sentences.js";

/** More schemes than this are drawn on the page alone. */
const MOST_LETTERS = 8;
const MOST_DOUBTS = 3;
const MOST_ROWS = 20;

export function terminalReport(source: ReportSource, analysis: Analysis): string {
  const { headline, beneath } = verdict(analysis);
  const { beside } = weighedDoubts(analysis);
  const cells = summaryCells(analysis);
  const parts = [
    [headline, ...beneath, ...beside.slice(0, MOST_DOUBTS)].join("\n"),
    chart(source, analysis).join("\n"),
    terminalTable({ ...cells, rows: cells.rows.slice(0, MOST_ROWS) }).trimEnd(),
    cells.rows.length > MOST_ROWS ? `and ${cells.rows.length - MOST_ROWS} more schemes on the page` : "",
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/**
 * Scheme, its loss, the difference with the interval that holds for all schemes at once and the multiplier, all by the fitted
 * laws at one budget; else mean losses.
 */
function summaryCells(analysis: Analysis): Cells {
  const { budget, baseline, rows, losses } = lossDifferences(analysis);
  const differenceOf = new Map(rows.map((row) => [row.scheme, row]));
  const ranked = analysis.ranking;
  const means = new Map(ranked?.schemes.map((row) => [row.label, row.loss]));
  const multipliers = new Map(analysis.comparison?.multipliers.map((one) => [one.scheme, one.last]));
  const loss =
    budget !== null
      ? `loss at ${count(budget)}`
      : ranked !== null
        ? `mean loss at ${count(ranked.budget)}`
        : "mean loss";
  return known({
    columns: [left("scheme"), right(loss), right(`from ${baseline}`), left("interval for all"), right("multiplier")],
    rows: analysis.schemes.map(({ label, largest }) => {
      const row = differenceOf.get(label);
      const last = multipliers.get(label);
      return [
        label,
        fixed(budget !== null ? losses.get(label) : (means.get(label) ?? largest?.loss), 4),
        signedDecimal(row?.difference, 4),
        intervalText(row?.simultaneous ?? null, 4),
        last === undefined || last.multiplier === null ? "–" : `${fixed(last.multiplier, 2)}×`,
      ];
    }),
  });
}

function chart(source: ReportSource, analysis: Analysis): readonly string[] {
  const palette = reportPalette(source, analysis);
  if (palette.labels.length > MOST_LETTERS) return [];
  const variable = analysis.comparisonVariable;
  const { points, inside } = lossRows({ source, analysis, palette }, variable);
  const series = palette.labels.map((label): Series => {
    const fitted = inside.filter((row) => row.scheme === label).map((row) => ({ x: row.x, y: row.loss }));
    const seen = points
      .filter((row) => row.scheme === label)
      .flatMap((row) => (row[variable] === null ? [] : [{ x: row[variable], y: row.loss }]));
    return { label, points: fitted.length > 0 ? fitted : seen };
  });
  const title = `loss (nats per token) against ${variable === "flops" ? "training FLOPs" : "training tokens"}`;
  const lines = characterChart(series, count, (loss) => fixed(loss, 2));
  return lines.length === 0 ? [] : [title, ...lines];
}
