// Every case of the hostile corpus ends in one line (where: rule, got value; what to do), the right exit code, no stack,
// no output, no file altered. The lines are kept in the snapshot beside this file, so a change of any is seen.
import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sha256 } from "../../src/base/json.js";
import { CASES, type Case, layOut } from "./cases.js";
import { runCommand } from "./run-command.js";

const scratch = mkdtempSync(path.join(tmpdir(), "rinsight-hostile-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const MILLISECONDS = 20_000;

function contents(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return sha256(
    names
      .map((name) => {
        const file = path.join(folder, name);
        return `${name} ${lstatSync(file).isFile() ? sha256(readFileSync(file)) : ""}`;
      })
      .join("\n"),
  );
}

const folderOf = (one: Case): string => path.join(scratch, String(CASES.indexOf(one)));

test("the corpus has at least 80 cases, each with a name of its own", () => {
  expect(CASES.length).toBeGreaterThanOrEqual(80);
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
});

describe("one line, an exit code, nothing altered", () => {
  test.each(CASES)("$name", { timeout: MILLISECONDS }, async (one) => {
    const folder = folderOf(one);
    const argv = layOut(one, folder);
    const before = contents(folder);
    const { exit, stdout, stderr, bug } = await runCommand(argv);
    const message = stderr.replaceAll(`${folder}/`, "").replaceAll(folder, "").trimEnd();
    expect(bug).toBeNull();
    expect(stdout).toBe("");
    expect([1, 2]).toContain(exit);
    const error = message.split("\n").at(-1) ?? "";
    expect(error).not.toMatch(/^\s+at /);
    expect(error.length).toBeLessThan(700);
    expect(contents(folder)).toBe(before);
    expect(`exit ${exit}: ${error}`).toMatchSnapshot();
  });
});

describe("the real command line says the same", () => {
  const root = path.resolve(import.meta.dirname, "../..");
  test.each(CASES.filter((_, i) => i % 23 === 3))("$name", async (one) => {
    const folder = `${folderOf(one)}-cli`;
    const argv = layOut(one, folder);
    const inside = await runCommand(argv);
    let outside = { status: 0, stderr: "" };
    try {
      execFileSync(process.execPath, ["--import", "tsx", path.join(root, "src/cli.ts"), ...argv], { stdio: "pipe" });
    } catch (error) {
      if (!(error instanceof Error && "status" in error && "stderr" in error)) throw error;
      outside = { status: Number(error.status), stderr: String(error.stderr) };
    }
    expect(outside).toEqual({ status: inside.exit, stderr: inside.stderr });
  });
});

test.skipIf(process.platform !== "linux")("a full standard output is one line", () => {
  const cli = path.resolve(import.meta.dirname, "../../src/cli.ts");
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", `"${process.execPath}" --import tsx "${cli}" schemes > /dev/full`],
    {
      encoding: "utf8",
    },
  );
  expect([status, stderr]).toEqual([
    1,
    "rinsight: standard output must be writable, got a full disk; write to another place\n",
  ]);
});
