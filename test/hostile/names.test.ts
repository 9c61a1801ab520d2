// Names are data: whatever a scheme is called, tables, charts, formulas and JSON work, and a terminal shows it harmlessly.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { compile, type TopLevelSpec } from "vega-lite";
import { afterAll, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { oneLine, shortName, visible } from "../../src/base/visible.js";
import { importCurves } from "../../src/curve/import/import.js";
import { buildReport } from "../../src/report/build.js";
import { readSource } from "../../src/report/source.js";
import { runCommand } from "./run-command.js";

const home = mkdtempSync(path.join(tmpdir(), "rinsight-names-"));
afterAll(() => rmSync(home, { recursive: true }));

/** What every object of JavaScript has, what Vega knows, what formulas and paths are made of, and what is long. */
const INHERITED = [...Object.getOwnPropertyNames(Object.prototype)];
const SPECIAL = [
  "width",
  "mark",
  "datum.x",
  "a.b",
  "c[0]",
  "d\"e'f",
  "two words",
  "back\\slash",
  `\${x}`,
  "{}",
  "</script>",
];
const HOSTILE = ["\u001b[31mred\u001b]0;title\u0007", "new\nforged: line", "tab\there", "\u202egnp.exe", "c1\u009b31m"];
const LONG = "n".repeat(5000);

/** A table of schemes with five points of two seeds each, in a file of its own. */
function tableOf(name: string, schemes: readonly string[]): string {
  const draw = random(name);
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const rows = schemes.flatMap((scheme, k) =>
    [0, 1].flatMap((seed) =>
      [0, 1, 2, 3, 4].map((i) => {
        const tokens = 1e6 * 3 ** i;
        return `${quoted(scheme)},${seed},${tokens},${2 + 0.02 * k + 60 * tokens ** -0.3 + 0.002 * draw.uniform()}`;
      }),
    ),
  );
  const file = path.join(home, `${name}.csv`);
  writeFileSync(file, `scheme,seed,tokens,loss\n${rows.join("\n")}\n`);
  return file;
}

/** Strings inside a value, with what keys there are. */
function strings(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...strings(inner)]);
}

