// A process killed while it writes leaves the old content or the new, never half of one.
import { execFileSync, spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { writeAtomically } from "../../src/base/write.js";

test("kill -9 at ten seeded instants", async () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "rinsight-write-"));
  const file = path.join(scratch, "out.json");
  const module = path.resolve(import.meta.dirname, "../../src/base/write.ts");
  const script = path.join(scratch, "writer.mts");
  writeFileSync(
    script,
    `import { writeAtomically } from ${JSON.stringify(module)};
     for (let i = 0; ; i++) { writeAtomically(${JSON.stringify(file)}, String(i % 10).repeat(2_000_000)); if (i === 1) process.stdout.write("ready"); }`,
  );
  const draw = random("kills");
  for (let kill = 0; kill < 10; kill++) {
    const child = spawn(process.execPath, ["--import", "tsx", script], {
      cwd: path.resolve(import.meta.dirname, "../.."),
    });
    await new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      child.once("exit", reject);
    });
    await wait(draw.uniform() * 40);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    const content = readFileSync(file, "utf8");
    expect(content.length).toBe(2_000_000);
    expect(content).toBe((content[0] ?? "").repeat(2_000_000));
  }
  rmSync(scratch, { recursive: true });
});

test("a link is written through, and a pipe is written to: neither is replaced by a file", async () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "rinsight-write-"));
  const [real, link, pipe] = ["real", "link", "pipe"].map((name) => path.join(scratch, name));
  if (real === undefined || link === undefined || pipe === undefined) throw new Error("three");
  writeFileSync(real, "old");
  symlinkSync("real", link);
  writeAtomically(link, "new");
  expect([readFileSync(real, "utf8"), lstatSync(link).isSymbolicLink()]).toEqual(["new", true]);
  execFileSync("mkfifo", [pipe]);
  const reader = spawn("cat", [pipe]);
  let read = "";
  reader.stdout.on("data", (chunk) => (read += chunk));
  const ended = new Promise((resolve) => reader.once("close", resolve));
  writeAtomically(pipe, "through");
  await ended;
  expect([read, lstatSync(pipe).isFIFO()]).toEqual(["through", true]);
  rmSync(scratch, { recursive: true });
});
