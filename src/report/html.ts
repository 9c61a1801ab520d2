// The page: one file that asks the network for nothing. Libraries are inlined under a content policy that allows these
// scripts by hash and no evaluation; vega interprets its expressions. Data stand in a JSON block, escaped once.
import { createHash } from "node:crypto";
import type { Chart } from "./charts/chart.js";
import { SCHEMA } from "./charts/parts.js";
import { PAGE_THEME } from "./charts/theme.js";
import type { ChecklistItem } from "./checklist.js";
import { html, scriptJson } from "./escape.js";
import type { Verdict } from "./sentences.js";
import { type Cells, htmlTable } from "./table.js";

export interface Page {
  readonly title: string;
  readonly verdict: Verdict;
  readonly sentences: readonly string[];
  readonly table: Cells;
  readonly warnings: readonly string[];
  readonly charts: readonly Chart[];
  readonly checklist: readonly ChecklistItem[];
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
  /** Browser builds of vega, vega-lite and vega-embed, in the order they load. */
  readonly libraries: readonly string[];
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c1c1e;--soft:#5b5b60;--line:#d9d9de;--ground:#fff;--card:#f6f6f8}
@media (prefers-color-scheme:dark){:root{--ink:#e9e9ec;--soft:#a4a4ab;--line:#3a3a40;--ground:#16161a;--card:#202026}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--line:#bbb;--ground:#fff;--card:#fff}}
body{margin:0 auto;max-width:1160px;padding:1.2rem;color:var(--ink);background:var(--ground);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2rem 0 .8rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0 0 .2rem}
.answer{padding:.2rem 1rem;background:var(--card);border-left:4px solid #0072b2;overflow-wrap:anywhere}.answer p{margin:.6rem 0;font-size:.92rem}.answer p:first-child{font-size:1.08rem}
li,dd,p,td:first-child{overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.8rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}th{font-weight:600;color:var(--soft)}
td:first-child{white-space:normal;min-width:9em;max-width:16em}
figure{margin:1.6rem 0;break-inside:avoid}figcaption{color:var(--soft);font-size:.88rem}
.chart{width:100%;min-height:120px}.chart svg{max-width:100%;height:auto;overflow:visible}
.hint,.small{color:var(--soft);font-size:.85rem}dt{font-weight:600;margin-top:.5rem}dd{margin:0}code{font-size:.8rem;overflow-wrap:anywhere}
#vg-tooltip-element{max-width:min(340px,90vw);overflow-wrap:anywhere}
@media (max-width:600px){body{padding:.8rem}}
@media print{.hint{display:none}body{max-width:none;font-size:11pt}th,td{white-space:normal;padding:.15rem .3rem}table{font-size:7.5pt}}
`;

// Runs in the reader's browser. Charts are drawn to the width they have, again when it changes by more than a scroll bar.
const SCRIPT = `"use strict";
(() => {
  const { charts, theme } = JSON.parse(document.getElementById("data").textContent);
  const fitted = (spec, room) => {
    const labelLimit = Math.min(220, room * 0.42);
    const config = {
      ...theme,
      axis: { ...theme.axis, labelLimit },
      legend: { ...theme.legend, columns: room < 480 ? 1 : room < 760 ? 2 : 3 },
    };
    const { config: _, ...rest } = spec;
    const padded = { ...rest, config, padding: 4 };
    const named = (child) => JSON.stringify(child).includes('"sort":') && !JSON.stringify(child).includes('"axis":null');
    if (spec.hconcat) {
      const { hconcat, ...other } = padded;
      // Side by side the first panel names the rows for both; one under the other each needs the names.
      const stacked = room < 720;
      const children = stacked ? JSON.parse(JSON.stringify(hconcat).replaceAll('"axis":null', '"axis":{"title":null}')) : hconcat;
      const margins = children.reduce((sum, child) => sum + (named(child) ? labelLimit + 20 : JSON.stringify(child).includes('"axis":null') ? 30 : 80), 0);
      if (stacked) return { ...other, vconcat: children.map((child) => ({ ...child, width: room - (named(child) ? labelLimit + 30 : 80) })) };
      return { ...other, hconcat: children.map((child) => ({ ...child, width: (room - margins) / children.length })) };
    }
    if (spec.vconcat) return { ...padded, vconcat: spec.vconcat.map((child) => ({ ...child, width: room - 80 })) };
    if (typeof spec.height !== "number") return { ...padded, width: room - labelLimit - 30 };
    return { ...padded, width: room - 8, height: room < 480 ? 260 : spec.height, autosize: { type: "fit-x", contains: "padding" } };
  };
  const holders = [...document.querySelectorAll(".chart")];
  let drawnFor = 0;
  const draw = () => {
    const room = holders[0] ? holders[0].clientWidth : 0;
    if (room === 0 || Math.abs(room - drawnFor) < 24) return;
    drawnFor = room;
    holders.forEach((holder, index) => {
      vegaEmbed(holder, fitted(charts[index], Math.min(room, 900)), { mode: "vega-lite", renderer: "svg", actions: false, ast: true, config: {}, tooltip: { theme: matchMedia("(prefers-color-scheme:dark)").matches ? "dark" : "light" } })
        .then(() => { holder.dataset.drawn = "yes"; })
        .catch((error) => { holder.textContent = "This chart could not be drawn: " + error.message; });
    });
  };
  draw();
  addEventListener("resize", () => { clearTimeout(draw.timer); draw.timer = setTimeout(draw, 150); });
})();`;

/** The whole page as one text. */
export function htmlPage(page: Page): string {
  const scripts = [...page.libraries.map(inlined), SCRIPT];
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  const policy = `default-src 'none'; script-src ${hashes.join(" ")}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
  const data = scriptJson({ charts: page.charts.map((chart) => withoutTheme(chart)), theme: PAGE_THEME });
  const list = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${html(item)}</li>`).join("")}</ul>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${html(page.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${html(page.title)}</h1>
<div class="answer"><p><strong>${html(page.verdict.answer)}</strong></p><p>${html(page.verdict.evidence)}</p></div>
${page.sentences.length === 0 ? "" : list(page.sentences)}
<h2>Schemes</h2>
<div class="scroll">${htmlTable(page.table)}</div>
${page.warnings.length === 0 ? "" : `<h2>Doubts</h2>${list(page.warnings)}`}
<h2>Charts</h2>
<p class="hint">Hover for run, seed, tokens and loss. Click a scheme in a legend to isolate it, with shift to add one, double click for all. Drag to move, shift and wheel to zoom, double click to reset.</p>
${page.charts.map(figure).join("\n")}
<h2>Methods</h2>
<dl>${page.checklist.map((item) => `<dt>${html(item.question)}</dt><dd>${html(item.answer)}</dd>`).join("\n")}</dl>
<h2>Provenance</h2>
<details><summary>${page.inputs.length} input files by SHA-256</summary><ul class="small">${page.inputs
    .map((input) => `<li><bdi>${html(input.name.slice(0, 200))}</bdi> <code>${html(input.sha256)}</code></li>`)
    .join("\n")}</ul></details>
<script type="application/json" id="data">${data}</script>
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`;
}

function figure(chart: Chart): string {
  return `<figure id="${html(chart.name)}"><h3>${html(chart.title)}</h3><div class="chart"></div><figcaption>${html(chart.caption)}</figcaption></figure>`;
}

function withoutTheme(chart: Chart): unknown {
  const { config: _, $schema: __, ...rest } = chart.spec;
  return { $schema: SCHEMA, ...rest };
}

/** A library as it may stand in a script element: nothing in its strings closes the element, no source map is asked for. */
function inlined(library: string): string {
  return library
    .replace(/<\/script/gi, "<\\/script")
    .replace(/<!--/g, "<\\!--")
    .replace(/\/\/# sourceMappingURL=.*$/gm, "");
}
