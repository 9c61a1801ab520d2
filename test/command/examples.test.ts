// The example at the end of each command's --help runs as it stands, in a folder that holds what a clone holds.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CommandModule } from "../../src/command/command.js";

const root = path.resolve(import.meta.dirname, "../..");
const clone = mkdtempSync(path.join(tmpdir(), "rinsight-examples-"));
afterAll(() => rmSync(clone, { recursive: true }));
for (const name of ["data", "notebooks"]) symlinkSync(path.join(root, name), path.join(clone, name));
mkdirSync(path.join(clone, "reports"));
const published = "reports/2026-11-24_reference";
cpSync(path.join(root, published), path.join(clone, published), { recursive: true });

/** Those that neither train nor change the machine. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  allocate: () => import("../../src/command/allocate.js"),
  bundle: () => import("../../src/command/bundle.js"),
  compare: () => import("../../src/command/compare.js"),
  design: () => import("../../src/command/design.js"),
  doctor: () => import("../../src/command/doctor.js"),
  fit: () => import("../../src/command/fit.js"),
  forecast: () => import("../../src/command/forecast.js"),
  import: () => import("../../src/command/import.js"),
  report: () => import("../../src/command/report.js"),
  schemes: () => import("../../src/command/schemes.js"),
  verify: () => import("../../src/command/verify.js"),
};

async function example(name: string): Promise<readonly string[]> {
  const command = (await COMMANDS[name]?.())?.command();
  let text = "";
  command?.configureOutput({ writeOut: (chunk) => (text += chunk) }).outputHelp();
  const line = /Example:\n {2}rinsight (.*)/.exec(text)?.[1] ?? "";
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

test.for(Object.keys(COMMANDS))("the example of %s runs", { timeout: 240_000 }, async (name) => {
  const argv = await example(name);
  expect(argv[0]).toBe(name);
  const tsx = path.join(root, "node_modules/tsx/dist/loader.mjs");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", `file://${tsx}`, path.join(root, "src/cli.ts"), ...argv],
    { cwd: clone, encoding: "utf8" },
  );
  expect(status, `${stdout}${stderr}`).toBe(0);
});
