// Kills a real training process with SIGKILL at 20 seeded instants, some between steps and some inside a system call
// (half a line of the run file, half a checkpoint, between two renames), and compares bytes with an undisturbed run.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { sha256 } from "../../src/base/json.js";
import { random } from "../../src/base/random.js";
import { horizonsOf, type RunConfiguration, runId } from "../../src/train/configuration.js";
import { runFileOf, trainRun } from "../../src/train/trainer.js";
import { temporaryFolder, tinyCorpus, tinyRun } from "./tiny.js";

const compiled = path.resolve(import.meta.dirname, "../../dist/train/trainer.js");
const KILLS = 20;
/** Where a process kills itself: in which call, and at most how many calls after its start. */
const CALLS = [
  ["writeSync", 9],
  ["line", 1],
  ["renameSync", 9],
  ["fsyncSync", 9],
  ["line", 2],
  ["ftruncateSync", 1],
  ["linkSync", 1],
] as const;

/** One process, and its exit code, null when killed: it dies of itself in a system call (`killAt`), or is killed some milliseconds after some steps. */
function live(
  args: readonly string[],
  death: { killAt: string } | { steps: number; milliseconds: number } | null,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "train-process.js"), ...args], {
      env: { ...process.env, KILL_AT: death !== null && "killAt" in death ? death.killAt : "none 0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let steps = 0;
    let trouble = "";
    child.stderr.on("data", (data: Buffer) => {
      trouble += data.toString();
    });
    child.stdout.on("data", async (data: Buffer) => {
      steps += data.length;
      if (death !== null && "steps" in death && steps > death.steps) {
        await sleep(death.milliseconds);
        child.kill("SIGKILL");
      }
    });
    child.on("error", reject);
    child.on("close", (exit, signal) =>
      exit === 0 || signal === "SIGKILL" ? resolve(exit) : reject(new Error(trouble)),
    );
  });
}

test.skipIf(!existsSync(compiled))(
  "a run killed at 20 instants ends in the bytes of an undisturbed one (needs npm run build)",
  async () => {
    const folder = temporaryFolder();
    const corpus = await tinyCorpus(folder);
    const base = tinyRun(corpus, "stochastic-rins-3");
    const horizons = horizonsOf(base.scheme, base.shape, base.batch, { unit: "tokens", values: [640, 1280, 2560] });
    const run: RunConfiguration = { ...base, horizons };
    const whole = await trainRun(run, { runsFolder: path.join(folder, "whole"), corpus });

    const killed = path.join(folder, "killed");
    writeFileSync(path.join(folder, "run.json"), JSON.stringify(run));
    const args = [killed, path.join(folder, "run.json"), path.join(folder, "texts"), path.join(folder, "cache")];
    const stream = random("kills");
    const file = runFileOf(killed, runId(run));
    const seen = { torn: 0, temporary: 0 };
    for (let kill = 0; kill < KILLS; kill++) {
      const [call, most] = CALLS[((kill - 1) / 2) % CALLS.length] ?? CALLS[0];
      const death =
        kill % 2 === 0
          ? { steps: stream.integer(5), milliseconds: stream.integer(20) }
          : { killAt: `${call} ${1 + stream.integer(most)}` };
      const exit = await live(args, death);
      expect(exit, `kill ${kill}: ${JSON.stringify(death)}`).toBeNull();
      seen.torn += Number(existsSync(file) && !readFileSync(file, "utf8").endsWith("\n"));
      seen.temporary += Number(readdirSync(path.join(killed, ".work")).some((name) => name.endsWith(".tmp")));
    }
    expect(seen.temporary, "kills in the middle of a checkpoint write").toBeGreaterThan(2);
    expect(seen.torn, "kills in the middle of a line").toBeGreaterThan(1);
    expect(await live(args, null)).toBe(0);
    expect(sha256(readFileSync(file))).toBe(sha256(readFileSync(whole.file)));
    const left = readdirSync(path.join(killed, ".work")).filter((name) => !name.includes(".lock."));
    expect(left).toEqual([`${runId(run)}.times.jsonl`]);
    corpus.close();
  },
  300_000,
);
