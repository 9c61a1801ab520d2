// A training process for kill.test.ts: trains on the compiled product, prints a dot a step, and may kill itself with
// SIGKILL inside a system call: KILL_AT="writeSync 17" dies in the 17th write, half of its bytes on the disk.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [runsFolder, runFile, textsFolder, cacheFolder] = process.argv.slice(2);
const { trainRun } = await import("../../dist/train/trainer.js");
const { openCorpus } = await import("../../dist/train/text/corpus.js");
const run = JSON.parse(fs.readFileSync(runFile, "utf8"));
const corpus = await openCorpus({ path: textsFolder, tokenizer: "byte", vocabulary: 256, cacheFolder });

// "line" counts the writes of run-file lines alone: checkpoints are far larger.
const LARGEST_LINE = 8192;
const [what, times] = (process.env.KILL_AT ?? "none 0").split(" ");
const call = what === "line" ? "writeSync" : what;
if (call in fs) {
  const original = fs[call];
  let left = Number(times);
  fs[call] = (...args) => {
    if (what !== "line" || args[1].length < LARGEST_LINE) left--;
    if (left === 0) {
      if (call === "writeSync") {
        const [handle, bytes, offset = 0, length = bytes.length - offset, position = null] = args;
        original(handle, bytes, offset, Math.floor(length / 2), position);
      }
      process.kill(process.pid, "SIGKILL");
    }
    return original(...args);
  };
  syncBuiltinESMExports();
}

// A checkpoint after every step, so that kills fall into many of them; two threads, against the one of the whole run.
const result = await trainRun(run, {
  runsFolder,
  corpus,
  checkpointSeconds: 0,
  threads: () => 2,
  onProgress: () => fs.writeFileSync(1, "."),
});
process.exitCode = result.status === "complete" ? 0 : 1;