test.each([
  ["a few", ["plain", "constructor", "toString", "__proto__"]],
  ["a crowd", ["plain", ...INHERITED, ...SPECIAL, ...HOSTILE, LONG]],
])("a report of %s has every scheme in its table and its charts", async (name, schemes) => {
  const { source } = await readSource([tableOf(name, schemes)]);
  const report = await buildReport(source, { bootstrap: 0 }, {});
  const shown = report.analysis.schemes.map((scheme) => scheme.name);
  expect(shown).toEqual([...schemes].map((s) => s.trim()).sort(new Intl.Collator("en", { numeric: true }).compare));
  const page = String(report.files.get("index.html"));
  for (const { label } of report.analysis.schemes) {
    expect(page).toContain(label.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`));
  }
  expect(String(report.files.get("charts/limits.svg"))).toContain(">plain<");
});

test("schemes stand in the order in which people count", async () => {
  const { source } = await readSource([
    tableOf("counted", ["r=10", "r=9", "A^2 B", "plain", "A^10 B", "r=2", "__proto__"]),
  ]);
  expect(source.schemes.map(({ name }) => name)).toEqual([
    "__proto__",
    "A^2 B",
    "A^10 B",
    "plain",
    "r=2",
    "r=9",
    "r=10",
  ]);
});

test("a name stands in no expression of any chart", async () => {
  const { source } = await readSource([tableOf("marked", ["qqplain", "qqother", "qqthird"])]);
  const report = await buildReport(source, { bootstrap: 100 }, {});
  const specs = [...report.files].filter(([name]) => name.endsWith(".vl.json"));
  expect(specs.length).toBeGreaterThan(8);
  for (const [name, content] of specs) {
    const spec: TopLevelSpec & { description: string } = JSON.parse(String(content));
    const compiled = compile({ ...spec, description: "" }).spec;
    const places = strings({
      marks: compiled.marks,
      scales: compiled.scales,
      signals: compiled.signals,
      legends: compiled.legends,
      data: compiled.data?.map((one) => ("transform" in one ? one.transform : null)),
    });
    const found = places.filter((text) => text.includes("qq") && !/^qq(plain|other|third)$/.test(text));
    expect([name, found]).toEqual([name, []]);
    expect([name, strings(compiled.legends).filter((text) => text.startsWith("qq"))]).toEqual([name, []]);
  }
});

test("fits, comparisons and imports keep every name, and text of them is free of what a terminal obeys", async () => {
  const schemes = ["plain", "constructor", "__proto__", ...HOSTILE, LONG];
  const file = tableOf("told", schemes);
  const cli = (...argv: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", path.resolve(import.meta.dirname, "../../src/cli.ts"), ...argv],
      { encoding: "utf8", maxBuffer: 1e8 },
    );
    expect([argv[0], status]).toEqual([argv[0], 0]);
    return { stdout, stderr };
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029\u2066-\u2069]/;
  const told = [
    cli("fit", file),
    cli("compare", file, "--bootstrap", "0"),
    cli("import", file, "--run", "scheme,seed"),
  ];
  for (const { stdout, stderr } of told) {
    expect(stdout).not.toMatch(obeyed);
    expect(stderr).not.toMatch(obeyed);
    expect(`\n${stdout}${stderr}`).not.toMatch(/\nforged: line/);
  }
  const { stdout } = cli("compare", file, "--bootstrap", "0", "--json");
  const { differences } = JSON.parse(stdout) as { differences: { scheme: string }[] };
  expect([...new Set(differences.map(({ scheme }) => scheme))].sort()).toEqual(
    schemes.filter((s) => s !== "plain").sort(),
  );
  const { table } = await importCurves(file, { run: ["scheme", "seed"] });
  const column = table.columns.get("scheme");
  expect(column?.kind === "text" ? [...new Set(column.values)].sort() : []).toEqual([...schemes].sort());
});

test("columns and names that objects have from birth work in formulas, too", async () => {
  const file = path.join(home, "columns.csv");
  const rows = [1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6, 128e6].map((x) => `${x},${2 + 60 * x ** -0.3},${x}`);
  writeFileSync(file, `tokens,loss,constructor\n${rows.join("\n")}\n`);
  for (const argv of [
    ["--x", "constructor"],
    ["--where", "constructor > 2e6"],
    ["--derive", "toString=2*constructor", "--x", "toString"],
    ["--law", "valueOf + hasOwnProperty/tokens^c"],
  ]) {
    const { exit, bug, stdout } = await runCommand(["fit", file, ...argv]);
    expect([argv, exit, bug]).toEqual([argv, 0, null]);
    expect(stdout).toContain("converged");
  }
});

test("errors with names of others are one line", async () => {
  const file = path.join(home, "a\nforged: line.csv");
  writeFileSync(file, "tokens,loss\nx\u001b[31m,1\n");
  const { exit, stderr } = await runCommand(["fit", file]);
  expect(exit).toBe(2);
  expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/a(\\u000a|\?)forged: line\.csv/);
  expect(stderr).not.toContain("\u001b");
});

test("text is made visible: JSON stays the same JSON, line ends and tabs stay, names are cut", () => {
  const value = { [HOSTILE.join("")]: `${HOSTILE.join()}\u{e0041}\ud800` };
  expect(JSON.parse(visible(JSON.stringify(value, null, 2)))).toEqual(value);
  expect(visible("a\tb\nc\r\u001b")).toBe("a\tb\nc\\u000d\\u001b");
  expect(oneLine("a\tb\nc")).toBe("a\\u0009b\\u000ac");
  expect(shortName(LONG)).toBe(`${"n".repeat(39)}…`);
  expect(readFileSync(path.resolve(import.meta.dirname, "../../src/cli.ts"), "utf8")).toMatch(
    /guard\(process\.stdout\)/,
  );
});

test("schemes called as missing numbers are written, and groups that begin as numbers, keep their names", async () => {
  const names = ["1.0", "null", "NaN", "NA", "none", "", "1e3", "inf", "deep"];
  const rows = names.flatMap((name, k) => [1, 2, 4, 8, 16].map((n) => `${name},${n * 1e6},${3 + k + 9 / n}`));
  const file = path.join(home, "missing.csv");
  writeFileSync(file, `scheme,tokens,loss\n${rows.join("\n")}\n${rows.join("\n")}\n`);
  const { stdout } = await runCommand(["fit", file, "--by", "scheme", "--json"]);
  const { fits } = JSON.parse(stdout) as { fits: { group: { scheme: string }; points: number }[] };
  expect(fits.map(({ group }) => group.scheme).sort()).toEqual([...names].sort());
  expect(fits.map(({ points }) => points)).toEqual(names.map(() => 10));
});
