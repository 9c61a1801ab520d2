// The manual's commands: what a page shows is what the command printed, and one that fails stops the build.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { executed } from "../scripts/manual.js";

const folder = mkdtempSync(path.join(tmpdir(), "rinsight-manual-"));
cpSync(path.resolve(import.meta.dirname, "../notebooks/curves.csv"), path.join(folder, "curves.csv"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a command is followed by what it printed", () => {
  const page = executed("Fit:\n\n```sh run\nrinsight fit curves.csv --by scheme\n```\n\nDone.", folder);
  expect(page).toMatch(/^Fit:\n\n```sh\nrinsight fit curves.csv --by scheme\n```\n\n```text\nscheme +points +limit/);
  expect(page).toMatch(/\nrins-3 +18 +2\.\d+ \[.*converged\n[\s\S]*```\n\nDone\.$/);
});

test("a block with a file's name is put into the folder, where the next command finds it", () => {
  const table = "scheme,tokens,loss\na,1e6,3.1\na,2e6,2.9\na,4e6,2.75\na,8e6,2.65\na,16e6,2.58\n";
  const page = executed(`\`\`\`csv own.csv\n${table}\`\`\`\n\n\`\`\`sh run\nrinsight fit own.csv\n\`\`\``, folder);
  expect(page).toContain(`\`\`\`csv [own.csv]\n${table}\`\`\``);
  expect(page).toMatch(/```text\n.*points/);
});

test("a command that fails, or is not ours, stops the build", () => {
  expect(() => executed("```sh run\nrinsight fit nothing.csv\n```", folder)).toThrow();
  expect(() => executed("```sh run\nrm -rf x\n```", folder)).toThrow(/must begin with rinsight/);
});
