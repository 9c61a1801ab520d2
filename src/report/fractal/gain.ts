// What recursion gained on the texts of an analysis: the gain of each text against its H and its S, and what the rank
// correlation of so few texts can say.
import { decimal, percent, significant } from "../../base/format.js";
import type { FractalAnalysis, Gain, GainStudy } from "../../fractal/record.js";
import { type Cells, htmlTable, left, right } from "../cells.js";
import type { Chart } from "../charts/chart.js";
import type { Palette } from "../charts/palette.js";
import { axis, chartSpec, colour, roomy, shape } from "../charts/parts.js";
import { drawn } from "../drawn.js";
import { intervalText } from "../interval-text.js";
import { type Markup, markup } from "../page/markup.js";
import { figure } from "../page/report-page.js";
import { TITLES } from "./charts.js";

/** Gain at the largest budget against H, and against S. */
export function gainCharts(
  { gains, scheme }: GainStudy,
  { groups, options }: FractalAnalysis,
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
      caption: `At the largest budget, equal training FLOPs; above 0 the scheme is better. Bars: ${percent(options.level)} intervals, of the gain over pairs of seeds, of ${name} over documents.`,
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

function sentences({ scheme, gains, ties }: GainStudy): readonly string[] {
  const largest = atLargest(gains);
  const ahead = largest.filter(({ gain }) => gain > 0).length;
  const clear = largest.filter(
    ({ interval }) => interval !== null && (interval.lower > 0 || interval.upper < 0),
  ).length;
  const sizes = largest.map(({ gain }) => gain).sort((a, b) => a - b);
  const budget = Math.max(...gains.map((gain) => gain.budget));
  return [
    `At ${significant(budget, 3)} training FLOPs ${scheme} is ahead of the baseline on ${ahead} of ${largest.length} texts: its gain is ${decimal(sizes[0], 3)} to ${decimal(sizes.at(-1), 3)} nats per token, and ${clear} of ${largest.length} intervals leave 0 out.`,
    ...ties.flatMap(({ statistic, budget: at, of, correlation }) => {
      if (at !== budget || of !== "gain" || correlation === null) return [];
      const { rho, pValue, unrelated, points } = correlation;
      return [
        `Rank correlation of the gain with ${TITLES[statistic].name} over ${points} texts: ${decimal(rho, 2)}, p = ${decimal(pValue, 2)} (one-sided). Texts in random order give ${decimal(unrelated[0], 2)} to ${decimal(unrelated[1], 2)} in 95 of 100, so that ${points} texts show a tie only where it is nearly perfect.`,
      ];
    }),
  ];
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
      intervalText(interval, 4),
      decimal(100 * share, 2),
      String(pairs),
    ]),
  };
}
