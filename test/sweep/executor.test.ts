// A real sweep of tiny runs in worker processes: what is missing is done, the rest left alone, all can be stopped.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownIdentity } from "../../src/base/process-identity.js";
import { executeRuns, type SweepEvent } from "../../src/sweep/executor.js";
import { expandPlan, type PlannedRun } from "../../src/sweep/expand.js";
import { checkPlan } from "../../src/sweep/plan.js";
import { sweepProgress } from "../../src/sweep/progress.js";
import { missingRuns } from "../../src/sweep/run-queue.js";
import { openCorpus } from "../../src/train/text/corpus.js";
import { workFilesOf } from "../../src/train/work-files.js";
import { writeWords } from "./tiny-plan.js";

const home = mkdtempSync(path.join(tmpdir(), "rinsight-sweep-"));
const source = { path: path.join(home, "text"), tokenizer: "byte" as const, vocabulary: 256 };
let runs: readonly PlannedRun[] = [];

beforeAll(async () => {
  writeWords(source.path, 40);
  const corpus = await openCorpus(source);
  const plan = checkPlan(
    {
      name: "tiny",
      shape: { width: 16, layers: 2, heads: 2, context: 16, vocabulary: 256 },
      batch: 2,
      corpus: { path: source.path, tokenizer: "byte" },
      schemes: ["baseline", "rins-2"],
      flops: [4e7, 1e8],
      seeds: [1, 2],
      schedule: { warmupSteps: 3, timescale: 20 },
      validation: { windows: 4, pointsPerOctave: 1 },
    },
    "tiny.json",
  );
  const { name, hash, tokenizer, tokens } = corpus;
  runs = expandPlan(plan, { name, hash, tokenizerHash: tokenizer.hash, trainTokens: tokens.train });
  corpus.close();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith(".jsonl"))
      .map((file) => [file, readFileSync(path.join(folder, file), "utf8")]),
  );

describe("executeRuns", () => {
  const undisturbed = path.join(home, "two");
  test("two workers share the runs; a finished sweep leaves nothing to do", async () => {
    const events: SweepEvent[] = [];
    const onEvent = (event: SweepEvent) => events.push(event);
    const result = await executeRuns(runs, { folder: undisturbed, corpus: source, workers: 2, onEvent });
    expect(result.failed).toEqual([]);
    expect(result.complete).toHaveLength(4);
    expect(result.interrupted).toBe(false);
    expect(new Set(events.map(({ worker }) => worker))).toEqual(new Set([0, 1]));
    expect(Object.keys(contents(undisturbed)).sort()).toEqual(runs.map(({ name }) => `${name}.jsonl`).sort());
    expect(missingRuns(runs, undisturbed)).toEqual([]);
  });

  test("one worker, stopped, taken up again, with a run that fails beside it: the same bytes", async () => {
    const folder = path.join(home, "stopped");
    const stop = new AbortController();
    const onEvent = ({ kind }: SweepEvent) => kind === "progress" && stop.abort();
    const cut = await executeRuns(runs, { folder, corpus: source, workers: 1, signal: stop.signal, onEvent });
    expect(cut.interrupted).toBe(true);
    expect(missingRuns(runs, folder).length).toBeGreaterThan(0);

    const bad = runs[0];
    if (bad === undefined) throw new Error("no runs");
    const corpus = { ...bad.configuration.corpus, hash: "another" };
    const wrong = { ...bad, name: "wrong", configuration: { ...bad.configuration, corpus } };
    const rest = await executeRuns([wrong, ...runs], { folder, corpus: source, workers: 1 });
    expect(rest.failed.map(({ run }) => run.name)).toEqual(["wrong"]);
    expect(rest.failed[0]?.message).toMatch(/^train: corpus .* must have hash another[^\n]*$/);
    expect(contents(folder)).toEqual(contents(undisturbed));
  });
});

