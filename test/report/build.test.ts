// A report from a simulated sweep: every chart is valid Vega-Lite, the bytes repeat, the prose comes out of fits.json.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { beforeAll, expect, test } from "vitest";
import { sha256 } from "../../src/base/json.js";
import { analyse } from "../../src/report/analysis.js";
import { buildReport, type Report } from "../../src/report/build.js";
import { CHARTS } from "../../src/report/charts/registry.js";
import { draw } from "../../src/report/draw.js";
import { labels, latex, markdown, scriptJson } from "../../src/report/escape.js";
import { lossSentences } from "../../src/report/loss-sentences.js";
import { packed } from "../../src/report/page/packed.js";
import type { Analysis } from "../../src/report/record.js";
import { doubts, verdict } from "../../src/report/sentences.js";
import { manySource, REFERENCE, simulatedSource } from "./simulated.js";

const OPTIONS = { title: "Simulated sweep", bootstrap: 100 };
const VERSIONS = { rinsight: "0.1.0", node: "test" };
let report: Report;
const text = (name: string): string => {
  const content = report.files.get(name);
  if (typeof content !== "string") throw new Error(`${name} is no text`);
  return content;
};

beforeAll(async () => {
  report = await buildReport(simulatedSource(), OPTIONS, VERSIONS);
});

