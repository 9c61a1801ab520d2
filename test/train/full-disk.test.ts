// A disk that takes no more: one line names the file, nothing half-made is left behind, and the run started again
// with space ends in the bytes of an undisturbed one. A limit on the size of files (ulimit -f) stands for the full disk.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder, writeTexts } from "./tiny.js";

const cli = path.resolve(import.meta.dirname, "../../dist/cli.js");
const MODEL = ["--width", "32", "--layers", "2", "--heads", "2", "--context", "32", "--vocab", "256", "--batch", "4"];
const LENGTH = ["--horizons", "1280,2560", "--warmup", "2", "--validation-windows", "4"];

/** Trains in `folder` with files of at most `kilobytes`; null for no limit. */
function train(folder: string, out: string, kilobytes: number | null) {
  const texts = path.join(folder, "texts");
  const args = ["train", "--corpus", texts, "--tokenizer", "byte", "--backend", "wasm", ...MODEL, ...LENGTH];
  const limit = kilobytes === null ? "" : `ulimit -f ${2 * kilobytes};`; // POSIX counts in blocks of 512 bytes
  return spawnSync("sh", ["-c", `${limit} exec "$0" "$@"`, process.execPath, cli, ...args, "--out", out], {
    cwd: folder,
    encoding: "utf8",
  });
}

const onlyRun = (out: string): string => {
  const [name, ...more] = readdirSync(out).filter((name) => name.endsWith(".jsonl"));
  if (name === undefined || more.length > 0) throw new Error(`${out} must hold one run`);
  return readFileSync(path.join(out, name), "utf8");
};

test.skipIf(!existsSync(cli))("the corpus and a checkpoint name themselves (needs npm run build)", () => {
  const folder = temporaryFolder();
  writeTexts(folder, 12);
  const out = path.join(folder, "runs");

  const corpus = train(folder, out, 1);
  expect(corpus.status).toBe(2);
  expect(corpus.stderr).toMatch(/write: \.cache\/corpus\/\S+\.train\.bin must be writable, got .*; free space or /);
  expect(readdirSync(path.join(folder, ".cache/corpus"))).toEqual([]);

  const whole = path.join(folder, "whole");
  expect(train(folder, whole, null).status).toBe(0);

  const checkpoint = train(folder, out, 16);
  expect(checkpoint.status).toBe(2);
  expect(checkpoint.stderr).toMatch(/write: \S+\.checkpoint\.next must be writable, got .*; free space or /);
  expect(checkpoint.stderr).not.toContain("    at ");

  expect(train(folder, out, null).status).toBe(0);
  expect(onlyRun(out)).toBe(onlyRun(whole));
});