test("a run that another sweep finishes meanwhile is left alone; a folder that cannot be written is said once", async () => {
  const folder = path.join(home, "shared");
  const [first, second] = runs;
  if (first === undefined || second === undefined) throw new Error("no runs");
  const started: string[] = [];
  const onEvent = (event: SweepEvent) => {
    if (event.kind !== "started") return;
    started.push(event.run.name);
    for (const { name } of runs) {
      if (name !== event.run.name)
        copyFileSync(path.join(home, "two", `${name}.jsonl`), path.join(folder, `${name}.jsonl`));
    }
  };
  const result = await executeRuns([first, second], { folder, corpus: source, workers: 1, onEvent });
  expect(started).toHaveLength(1);
  expect(result.failed).toEqual([]);
  expect(contents(folder)).toEqual(contents(path.join(home, "two")));

  const taken = path.join(home, "taken");
  writeFileSync(taken, "a file");
  await expect(executeRuns(runs, { folder: taken, corpus: source, workers: 2 })).rejects.toThrow(
    /taken\/\.work must be writable, got a file in place of a folder/,
  );
});

test("two sweeps on one folder share its runs: nothing fails, both see all of them complete", async () => {
  const folder = path.join(home, "both");
  const [a, b] = await Promise.all([1, 2].map(() => executeRuns(runs, { folder, corpus: source, workers: 2 })));
  expect([a?.failed, a?.held, b?.failed, b?.held]).toEqual([[], [], [], []]);
  expect(missingRuns(runs, folder)).toEqual([]);
  expect(contents(folder)).toEqual(contents(path.join(home, "two")));
});

test("a run of a process that cannot be seen and shows no life is given up as held, and done when taken over", async () => {
  const folder = path.join(home, "held");
  const [first] = runs;
  if (first === undefined) throw new Error("no runs");
  const { lock } = workFilesOf(path.join(folder, `${first.id}.jsonl`));
  mkdirSync(path.dirname(lock), { recursive: true });
  writeFileSync(lock, JSON.stringify({ ...ownIdentity, namespace: "another" }));
  utimesSync(lock, 1, 1);
  const options = { folder, corpus: source, workers: 1 };
  const { held, failed } = await executeRuns([first], options);
  expect(failed).toEqual([]);
  expect(held.map(({ message }) => message).join()).toMatch(/not to be seen from here/);
  expect((await executeRuns([first], { ...options, takeOver: true })).complete).toEqual([first]);
});

describe("sweepProgress", () => {
  test("draws a line a worker on a terminal, plain lines when piped, with the time left from measured speed", () => {
    const [a, b] = [runs[0], runs[1]];
    if (a === undefined || b === undefined) throw new Error("no runs");
    const follow = (isTTY: boolean): string => {
      let written = "";
      let clock = 0;
      const output = { isTTY, columns: 120, write: (text: string) => (written += text) };
      const tell = sweepProgress([a, b], 1, output, () => clock);
      tell({ kind: "started", worker: 0, run: a });
      tell({ kind: "progress", worker: 0, run: a, tokens: 0, loss: 5 });
      clock = 40_000;
      tell({ kind: "progress", worker: 0, run: a, tokens: a.tokens / 2, loss: 4 });
      clock = 80_000;
      tell({ kind: "progress", worker: 0, run: a, tokens: a.tokens, loss: 3 });
      tell({ kind: "ended", worker: 0, run: a, outcome: { status: "complete" } });
      return written;
    };
    const plain = follow(false);
    expect(plain).toContain("loss 4.0000; 0 of 2 runs ended, 2 min 0 s left");
    expect(plain).toContain(`${a.name} complete; 1 of 2 runs ended, 1 min 20 s left`);
    expect(plain).not.toContain("\u001b");
    expect(follow(true)).toContain("worker 1: baseline (A B) seed 1");
    expect(follow(true)).toContain("\u001b[2F");
  });

  test("a sweep that was stopped has no time left to tell", () => {
    const [a] = runs;
    if (a === undefined) throw new Error("no runs");
    let written = "";
    const tell = sweepProgress([a], 1, { write: (text: string) => (written += text) }, () => 30_000);
    tell({ kind: "started", worker: 0, run: a });
    tell({ kind: "progress", worker: 0, run: a, tokens: a.tokens / 2, loss: 4 });
    tell({ kind: "ended", worker: 0, run: a, outcome: { status: "interrupted" } });
    expect(written).toBe(`${a.name} interrupted; 0 of 1 runs ended, stopped\n`);
  });
});
