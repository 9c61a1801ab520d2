// npm run notebooks: executes every notebook from clean and saves it with its outputs. Needs a built dist/, and Jupyter's
// nbconvert (Debian: jupyter-nbconvert jupyter-client python3-nbclient python3-nbformat jupyter-core). About 10 s each.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(import.meta.dirname, "..");
export const NOTEBOOKS = path.join(root, "notebooks");
const CHART = "application/vnd.vegalite.v5+json";

export interface Output {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}
export interface Cell {
  readonly cell_type: "markdown" | "code";
  readonly id: string;
  readonly source: readonly string[];
  readonly outputs?: readonly Output[];
  readonly [key: string]: unknown;
}
export interface Notebook {
  readonly cells: readonly Cell[];
  readonly [key: string]: unknown;
}

/** Why notebooks cannot be executed here, or null. */
export function missingJupyter(): string | null {
  const asked = spawnSync("jupyter-nbconvert", ["--version"], { encoding: "utf8" });
  return asked.status === 0 ? null : "jupyter-nbconvert is not installed (apt-get install jupyter-nbconvert)";
}

export const notebookFiles = (): readonly string[] =>
  readdirSync(NOTEBOOKS)
    .filter((name) => name.endsWith(".ipynb"))
    .sort();

/**
 * A folder laid out as a user's: notebooks/ with rinsight and danfojs-node installed, data/ beside it, and a kernel that
 * Jupyter finds without IPython. What notebooks write stays in it.
 */
export function workspace(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), "rinsight-notebooks-"));
  const kernel = path.join(folder, "jupyter/kernels/tslab");
  mkdirSync(kernel, { recursive: true });
  const tslab = path.join(root, "node_modules/tslab/bin/tslab");
  const spec = {
    argv: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"],
    display_name: "TypeScript",
    language: "typescript",
  };
  writeFileSync(path.join(kernel, "kernel.json"), JSON.stringify(spec));
  cpSync(NOTEBOOKS, path.join(folder, "notebooks"), { recursive: true });
  mkdirSync(path.join(folder, "node_modules"));
  symlinkSync(root, path.join(folder, "node_modules/rinsight"));
  symlinkSync(path.join(root, "node_modules/danfojs-node"), path.join(folder, "node_modules/danfojs-node"));
  symlinkSync(path.join(root, "data"), path.join(folder, "data"));
  // The prepared corpus, so that training need not cut it into tokens again.
  mkdirSync(path.join(root, ".cache"), { recursive: true });
  symlinkSync(path.join(root, ".cache"), path.join(folder, "notebooks/.cache"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Executes a notebook of a workspace and returns it with outputs. Throws with nbconvert's words when a cell throws. */
export function execute(folder: string, name: string): Notebook {
  const file = path.join(folder, "notebooks", name);
  const done = path.join(folder, "executed");
  execFileSync(
    "jupyter-nbconvert",
    ["--to", "notebook", "--execute", "--ExecutePreprocessor.kernel_name=tslab", "--output-dir", done, file],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, JUPYTER_PATH: path.join(folder, "jupyter"), NO_COLOR: "1" },
    },
  );
  const notebook: Notebook = JSON.parse(readFileSync(path.join(done, name), "utf8"));
  return { ...notebook, cells: notebook.cells.map(tidied) };
}

/** A cell without times, and a chart's two forms in one output: who can draw Vega-Lite does, others show the SVG. */
function tidied(cell: Cell): Cell {
  if (cell.outputs === undefined) return { ...cell, metadata: {} };
  const outputs: Output[] = [];
  for (const output of cell.outputs) {
    const last = outputs.at(-1);
    if (last?.data?.[CHART] !== undefined && output.data?.["image/svg+xml"] !== undefined) {
      outputs[outputs.length - 1] = { ...last, data: { ...last.data, ...output.data } };
    } else {
      outputs.push(output);
    }
  }
  return { ...cell, outputs, metadata: {} };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problem = missingJupyter();
  if (problem !== null) throw new Error(problem);
  const { folder, remove } = workspace();
  try {
    for (const name of notebookFiles()) {
      const start = performance.now();
      writeFileSync(path.join(NOTEBOOKS, name), `${JSON.stringify(execute(folder, name), null, 1)}\n`);
      process.stderr.write(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
    }
  } finally {
    remove();
  }
}
