// Folders are the architecture: reads every import line of src/ and names the one that goes up a layer.
import { readdirSync, readFileSync } from "node:fs";
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
  report: ["base", "scheme", "curve", "law", "fit", "compare"],
  train: ["base", "scheme", "curve"],
  sweep: ["base", "scheme", "curve", "train"],
  reproduce: ["base", "scheme", "curve", "law", "fit", "compare", "report", "train", "sweep"],
  command: ["base", "scheme", "curve", "law", "fit", "compare", "report", "train", "sweep", "reproduce"],
};
/** Tensor libraries are for train/ alone, vega and resvg for report/ alone, danfojs for curve/ alone. */
const PACKAGE_HOME: Readonly<Record<string, string>> = {
  "@tensorflow/": "train",
  vega: "report",
  "@resvg/": "report",
  danfojs: "curve",
};

const root = path.resolve(import.meta.dirname, "../src");

function violations(file: string, text: string): string[] {
  const folder = file.includes("/") ? (file.split("/")[0] ?? "") : "";
  const found: string[] = [];
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
    const target = match[1] ?? "";
    if (target.startsWith(".")) {
      const resolved = path.posix.normalize(path.posix.join(path.posix.dirname(file), target));
      const layer = resolved.includes("/") ? (resolved.split("/")[0] ?? "") : "";
      if (folder === "" || layer === folder) continue;
      if (!MAY_IMPORT[folder]?.includes(layer)) found.push(`src/${file}: ${folder} must not import ${target}`);
    } else {
      for (const [name, home] of Object.entries(PACKAGE_HOME)) {
        if (target.startsWith(name) && folder !== home) found.push(`src/${file}: only ${home}/ may import ${target}`);
      }
    }
  }
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

test("an import that is turned round is named", () => {
  expect(violations("fit/solve.ts", 'import { trainer } from "../train/trainer.js";')).toHaveLength(1);
  expect(violations("base/errors.ts", 'import type { Law } from "../law/law.js";')).toHaveLength(1);
  expect(violations("law/power.ts", 'const tf = await import("@tensorflow/tfjs");')).toHaveLength(1);
  expect(violations("fit/solve.ts", 'import type { Law } from "../law/law.js";')).toEqual([]);
});
