// The notebooks run from clean, in a folder laid out as a user's, and keep to their limits.
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execute, missingJupyter, NOTEBOOKS, type Notebook, notebookFiles, workspace } from "../scripts/notebooks.js";

const MOST_CELLS = 12;
const missing = missingJupyter();
// In CI Jupyter must be there: the tests then run, and fail with nbconvert's words.
const skip = missing !== null && process.env.CI !== "true";
const names = notebookFiles();
const saved = (name: string): Notebook => JSON.parse(readFileSync(path.join(NOTEBOOKS, name), "utf8"));

let open: ReturnType<typeof workspace>;
beforeAll(() => {
  open = workspace();
});
afterAll(() => open.remove());

test("they stand in order", () => {
  expect(names.map((name) => name.slice(0, 2))).toEqual(["01", "02", "03", "04", "05", "06", "07", "08"]);
});

test.each(names)("%s has under a dozen cells, no analysis logic, and its outputs saved", (name) => {
  const { cells } = saved(name);
  expect(cells.length).toBeLessThan(MOST_CELLS);
  for (const cell of cells.filter((one) => one.cell_type === "code")) {
    const source = cell.source.join("");
    expect(source, "logic belongs into the library").not.toMatch(/\b(function|class|while|Math\.(log|exp|pow|sqrt))\b/);
    expect(source).not.toMatch(/from "\.\.?\//);
    expect(cell.outputs?.some((output) => output.output_type === "error")).toBe(false);
  }
  const outputs = cells.flatMap((cell) => cell.outputs ?? []);
  expect(outputs.length, "npm run notebooks saves them").toBeGreaterThan(0);
  for (const { data = {} } of outputs) {
    if ("application/vnd.vegalite.v5+json" in data) expect(Object.keys(data)).toContain("image/svg+xml");
  }
});

test.skipIf(skip).each(names)(
  `%s runs from clean${skip ? ` (skipped: ${missing})` : ""}`,
  (name) => {
    const { cells } = execute(open.folder, name);
    const silent = cells.filter((cell) => cell.cell_type === "code" && cell.outputs?.length === 0);
    expect(silent.map((cell) => cell.source.join(""))).toEqual([]);
  },
  180_000,
);
