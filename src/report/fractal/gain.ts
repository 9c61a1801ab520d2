// What recursion gained on the texts of an analysis: the gain of each text against its H and its S, and what the rank
// correlation of so few texts can say.
import { decimal, significant } from "../../base/format.js";
import type { FractalAnalysis, Gain, GainStudy } from "../../fractal/record.js";
import { type Cells, htmlTable, left, right } from "../cells.js";
import type { Chart } from "../charts/chart.js";
import type { Palette } from "../charts/palette.js";
import { axis, chartSpec, colour, roomy, shape } from "../charts/parts.js";
import { drawn } from "../drawn.js";
import { type Markup, markup } from "../page/markup.js";
import { figure } from "../page/report-page.js";
import { TITLES } from "./charts.js";

/** Gain at the largest budget against H, and against S. */
export function gainCharts(
  { gains, scheme }: GainStudy,
  { groups }: FractalAnalysis,
  colours: Palette,
): readonly Chart[] {
  const largest = atLargest(gains);
  return (["fluctuation", "selfSimilarity"] as const).map((statistic) => {
    const { name } = TITLES[statistic];
    const all = largest.flatMap(({ group, gain, interval }) => {
      const found = groups
        .find((one) => one.group === group)
        ?.estimates.find((estimate) => estimate.statistic === statistic);
      if (found?.estimate == null) return [];
      return [
        {
          scheme: group,
          exponent: drawn(found.estimate),
          exponentLower: drawn(found.interval?.lower ?? found.estimate),
          exponentUpper: drawn(found.interval?.upper ?? found.estimate),
          gain: drawn(gain),
          gainLower: drawn(interval?.lower ?? gain),
          gainUpper: drawn(interval?.upper ?? gain),
        },
      ];
    });
    const x = {
      domain: roomy(
        all.flatMap((row) => [row.exponentLower, row.exponentUpper]),
        false,
      ),
    };
    const y = { domain: roomy([0, ...all.flatMap((row) => [row.gainLower, row.gainUpper])], false) };
    const title = "gain over the baseline (nats per token)";
    const line = { type: "rule" as const, strokeWidth: 1.6, opacity: 0.6 };
    return {
      name: `gain-${statistic}`,
      title: `Gain of ${scheme} against ${name}`,
      caption: `At the largest budget, equal training FLOPs; above 0 the scheme is better. Bars: 95% intervals, of the gain over pairs of seeds, of ${name} over documents.`,
      spec: chartSpec(
        `Gain of ${scheme} against ${name} for ${all.length} texts, with intervals in both directions.`,
        { all, zero: [{ zero: 0 }] },
        colours,
        [
          {
            data: { name: "zero" },
            mark: { type: "rule", strokeDash: [4, 4], opacity: 0.5 },
            encoding: { y: axis("zero", title, y) },
          },
          {
            data: { name: "all" },
            mark: line,
            encoding: {
              x: axis("exponent", name, x),
              y: axis("gainLower", title, y),
              y2: { field: "gainUpper" },
              color: colour(colours, true),
            },
          },
          {
            data: { name: "all" },
            mark: line,
            encoding: {
              x: axis("exponentLower", name, x),
              x2: { field: "exponentUpper" },
              y: axis("gain", title, y),
              color: colour(colours, true),
            },
          },
          {
            data: { name: "all" },
            mark: { type: "point", filled: true, size: 60 },
            encoding: {
              x: axis("exponent", name, x),
              y: axis("gain", title, y),
              color: colour(colours, true),
              shape: shape(colours, true),
            },
          },
        ],
      ),
    };
  });
}

export function gainSection(study: GainStudy, charts: readonly Chart[]): Markup {
  return markup`<section><h2>Gain of recursion</h2>${sentences(study).map((text) => markup`<p>${text}</p>`)}
<div class="grid">${charts.map(figure)}</div>
<div class="scroll" tabindex="0" role="region" aria-label="Gains">${htmlTable(cells(study))}</div></section>`;
}

const atLargest = (gains: readonly Gain[]): readonly Gain[] =>
  gains.filter(({ group, budget }) => gains.every((other) => other.group !== group || other.budget <= budget));

function sentences({ scheme, ties }: GainStudy): readonly string[] {
  const largest = Math.max(...ties.map(({ budget }) => budget));
  return ties.flatMap(({ statistic, budget, of, correlation }) => {
    if (budget !== largest || of !== "gain" || correlation === null) return [];
    const { rho, pValue, unrelated, points } = correlation;
    return [
      `Over ${points} texts the gain of ${scheme} at ${significant(budget, 3)} FLOPs and ${TITLES[statistic].name} have a rank correlation of ${decimal(rho, 2)} (p = ${decimal(pValue, 2)}, one-sided, over the orders of the texts). Orders at random give ${decimal(unrelated[0], 2)} to ${decimal(unrelated[1], 2)} in 95 of 100: ${points} texts can show nothing but a tie that is nearly perfect.`,
    ];
  });
}

function cells({ gains }: GainStudy): Cells {
  return {
    columns: [
      left("text"),
      right("FLOPs"),
      right("gain, nats"),
      right("interval"),
      right("% of its loss"),
      right("pairs"),
    ],
    rows: gains.map(({ group, budget, gain, interval, share, pairs }) => [
      group,
      significant(budget, 3),
      decimal(gain, 4),
      interval === null ? "–" : `[${decimal(interval.lower, 4)}, ${decimal(interval.upper, 4)}]`,
      decimal(100 * share, 2),
      String(pairs),
    ]),
  };
}
