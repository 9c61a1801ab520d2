// A command never writes its result over the data it was made from, by whatever name the file goes.
import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommand } from "../hostile/run-command.js";

const home = mkdtempSync(path.join(tmpdir(), "rinsight-apart-"));
afterAll(() => rmSync(home, { recursive: true }));
const CURVES = path.resolve(import.meta.dirname, "../../notebooks/curves.csv");
const at = (...names: string[]): string => path.join(home, ...names);

test.each([
  ["fit", "a.csv"],
  ["compare", "a.csv", "--bootstrap", "0"],
  ["import", "a.csv", "--run", "scheme,seed"],
])("%s", async (command, file = "", ...flags) => {
  cpSync(CURVES, at("a.csv"));
  for (const name of ["link.csv", "hard.csv"]) rmSync(at(name), { force: true });
  symlinkSync(at("a.csv"), at("link.csv"));
  linkSync(at("a.csv"), at("hard.csv"));
  for (const out of ["a.csv", "link.csv", "hard.csv"]) {
    const { exit, stderr } = await runCommand([command, at(file), ...flags, "--out", at(out)]);
    expect([exit, stderr]).toEqual([
      2,
      expect.stringMatching(/--out: must be another file than the data, got .*; name a new one\n$/),
    ]);
    expect(readFileSync(at("a.csv"), "utf8")).toBe(readFileSync(CURVES, "utf8"));
  }
  expect((await runCommand([command, at(file), ...flags, "--out", at("new.json")])).exit).toBe(0);
  // An older result is replaced.
  expect((await runCommand([command, at(file), ...flags, "--out", at("new.json")])).exit).toBe(0);
});

test("a file of the folder that was read", async () => {
  mkdirSync(at("runs"));
  cpSync(CURVES, at("runs/a.csv"));
  const made = ["import", CURVES, "--run", "scheme,seed", "--out", at("runs/b.jsonl")];
  expect((await runCommand(made)).exit).toBe(0);
  rmSync(at("runs/a.csv"));
  const { stderr } = await runCommand(["fit", at("runs"), "--out", at("runs/b.jsonl")]);
  expect(stderr).toMatch(/--out: must be another file than the data/);
});
