// The page of an analysis of long-range structure: what it says in a sentence a group, every estimate with its interval and
// how far it moves with the choices made, the fits with their local slopes, and what was left out.
import { count, decimal, percent } from "../../base/format.js";
import type { FractalAnalysis, FractalEstimate, GainStudy } from "../../fractal/record.js";
import { type Cells, htmlTable, left, right } from "../cells.js";
import type { Chart } from "../charts/chart.js";
import { palette } from "../charts/palette.js";
import { PAGE_THEME, STATIC_THEME } from "../charts/theme.js";
import { intervalText } from "../interval-text.js";
import { documentHtml } from "../page/document.js";
import { type Markup, markup } from "../page/markup.js";
import { packedCharts } from "../page/packed.js";
import { figure } from "../page/report-page.js";
import { fractalCharts, TITLES } from "./charts.js";
import { gainCharts, gainSection } from "./gain.js";

/** Most reasons of documents left out that are listed. */
const MOST_LEFT_OUT = 20;

export interface FractalReport {
  readonly html: string;
  readonly charts: readonly Chart[];
}

/**
 * The page as one text, and its charts for papers; with `gain`, what recursion gained on the texts against H and S.
 *
 * @example
 * import { analyzeFractal, fractalReport, random } from "rinsight";
 *
 * const noise = random(1);
 * const values = () => Array.from({ length: 1024 }, () => noise.normal());
 * const documents = Array.from({ length: 10 }, (_, d) => ({ document: `d${d}`, group: "noise", values: values() }));
 * const { charts } = fractalReport(await analyzeFractal(documents), "Noise");
 * console.log(charts[0]?.name); // exponents
 */
export function fractalReport(analysis: FractalAnalysis, title: string, gain: GainStudy | null = null): FractalReport {
  const { groups, leftOut, options } = analysis;
  const names = groups.map(({ group }) => group);
  const charts = fractalCharts(analysis, palette(names, names));
  const gained = gain === null ? [] : gainCharts(gain, analysis, palette(names, names));
  const [first, ...others] = charts;
  const doubts = groups.flatMap(({ warnings }) => warnings.map(({ message }) => message));
  const body = markup`<header><h1>${title}</h1></header>
<main>
<section class="answer" aria-label="Answer"><div class="said">${groups.map((group) => markup`<p class="losses">${sentence(group)}</p>`)}
${list(doubts)}</div>${first === undefined ? null : figure(first)}</section>
${gain === null ? null : gainSection(gain, gained)}
<section><h2>Estimates</h2><div class="scroll" tabindex="0" role="region" aria-label="Estimates">${htmlTable(cells(analysis))}</div>
<p>${percent(options.level)} intervals leave out each document in turn. "Moves between": without the smallest or the largest octave of scales, without the first eighth of every document, and for S with ε/4 and 4ε. On exact fractional noise H of the first row of a group is right to .006; R/S alone gives .55 where H is .5, and S and J lie up to .15 too low where H is .9.</p></section>
<section><h2>Fits and local slopes</h2><div class="grid">${others.map(figure)}</div></section>
<section><h2>Left out</h2>${leftOut.length === 0 ? markup`<p>No document.</p>` : list(leftOut.slice(0, MOST_LEFT_OUT).map(({ document, group, reason }) => `${group}, ${document}: ${reason}`))}${leftOut.length > MOST_LEFT_OUT ? markup`<p>and ${leftOut.length - MOST_LEFT_OUT} more</p>` : null}</section>
</main>`;
  const { html } = documentHtml({
    title,
    body,
    data: { charts: packedCharts([...charts, ...gained]), theme: PAGE_THEME, paper: STATIC_THEME, texts: {} },
    scripts: ["data", "charts", "saving"],
  });
  return { html, charts: [...charts, ...gained] };
}

function sentence({ group, documents, tokens, scales, estimates }: FractalAnalysis["groups"][number]): string {
  const H = estimates.find(({ statistic }) => statistic === "fluctuation");
  const memory =
    H?.interval == null
      ? "and no interval"
      : H.interval.lower > 0.5
        ? "above .5: what comes depends on what came far before"
        : H.interval.upper < 0.5
          ? "below .5"
          : "which holds .5: no long memory is seen";
  return `${group}: H ${figures(H)}, ${memory}. ${count(documents)} documents, ${count(tokens)} tokens, scales ${scales.from} to ${scales.to}.`;
}

const figures = (found: FractalEstimate | undefined): string =>
  `${decimal(found?.estimate ?? null, 3)} ${intervalText(found?.interval ?? null)}`.trim();

function cells({ groups }: FractalAnalysis): Cells {
  return {
    columns: [
      left("group"),
      left("exponent"),
      left("from"),
      right("estimate"),
      right("interval"),
      right("moves between"),
    ],
    rows: groups.flatMap(({ group, estimates, dimension }) => [
      ...estimates.map((found) => [
        group,
        TITLES[found.statistic].name,
        TITLES[found.statistic].of,
        decimal(found.estimate, 3),
        intervalText(found.interval),
        found.sensitivity === null
          ? "–"
          : `${decimal(found.sensitivity.lowest, 3)} and ${decimal(found.sensitivity.highest, 3)}`,
      ]),
      [group, "D", "2 − S", decimal(dimension, 3), "–", "–"],
    ]),
  };
}

const list = (items: readonly string[]): Markup | null =>
  items.length === 0 ? null : markup`<ul class="doubts">${items.map((item) => markup`<li>${item}</li>`)}</ul>`;
