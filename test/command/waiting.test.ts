// On a terminal a command that computes long shows that it lives; elsewhere nothing of it is written.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";

const home = mkdtempSync(path.join(tmpdir(), "rinsight-waiting-"));
afterAll(() => rmSync(home, { recursive: true }));
const ROOT = path.resolve(import.meta.dirname, "../..");
const file = path.join(home, "t.csv");
const rows = Array.from({ length: 16 }, (_, s) =>
  [1, 2, 4, 8, 16, 32, 64].map(
    (n) => `s${s},${n * 1e6},${2 + s / 50 + 60 * (n * 1e6) ** -0.3 + 0.001 * Math.sin(n * s)}`,
  ),
);
writeFileSync(file, `scheme,tokens,loss\n${rows.flat().join("\n")}\n`);
const line = `"${process.execPath}" --import tsx src/cli.ts compare "${file}"`;
const hasScript = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;

test.skipIf(!hasScript)("a comparison of 16 schemes counts its seconds on a terminal and takes the line away", () => {
  const seen = spawnSync("script", ["-qec", line, "/dev/null"], { cwd: ROOT, encoding: "utf8", timeout: 150_000 });
  expect(seen.status).toBe(0);
  const seconds = [...seen.stdout.matchAll(/\rrinsight compare: (\d+) s /g)].map(([, n]) => Number(n));
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(1);
  expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
  // What a terminal shows: a line begins anew where it is erased. No line of the result stands behind the clock.
  const lines = seen.stdout.split(/\r?\n/).map((text) => text.split("\r\u001b[2K").at(-1) ?? "");
  expect(lines.filter((text) => text.includes("rinsight compare:"))).toEqual([]);
  expect(lines.some((text) => text.startsWith("scheme  points"))).toBe(true);
});

test("through a pipe there is no clock", () => {
  const { stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: ROOT, encoding: "utf8", timeout: 150_000 });
  expect(stdout).toMatch(/^scheme {2}points/);
  expect(stderr).not.toContain("rinsight compare:");
});
