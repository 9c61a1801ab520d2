// The page itself: what a template is given stays text, marks and tables say what the records say, colours can be seen,
// and axe finds nothing serious in the page as it is drawn.
import { expect, test } from "vitest";
import { htmlTable, known, latexTable, left, markdownTable, right, terminalTable } from "../../src/report/cells.js";
import { characterChart } from "../../src/report/character-chart.js";
import { spread } from "../../src/report/charts/end-labels.js";
import { palette, REST } from "../../src/report/charts/palette.js";
import { HEIGHT } from "../../src/report/charts/parts.js";
import { markup, trusted } from "../../src/report/page/markup.js";

test("a template escapes what it is given, in text and in attributes, and leaves markup alone", () => {
  const evil = `"'><script>alert(1)</script>`;
  const { html } = markup`<p title="${evil}">${evil}</p>${[markup`<b>${1}</b>`, null, "&"]}${trusted("<i>")}`;
  expect(html).toBe(
    '<p title="&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;">&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;</p><b>1</b>&#38;<i>',
  );
});

test("one table, four printers; a column that knows nothing is left out", () => {
  const cells = known({
    columns: [left("scheme"), right("cost"), right("loss")],
    rows: [
      ["A^2 B", "–", "3.5"],
      ["b|c", "–", "−12.25"],
    ],
  });
  expect(terminalTable(cells)).toBe("scheme    loss\nA^2 B      3.5\nb|c     −12.25\n");
  expect(markdownTable(cells)).toBe("| scheme | loss |\n|---|--:|\n| A^2 B | 3.5 |\n| b\\|c | −12.25 |");
  expect(latexTable(cells)).toContain("\\begin{tabular}{lr}\n\\toprule\nscheme & loss \\\\");
  expect(latexTable(cells)).toContain("A\\textasciicircum{}2 B & 3.5");
  expect(htmlTable(cells, ["A^2 B"]).html).toContain('<tr data-scheme="A^2 B"><td class="left"><bdi>A^2 B</bdi></td>');
});

test("names at line ends stand apart, in the order of the lines, within the drawing", () => {
  for (const [ends, domain, log] of [
    [[1, 1.001, 1.002, 3], [0.9, 3.2], false],
    [[0.11, 0.1, 0.1, 0.1], [0.1, 1], true],
  ] as const) {
    const rows = spread(
      ends.map((y, i) => ({ scheme: `s${i}`, y })),
      domain,
      log,
    );
    const of = log ? Math.log : (value: number) => value;
    const pixels = rows.map(({ y }) => (HEIGHT * (of(domain[1]) - of(Number(y)))) / (of(domain[1]) - of(domain[0])));
    pixels.forEach((pixel, i) => {
      expect(pixel).toBeGreaterThan(-1);
      expect(pixel).toBeLessThan(HEIGHT + 1);
      if (i > 0) expect(pixel - (pixels[i - 1] ?? 0)).toBeGreaterThan(13.9);
    });
  }
});

/** Relative luminance and contrast by WCAG 2.2. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test("every colour of a chart has a contrast of 3 to 1 with the light and the dark ground", () => {
  const { styles } = palette(["a", "b", "c", "d", "e", "f", "g", "h"], []);
  for (const colour of [...styles.map((style) => style.colour), REST]) {
    for (const ground of ["#ffffff", "#16161a"]) {
      expect([colour, ground, contrast(colour, ground) >= 3]).toEqual([colour, ground, true]);
    }
  }
});

test("from nine schemes on only the wanted ones are in colour", () => {
  const labels = Array.from({ length: 40 }, (_, i) => `s${i}`);
  const { styles, crowded } = palette(labels, ["s7", "s39"]);
  expect(crowded).toBe(true);
  expect(styles.filter(({ prominent }) => prominent).map(({ label }) => label)).toEqual(["s7", "s39"]);
  expect(new Set(styles.filter(({ prominent }) => !prominent).map(({ colour }) => colour))).toEqual(new Set([REST]));
  expect(palette(labels.slice(0, 8), []).crowded).toBe(false);
});

test("a chart in characters puts the smallest loss at the foot and the largest budget at the right", () => {
  const points = [1, 10, 100].map((x) => ({ x, y: 4 - Math.log10(x) }));
  const lines = characterChart([{ label: "plain", points }], String, String, { width: 9, height: 5 });
  expect(lines).toEqual([
    "4 │A",
    "  │",
    "  │    A",
    "  │",
    "2 │        A",
    "  └─────────",
    "   1     100",
    "   A plain",
  ]);
});
