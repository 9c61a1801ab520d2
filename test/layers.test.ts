// Folders are the architecture: reads every import line of src/ and names the one that goes up a layer, or that closes a
// circle of files; and every path that CONTRIBUTING names is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/** What each folder may import from, itself apart. `fit` and `train` never meet. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  scheme: ["base"],
  curve: ["base"],
  law: ["base"],
  fit: ["base", "curve", "law"],
  compare: ["base", "curve", "law", "fit"],
  forecast: ["base", "scheme", "curve", "law", "fit"],
  report: ["base", "scheme", "curve", "law", "fit", "compare", "forecast", "fractal"],
  fractal: ["base", "curve"],
  train: ["base", "scheme", "curve"],
  sweep: ["base", "scheme", "curve", "train"],
  reproduce: ["base", "scheme", "curve", "law", "fit", "compare", "forecast", "report", "train", "sweep"],
  command: [
    "base",
    "scheme",
    "curve",
    "law",
    "fit",
    "compare",
    "forecast",
    "report",
    "train",
    "sweep",
    "reproduce",
    "fractal",
  ],
};
/** Tensor libraries are for train/ alone, vega for report/ alone, danfojs for curve/ alone; resvg draws for both halves. */
const PACKAGE_HOME: Readonly<Record<string, readonly string[]>> = {
  "@tensorflow/": ["train"],
  vega: ["report"],
  "@resvg/": ["report", "train"],
  danfojs: ["curve"],
};

const root = path.resolve(import.meta.dirname, "../src");

/** What a file imports, types included: packages by name, files by their path under src/. */
function imports(file: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => {
    const target = match[1] ?? "";
    return target.startsWith(".") ? `./${path.posix.join(path.posix.dirname(file), target)}` : target;
  });
}

function violations(file: string, text: string): string[] {
  const folder = file.includes("/") ? (file.split("/")[0] ?? "") : "";
  const found: string[] = [];
  for (const target of imports(file, text)) {
    if (target.startsWith(".")) {
      const resolved = path.posix.normalize(target);
      const layer = resolved.includes("/") ? (resolved.split("/")[0] ?? "") : "";
      if (folder === "" || layer === folder) continue;
      if (!MAY_IMPORT[folder]?.includes(layer)) found.push(`src/${file}: ${folder} must not import ${target}`);
    } else {
      for (const [name, home] of Object.entries(PACKAGE_HOME)) {
        if (target.startsWith(name) && !home.includes(folder)) {
          found.push(`src/${file}: only ${home.join("/ and ")}/ may import ${target}`);
        }
      }
    }
  }
  return found;
}

/** Circles of files, each named by one way round; the graph gives each file's imports. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): void => {
    const place = trail.indexOf(file);
    if (place >= 0) found.push([...trail.slice(place), file].join(" → "));
    if (place >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return found;
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

test("every folder of src/ is a known layer", () => {
  const folders = new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]));
  expect([...folders].filter((folder) => folder !== undefined && !(folder in MAY_IMPORT))).toEqual([]);
});

test("imports go one way, down the layers", () => {
  expect(files.length).toBeGreaterThan(5);
  const found = files
    .filter((file) => !file.includes("/assembly/"))
    .flatMap((file) => violations(file, readFileSync(path.join(root, file), "utf8")));
  expect(found).toEqual([]);
});

test("no file reaches itself through its imports, types included", () => {
  const graph = new Map(
    files.map((file) => {
      const text = readFileSync(path.join(root, file), "utf8");
      return [file, imports(file, text).map((target) => path.posix.normalize(target).replace(/\.js$/, ".ts"))];
    }),
  );
  expect(circles(graph)).toEqual([]);
});

test("a circle of files is named, and two ways to one file are none", () => {
  const graph = (edges: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(edges));
  expect(circles(graph({ a: ["b"], b: ["c"], c: ["b"] }))).toEqual(["b → c → b"]);
  expect(circles(graph({ a: ["a"] }))).toEqual(["a → a"]);
  expect(circles(graph({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] }))).toEqual([]);
});

test("every path that CONTRIBUTING names is there", () => {
  const text = readFileSync(path.join(root, "../CONTRIBUTING.md"), "utf8");
  const named = [...text.matchAll(/`((?:src|test|scripts|data|docs|reports)\/[^`]*)`/g)].map((match) => match[1] ?? "");
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !existsSync(path.join(root, "..", name)))).toEqual([]);
});

test("an import that is turned round is named", () => {
  expect(violations("fit/solve.ts", 'import { trainer } from "../train/trainer.js";')).toHaveLength(1);
  expect(violations("base/errors.ts", 'import type { Law } from "../law/law.js";')).toHaveLength(1);
  expect(violations("law/power.ts", 'const tf = await import("@tensorflow/tfjs");')).toHaveLength(1);
  expect(violations("fit/solve.ts", 'import type { Law } from "../law/law.js";')).toEqual([]);
});
