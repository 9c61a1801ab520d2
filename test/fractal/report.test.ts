// The page of an analysis: what it says follows the intervals, charts hold every scale and the fitted line, controls stand
// beside their groups, and every chart compiles.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { analyzeFractal } from "../../src/fractal/analyze.js";
import { fractalReport } from "../../src/report/fractal/page.js";
import { renderSvg } from "../../src/report/render.js";
import { fractionalNoise } from "./fractional-noise.js";

const documents = [
  { group: "memory <b>", H: 0.8 },
  { group: "noise", H: 0.5 },
].flatMap(({ group, H }) => {
  const make = fractionalNoise(2048, H, random(group));
  return Array.from({ length: 20 }, (_, d) => ({ document: `d${d}`, group, values: make() }));
});

test("a sentence a group, every estimate, charts with fits and local slopes", async () => {
  const analysis = await analyzeFractal([...documents, { document: "short", group: "noise", values: [1, 2] }]);
  const { html, charts } = fractalReport(analysis, "Two noises");
  expect(html).toMatch(/memory &#60;b&#62;: H [^<]*above \.5/);
  expect(html).toMatch(/noise: H [^<]*which holds \.5/);
  expect(html).toContain("noise, short: 2 tokens, 256 are needed");
  expect(charts.map(({ name }) => name)).toEqual([
    "exponents",
    "fit-fluctuation",
    "local-fluctuation",
    "fit-selfSimilarity",
    "local-selfSimilarity",
    "fit-joseph",
    "local-joseph",
  ]);
  for (const { spec } of charts) expect(await renderSvg(spec)).toContain("<svg");

  // The drawn line is that of the estimate: 2H on the axes of squared fluctuation.
  const fit: { datasets?: { lines?: { scheme: string; scale: number; y: number }[] } } = charts[1]?.spec ?? {};
  const line = fit.datasets?.lines?.filter(({ scheme }) => scheme === "noise") ?? [];
  const [first, last] = [line[0], line.at(-1)];
  if (first === undefined || last === undefined) throw new Error("no line");
  const H = analysis.groups[1]?.estimates[0]?.estimate ?? Number.NaN;
  expect(Math.log(last.y / first.y) / Math.log(last.scale / first.scale)).toBeCloseTo(2 * H, 5);
});
