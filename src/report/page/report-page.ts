// The page of a report. The first screen is the answer: a sentence, the doubts that touch it, the differences at one budget
// and the curves. What it rests on comes after: schemes, charts, tests, doubts, methods, provenance.

import { type Cells, htmlTable, latexTable } from "../cells.js";
import type { Chart } from "../charts/chart.js";
import { MOST_COLOURS, type Palette } from "../charts/palette.js";
import { PAGE_THEME, STATIC_THEME } from "../charts/theme.js";
import type { ChecklistItem } from "../checklist.js";
import type { InputFile } from "../record.js";
import type { Verdict, weighedDoubts } from "../sentences.js";
import { documentHtml } from "./document.js";
import { type Content, type Markup, markup } from "./markup.js";
import { packedCharts } from "./packed.js";

/** A question of its own with what answers it: charts by name, tables, sentences. */
export interface Section {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly tables: readonly Cells[];
  readonly charts: readonly string[];
}

export interface Page {
  readonly title: string;
  /** A page beside this one; null for none. */
  readonly see: string | null;
  readonly verdict: Verdict;
  /** One a scheme. */
  readonly sentences: readonly string[];
  readonly table: Cells;
  readonly schemes: readonly string[];
  readonly doubts: ReturnType<typeof weighedDoubts>;
  readonly charts: readonly Chart[];
  readonly sections: readonly Section[];
  readonly palette: Palette;
  readonly checklist: readonly ChecklistItem[];
  readonly inputs: readonly InputFile[];
  /** How a paper names this report. */
  readonly citation: string;
}

/** Doubts that stand with the answer; the others are one click away. */
const MOST_BESIDE = 3;
/** Charts that may stand in the first screen, the first that there is on each side. */
const CURVES = ["loss-flops", "loss-tokens", "isoflop-valleys", "surface-residuals"];
const BESIDE_ANSWER = ["differences", "ranking", "frontier-parameters"];

/** The whole page as one text. */
export function reportPage(page: Page): string {
  const chart = (names: readonly string[]) =>
    names.flatMap((name) => page.charts.find((one) => one.name === name) ?? [])[0];
  const curves = chart(CURVES);
  const beside = chart(BESIDE_ANSWER);
  const elsewhere = [curves?.name, beside?.name, ...page.sections.flatMap(({ charts }) => charts)];
  const rest = page.charts.filter(({ name }) => !elsewhere.includes(name));
  const body = markup`<header><h1>${page.title}</h1>${page.see === null ? null : markup`<p>Beside it: <a href="${page.see}">${page.see}</a></p>`}</header>
<main>
<section class="answer" aria-label="Answer">
<div class="said"><p class="verdict">${page.verdict.headline}</p>
${page.verdict.beneath.map((sentence) => markup`<p class="beneath">${sentence}</p>\n`)}
${besideAnswer(page.doubts.beside)}
${beside === undefined ? null : figure(beside)}</div>
${curves === undefined ? null : figure(curves)}
</section>
${chips(page.palette)}
<section><h2>Schemes</h2>${schemes(page)}</section>
${page.sections.map((section) =>
  sectionOf(
    section,
    page.charts.filter(({ name }) => name !== curves?.name && name !== beside?.name),
  ),
)}${rest.length === 0 ? null : markup`<section><h2>Charts</h2><p class="hint">Point at a scheme to mark it everywhere, click to keep it, Escape to let go. Drag to move, shift and wheel to zoom, double click to reset.</p><div class="grid">${rest.map(figure)}</div></section>`}
<section><h2>What it rests on</h2>
${folded("Tests", true, markup`<p>${page.verdict.evidence}</p>${list(page.sentences)}`)}
${folded(`Doubts (${page.doubts.deciding.length + page.doubts.others.length})`, false, markup`${list(page.doubts.deciding)}${list(page.doubts.others)}`)}
${folded("Methods", false, markup`<dl>${page.checklist.map(({ question, answer }) => markup`<dt>${question}</dt><dd>${answer}</dd>`)}</dl>`)}
${folded(`Provenance: ${page.inputs.length} input files by SHA-256`, false, markup`<ul class="small">${page.inputs.map(({ name, sha256 }) => markup`<li><bdi>${name.slice(0, 200)}</bdi> <code>${sha256}</code></li>\n`)}</ul>`)}
<p class="small">Cite as: <span class="citation">${page.citation}</span> <button type="button" data-copy="citation">Copy</button></p>
</section>
</main>`;
  return documentHtml({
    title: page.title,
    body,
    data: {
      charts: packedCharts(page.charts),
      theme: PAGE_THEME,
      paper: STATIC_THEME,
      texts: { "table.tex": latexTable(page.table), citation: page.citation },
    },
    scripts: ["data", "charts", "marking", "tables", "saving"],
  }).html;
}

