// A named pipe that nobody writes to, where a file is looked for: one line at once, and no waiting.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const CURVES = path.join(ROOT, "notebooks/curves.csv");
const home = mkdtempSync(path.join(tmpdir(), "rinsight-pipes-"));
afterAll(() => rmSync(home, { recursive: true }));

const pipe = (...place: string[]): void => {
  const file = path.join(home, ...place);
  mkdirSync(path.dirname(file), { recursive: true });
  execFileSync("mkfifo", [file]);
};

function said(...argv: string[]): string {
  const { stderr, signal } = spawnSync(process.execPath, ["--import", TSX, path.join(ROOT, "src/cli.ts"), ...argv], {
    cwd: home,
    encoding: "utf8",
    timeout: 60_000,
  });
  return signal === null ? stderr : `waited: ${stderr}`;
}

const isPipe = (name: string): string => `${name}: must be a file, got a pipe; put the file in its place\n`;

test.skipIf(process.platform === "win32")("a pipe in the place of a file is said", { timeout: 300_000 }, () => {
  pipe("report", "manifest.json");
  expect(said("verify", "report")).toBe(isPipe("report/manifest.json"));
  expect(said("bundle", "report")).toBe(isPipe("report/manifest.json"));
  // A report over it: whether there is an old one must be known.
  expect(said("report", CURVES, "--bootstrap", "0", "--out", "report")).toContain("got a pipe");
  pipe("plan.json");
  expect(said("sweep", "plan.json")).toBe(isPipe("plan.json"));
  pipe("texts", "b.txt");
  writeFileSync(path.join(home, "texts/a.txt"), "text\n");
  expect(said("train", "--corpus", "texts")).toBe(isPipe("texts/b.txt"));
  expect(said("train", "--corpus", "texts/b.txt")).toBe(isPipe("texts/b.txt"));
});

test.skipIf(process.platform === "win32")("a pipe among the runs of a folder is none of them", () => {
  pipe("runs", "b.jsonl");
  const rows = [1, 2, 4, 8, 16, 32].map((tokens) => `${tokens * 1e6},${2 + 50 * (tokens * 1e6) ** -0.3}`);
  writeFileSync(path.join(home, "runs/a.csv"), ["tokens,loss", ...rows, ""].join("\n"));
  expect(said("fit", "runs")).toMatch(/^took tokens from column tokens/m);
});
