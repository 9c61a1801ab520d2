// rinsight train as people see it: what it refuses, what it says of a run, what stays on standard output.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../hostile/run-command.js";
import { temporaryFolder, writeTexts } from "./tiny.js";

test.each([
  ["--width -1", `train --width: must be 0 or more, got "-1"; raise it`],
  ["--width wide", 'train --width: must be a number, got "wide"; write it like 64, 400k, .5 or 1e-3'],
  ["--lr 0", `train --lr: must be above 0, got "0"; raise it`],
  ["--horizons 0", `train --horizons: must be above 0, got "0"; raise it`],
  ["--batch 0", "configuration batch: must be more than 0, got 0; give another --batch"],
  ["--batch 1e30", "configuration batch: must be at most 65536, got 1e+30; give another --batch"],
  ["--warmup 1.5", "configuration schedule.warmupSteps: must be a whole number, got 1.5; give another --warmup"],
  ["--cooldown 1.5", "configuration schedule.cooldownFraction: must be less than 1, got 1.5; give another --cooldown"],
  ["--lr 1e30", "configuration schedule.learningRate: must be at most 10, got 1e+30; give another --lr"],
  [
    "--validation-windows 0",
    "configuration validation.windows: must be at least 2, got 0; give another --validation-windows",
  ],
  [
    "--flops 1e40",
    /^configuration horizons\.0\.tokens: must be at most 9007199254740991, .*; give another --horizons or --flops$/,
  ],
  ["--tokenizer byte --vocab 5000", "train: --vocab must be 256 with --tokenizer byte, got 5000; leave it out"],
])("%s is refused by the name of its flag", async (flags, message) => {
  const { exit, stderr } = await runCommand(["train", ...flags.split(" "), "--backend", "wasm"]);
  expect(exit).toBe(2);
  if (typeof message === "string") expect(stderr).toBe(`${message}\n`);
  else expect(stderr.trimEnd()).toMatch(message);
});

const cli = path.resolve(import.meta.dirname, "../../dist/cli.js");

test.skipIf(!existsSync(cli))("losses and doubts are said, a finished run too (needs npm run build)", () => {
  const folder = temporaryFolder();
  writeTexts(folder, 12);
  const model = "--width 8 --layers 2 --heads 2 --context 16 --batch 8 --validation-windows 4 --tokenizer byte";
  const train = (...flags: string[]) => {
    const argv = [
      "train",
      "--corpus",
      "texts",
      ...model.split(" "),
      "--horizons",
      "16k,32k",
      "--warmup",
      "2",
      ...flags,
    ];
    return spawnSync(process.execPath, [cli, ...argv, "--backend", "wasm", "--out", "runs"], {
      cwd: folder,
      encoding: "utf8",
    });
  };
  const first = train();
  expect(first.stdout).toMatch(/^runs\/[0-9a-f]{16}\.jsonl\n$/);
  expect(first.stderr).toMatch(/warning repeats-corpus: the longest run sees 32\.0k tokens, the corpus has \d/);
  expect(first.stderr).toMatch(/16\.0k tokens: validation loss \d\.\d{4}\n32\.0k tokens: validation loss \d\.\d{4}\n$/);
  const again = train("--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ status: "complete" });
  expect(again.stderr).toMatch(/^run [0-9a-f]{16} was already complete; nothing trained$/m);
  expect(again.stderr).toContain("32.0k tokens: validation loss");
});