function besideAnswer(doubts: readonly string[]): Markup | null {
  if (doubts.length === 0) return null;
  const more = doubts.length - MOST_BESIDE;
  return markup`<ul class="doubts" aria-label="Doubts that touch the answer">${doubts
    .slice(0, MOST_BESIDE)
    .map(
      (doubt) => markup`<li>${doubt}</li>`,
    )}${more > 0 ? markup`<li>and ${more} more under Doubts</li>` : null}</ul>`;
}

/** The legend of the whole page: a button a scheme that is drawn in colour, and a search where there are more. */
function chips({ styles, crowded }: Palette): Markup | null {
  if (styles.length < 2) return null;
  const search = markup`<input id="search" type="search" list="names" autocomplete="off" aria-label="Find a scheme" placeholder="Find a scheme"><datalist id="names">${styles.map(({ label }) => markup`<option value="${label}">`)}</datalist>`;
  return markup`<nav class="chips" aria-label="Schemes">${styles
    .filter(({ prominent }) => prominent)
    .map(
      ({ label, colour }) =>
        markup`<button type="button" data-scheme="${label}" aria-pressed="false"><span class="swatch" style="background:${colour}"></span><bdi>${label}</bdi></button>`,
    )}${crowded ? search : null}</nav>`;
}

function schemes({ table, schemes: names }: Page): Markup {
  const filter = markup`<label>Filter <input id="filter" type="search" autocomplete="off"></label>`;
  return markup`<p class="tools">${names.length > MOST_COLOURS ? filter : null}<button type="button" data-copy="table.tex">Copy as LaTeX</button></p>
<div class="scroll" data-sorts tabindex="0" role="region" aria-label="Table of schemes">${htmlTable(table, names)}</div>`;
}

function sectionOf({ title, sentences, tables, charts: names }: Section, charts: readonly Chart[]): Markup {
  const own = charts.filter(({ name }) => names.includes(name));
  return markup`<section><h2>${title}</h2>${list(sentences)}
${tables.map((table) => markup`<div class="scroll" tabindex="0" role="region" aria-label="Table of ${title}">${htmlTable(table)}</div>`)}
${own.length === 0 ? null : markup`<div class="grid">${own.map(figure)}</div>`}</section>\n`;
}

/** A chart with its data and the buttons that save it. */
export function figure({ name, title, caption, spec }: Chart): Markup {
  const button = (kind: string, text: string) => markup`<button type="button" data-save="${kind}">${text}</button>`;
  return markup`<figure id="${name}"><h3>${title}</h3><div class="chart" data-chart="${name}" role="img" aria-label="${String(spec.description)}"></div>
<figcaption>${caption}</figcaption>
<div class="save"><details data-table><summary>Data</summary><div class="scroll" tabindex="0" role="region" aria-label="Data of ${title}"></div></details>${button("svg", "SVG")}${button("png", "PNG")}${button("vl", "Vega-Lite")}${button("csv", "CSV")}</div></figure>\n`;
}

const folded = (title: string, open: boolean, content: Content): Markup =>
  open
    ? markup`<details open><summary>${title}</summary>${content}</details>`
    : markup`<details><summary>${title}</summary>${content}</details>`;

const list = (items: readonly string[]): Markup | null =>
  items.length === 0 ? null : markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`;
