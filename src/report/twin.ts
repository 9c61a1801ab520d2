// The README that stands beside the page and says the same on a code host, with the pictures.

import { markdownTable } from "./cells.js";
import type { Chart } from "./charts/chart.js";
import { markdown } from "./escape.js";
import type { Page } from "./page/report-page.js";

export function readme(page: Page): string {
  const list = (items: readonly string[]) => items.map((item) => `- ${markdown(item)}`).join("\n");
  const doubts = [...page.doubts.deciding, ...page.doubts.others];
  const sections = [
    `# ${markdown(page.title)}`,
    `**${markdown(page.verdict.headline)}**`,
    page.verdict.beneath.map(markdown).join(" "),
    markdown(page.verdict.evidence),
    list(page.sentences),
    `## Schemes\n\n${markdownTable(page.table)}`,
    ...page.sections.map(
      ({ title, sentences, tables }) =>
        `## ${markdown(title)}\n\n${[list(sentences), ...tables.map(markdownTable)].filter((part) => part !== "").join("\n\n")}`,
    ),
    doubts.length === 0 ? "" : `## Doubts\n\n${list(doubts)}`,
    `## Charts\n\n${page.charts.map(picture).join("\n\n")}`,
    `## Methods\n\n${page.checklist.map((item) => `- **${markdown(item.question)}.** ${markdown(item.answer)}`).join("\n")}`,
    `Cite as: ${markdown(page.citation)}`,
    "## Files\n\n`index.html` is this page with charts that answer to the mouse; `fits.json` holds every number on it; `points.csv` the points; `charts/` the specs and pictures; `table.tex` the table; `manifest.json` how it was made.",
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function picture(chart: Chart): string {
  return `### ${markdown(chart.title)}\n\n![${markdown(String(chart.spec.description))}](charts/${chart.name}.svg)\n\n${markdown(chart.caption)}`;
}