test("every chart that the data allow is there, as spec, SVG and PNG", () => {
  const names = [...report.files.keys()].filter((name) => name.endsWith(".vl.json")).map((name) => name.slice(7, -8));
  // Six horizons are too few to judge forecasts by.
  expect(names).toEqual(Object.keys(CHARTS).filter((name) => name !== "forecast-fan"));
  for (const name of names) {
    expect(text(`charts/${name}.svg`)).toMatch(/^<svg [\s\S]*<\/svg>$/);
    const png = report.files.get(`charts/${name}.png`);
    expect(
      Buffer.from(png ?? "")
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  }
});

test("with horizons enough the loss is carried on beyond the data", () => {
  const source = simulatedSource({ ...REFERENCE, horizons: 9 });
  const fan = draw(source, analyse(source, OPTIONS)).find(({ name }) => name === "forecast-fan");
  const { datasets }: { datasets: Record<string, { x: number; reach: number }[]> } = JSON.parse(
    JSON.stringify(fan?.spec),
  );
  const path = datasets.path ?? [];
  expect(Math.max(...path.map(({ x }) => x)) / Math.max(...path.map(({ reach }) => reach))).toBeCloseTo(10, 5);
  expect(fan?.caption).toMatch(/one new run/);
});

test("specs validate against the schema of Vega-Lite and carry alternative text", () => {
  const require = createRequire(import.meta.url);
  const schema: object = JSON.parse(readFileSync(require.resolve("vega-lite/vega-lite-schema.json"), "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: false, logger: false, formats: { "color-hex": true } });
  const validate = ajv.compile(schema);
  for (const name of report.files.keys()) {
    if (!name.endsWith(".vl.json")) continue;
    const spec: { description: string } = JSON.parse(text(name));
    expect([name, validate(spec), validate.errors?.slice(0, 3)]).toEqual([name, true, undefined]);
    expect(spec.description.length).toBeGreaterThan(40);
  }
});

test("no dashed line of the multiplier crosses the data: a stretch has inside points at its ends alone", () => {
  interface Point {
    readonly scheme: string;
    readonly budget: number;
    readonly extrapolated: boolean;
    readonly stretch?: number;
  }
  const { datasets }: { datasets: Record<string, Point[]> } = JSON.parse(text("charts/multiplier.vl.json"));
  const beyond = datasets.beyond ?? [];
  const keyOf = ({ scheme, stretch }: Point) => `${scheme}/${stretch}`;
  const keys = new Set(beyond.map(keyOf));
  expect(keys.size).toBeGreaterThan(5);
  for (const key of keys) {
    const points = beyond.filter((point) => keyOf(point) === key);
    const budgets = points.map(({ budget }) => budget);
    const between = (datasets.inside ?? []).filter(
      ({ scheme, budget }) =>
        scheme === points[0]?.scheme && budget > Math.min(...budgets) && budget < Math.max(...budgets),
    );
    expect(between).toEqual([]);
  }
});

test("the page stays under 1.5 MB and asks for nothing from elsewhere", () => {
  const page = text("index.html");
  expect(page.length).toBeLessThan(1_500_000);
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/unsafe-eval|<script[^>]+src=|<link[^>]+href="http/);
});

test("a hundred schemes: a page that would be within 1.5 MB with three hundred, and the charts that a crowd can be read in", async () => {
  const crowd = await buildReport(manySource(100), OPTIONS, VERSIONS);
  expect(String(crowd.files.get("index.html")).length).toBeLessThan(1_080_000);
  const names = [...crowd.files.keys()].filter((name) => name.endsWith(".svg")).map((name) => name.slice(7, -4));
  expect(names).toEqual(["differences", "loss-tokens", "ranking", "limits", "exponents"]);
  expect(crowd.analysis.comparison?.bootstrap).toMatchObject({ replicates: 0, failed: 0 });
  expect(crowd.analysis.comparison?.multipliers.every(({ crossover }) => crossover.found === null)).toBe(true);
  expect(crowd.analysis.comparison?.multipliers).toHaveLength(99);
  expect(String(crowd.files.get("README.md"))).toContain("for these make a report of fewer");
}, 300_000);

test("rows come out of a page as they went in", () => {
  const rows = [
    { scheme: "a", seed: 1, none: null, loss: 2.5 },
    { scheme: "a", seed: 2, none: null, loss: 2.25 },
    { scheme: "b", seed: 1, none: null, loss: null },
    { scheme: "b", seed: 2, none: null, loss: 2 },
  ];
  expect(packed(rows)).toEqual({
    rows: 4,
    columns: {
      scheme: { of: ["a", "b"], at: [0, 0, 1, 1] },
      seed: { of: [1, 2], at: [0, 1, 0, 1] },
      none: { all: null },
      loss: { each: [2.5, 2.25, null, 2] },
    },
  });
  expect(packed([])).toEqual({ rows: 0, columns: {} });
});

test("every word of the answer comes out of fits.json", () => {
  const written: Analysis = JSON.parse(text("fits.json"));
  expect(verdict(written)).toEqual(report.verdict);
  expect(lossSentences(written)).toHaveLength(5);
  expect(text("README.md")).toContain(markdown(report.verdict.headline));
});

test("the same inputs give the same bytes, in whatever order the files come", async () => {
  const again = await buildReport(simulatedSource(REFERENCE, true), OPTIONS, VERSIONS);
  expect([...again.files].map(([name, content]) => [name, sha256(content)])).toEqual(
    [...report.files].map(([name, content]) => [name, sha256(content)]),
  );
});

test("nothing of the machine or the clock stands in what is compared", () => {
  const manifest = text("manifest.json");
  expect(manifest).not.toMatch(/\/(home|work|tmp|root|Users)\//);
  expect(manifest).not.toMatch(/\b20\d\d-\d\d-\d\d/);
  const { files } = JSON.parse(manifest) as { files: Record<string, string> };
  expect(files["fits.json"]).toBe(sha256(text("fits.json")));
});

test("one scheme with two points gives a report that says what it cannot say", async () => {
  const source = simulatedSource();
  const [scheme] = source.schemes;
  if (scheme === undefined) throw new Error("no scheme");
  const points = source.points.filter((point) => point.scheme === scheme.name && point.excluded === null).slice(0, 2);
  const small = await buildReport({ ...source, schemes: [scheme], points, rounds: [] }, OPTIONS, VERSIONS);
  expect(small.verdict.answer).toContain("no comparison");
  expect(small.analysis.failures).toHaveLength(1);
  expect(String(small.files.get("README.md"))).toContain("no estimate");
});

test("names of others' stay data in every language of the report", () => {
  expect(scriptJson({ a: "</script><!--" })).toBe('{"a":"\\u003c/script\\u003e\\u003c!--"}');
  expect(markdown("# a|b <i>`x`\n# y")).toBe("\\# a\\|b &lt;i&gt;\\`x\\` # y");
  expect(latex("50% of $x_1$ & \\input{y}")).toBe("50\\% of \\$x\\_1\\$ \\& \\textbackslash{}input\\{y\\}");
  expect(labels(["a\u202eb", "a\u202eb", "", "x".repeat(10_000)])).toEqual([
    "a⟨U+202E⟩b",
    "a⟨U+202E⟩b (2)",
    "(no name)",
    `${"x".repeat(59)}…`,
  ]);
});

test("a doubt names the schemes it is about, and what holds for all is said once", () => {
  const analysis: Analysis = JSON.parse(text("fits.json"));
  const first = analysis.fits[0];
  if (first === null || first === undefined) throw new Error("the first scheme has a fit");
  const warn = (code: string) => [{ code, message: "look closer" }];
  const fits = analysis.fits.map((fit, order) => fit && { ...fit, warnings: warn(order === 1 ? "own" : "common") });
  const said = doubts({ ...analysis, fits });
  const others = analysis.schemes.filter((_, order) => order !== 1).map((scheme) => scheme.label);
  expect(said).toContain(`${analysis.schemes[1]?.label}: own: look closer`);
  expect(said).toContain(`${others.join(", ")}: common: look closer`);
  const same = analysis.fits.map((fit) => fit && { ...fit, warnings: warn("common") });
  expect(doubts({ ...analysis, fits: same })[0]).toBe("all 6: common: look closer");
});
