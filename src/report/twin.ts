// The README that stands beside the page and says the same on a code host, with the pictures.
import type { Chart } from "./charts/chart.js";
import { markdown } from "./escape.js";
import type { Page } from "./html.js";
import { markdownTable } from "./table.js";

export function readme(page: Omit<Page, "libraries">): string {
  const list = (items: readonly string[]) => items.map((item) => `- ${markdown(item)}`).join("\n");
  const sections = [
    `# ${markdown(page.title)}`,
    `**${markdown(page.verdict.answer)}**`,
    markdown(page.verdict.evidence),
    list(page.sentences),
    `## Schemes\n\n${markdownTable(page.table)}`,
    page.warnings.length === 0 ? "" : `## Doubts\n\n${list(page.warnings)}`,
    `## Charts\n\n${page.charts.map(picture).join("\n\n")}`,
    `## Methods\n\n${page.checklist.map((item) => `- **${markdown(item.question)}.** ${markdown(item.answer)}`).join("\n")}`,
    "## Files\n\n`index.html` is this page with charts that answer to the mouse; `fits.json` holds every number on it; `points.csv` the points; `charts/` the specs and pictures; `table.tex` the table; `manifest.json` how it was made.",
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function picture(chart: Chart): string {
  return `### ${markdown(chart.title)}\n\n![${markdown(String(chart.spec.description))}](charts/${chart.name}.svg)\n\n${markdown(chart.caption)}`;
}
