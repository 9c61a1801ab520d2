// Runs on pictures: to the bit again, after an interruption, on more threads; what they score, and what is refused.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { parseRun } from "../../../src/curve/read/read-run.js";
import { schemeByName } from "../../../src/scheme/catalogue.js";
import { runCost } from "../../../src/scheme/task-cost.js";
import { checkConfiguration, tokensPerStep } from "../../../src/train/configuration.js";
import type { Pictures } from "../../../src/train/image/pictures.js";
import { accuracyOf, rankIn } from "../../../src/train/towers/evaluate.js";
import type { PictureRun } from "../../../src/train/towers/learner.js";
import { trainRun } from "../../../src/train/trainer.js";
import { temporaryFolder } from "../tiny.js";
import { DIGITS, EMOJI, PAIRS, smallPictures, smallRun } from "./small.js";

const folder = temporaryFolder();
let pairs: Pictures;
beforeAll(async () => {
  const all = await smallPictures(PAIRS, folder);
  // Scored on fewer, so that scoring takes no longer than training.
  pairs = { ...all, heldOut: all.heldOut.slice(0, 80), unseenHand: all.unseenHand.slice(0, 50) };
}, 240_000);

const textOf = (file: string): string => readFileSync(file, "utf8");

describe("to the bit", () => {
  const augment = { shift: 0.1, zoom: 0.2, turn: 0.1, colour: 0.3 };
  const cases = [
    { scheme: schemeByName("rins-2", { tower: "text" }), task: PAIRS, name: "RINS in the text tower" },
    {
      scheme: schemeByName("rins-2", { skipProbability: 0.5, adapters: true }),
      task: { ...PAIRS, augment },
      name: "stochastic RINS with adapters on pictures changed anew",
    },
  ];
  test.each(cases)("$name", async ({ scheme, task }) => {
    const run = smallRun(pairs, task, scheme);
    expect(run.horizons.length).toBe(2); // so that a trunk waits while a branch is walked
    const whole = await trainRun(run, { runsFolder: temporaryFolder(), corpus: pairs });
    expect(whole.status).toBe("complete");
    const threaded = await trainRun(run, { runsFolder: temporaryFolder(), corpus: pairs, threads: () => 3 });
    expect(textOf(threaded.file)).toBe(textOf(whole.file));

    // Stopped after every few steps, on trunk and branch, and gone on with.
    const pieces = temporaryFolder();
    let sittings = 0;
    for (let status = "interrupted"; status === "interrupted"; sittings++) {
      const stop = new AbortController();
      let steps = 0;
      const onProgress = () => {
        if (++steps === 5) stop.abort();
      };
      ({ status } = await trainRun(run, { runsFolder: pieces, corpus: pairs, signal: stop.signal, onProgress }));
    }
    expect(sittings).toBeGreaterThan(2);
    expect(textOf(whole.file.replace(/^.*\//, `${pieces}/`))).toBe(textOf(whole.file));
  });
});

test("a run file has loss and accuracy at every number of rounds, and the FLOPs of the accounting", async () => {
  const run = smallRun(pairs, PAIRS, schemeByName("rins-2"));
  const { file } = await trainRun(run, { runsFolder: temporaryFolder(), corpus: pairs });
  const { header, points } = parseRun("run", textOf(file));
  const cost = runCost(run);
  expect(header.parameters.total).toBe(cost.parameters);
  expect(header.corpus.hash).toBe(pairs.hash);
  expect(tokensPerStep(run)).toBe(8 * 12); // 4 patches and 8 tokens
  for (const point of points) {
    expect(point.flops).toBeCloseTo(point.tokens * cost.flopsPerToken, 3);
    expect(point.accuracy).toBeGreaterThanOrEqual(point.accuracyInterval?.[0] ?? 1);
    expect(point.accuracy).toBeLessThanOrEqual(point.accuracyInterval?.[1] ?? 0);
    expect(point.accuracyTop5).toBeGreaterThanOrEqual(point.accuracy ?? 1);
    expect(point.accuracyUnseenHand !== undefined).toBe(point.decayed);
    if (!point.decayed) continue;
    expect(point.lossByRounds.map(({ rounds }) => rounds)).toEqual([1, 2, 3, 4]);
    expect(point.lossByRounds[1]).toMatchObject({ loss: point.loss, accuracy: point.accuracy });
  }
});

test("digits are learned, and emoji and pairs better than by guessing", async () => {
  const digits = await smallPictures(DIGITS, folder);
  const long = smallRun(digits, DIGITS, schemeByName("baseline"), {
    batch: 32,
    validation: { windows: 400, pointsPerOctave: 1 },
  });
  const steps = 200;
  const run = { ...long, horizons: [{ tokens: steps * tokensPerStep(long), flops: null }] };
  const { file } = await trainRun(run, { runsFolder: temporaryFolder(), corpus: digits });
  const last = parseRun("run", textOf(file)).points.at(-1);
  expect(last?.accuracyInterval?.[0]).toBeGreaterThan(0.5); // .1 by guessing
  expect(last?.accuracyUnseenHand).toBeUndefined();
  const emoji = await smallPictures(EMOJI, folder);
  const longer = async (short: PictureRun, corpus: Pictures) => {
    const trained = { ...short, horizons: [{ tokens: steps * tokensPerStep(short), flops: null }] };
    const result = await trainRun(trained, { runsFolder: temporaryFolder(), corpus });
    return parseRun("run", textOf(result.file)).points.at(-1);
  };
  const classes = smallRun(emoji, EMOJI, schemeByName("baseline"), { batch: 32 });
  expect((await longer(classes, emoji))?.loss).toBeLessThan(Math.log(59));
  // The same eight concepts again and again, guessed at one in eight: ln 8 + 7 ln(8/7) = 3.01 nats.
  const few = { ...pairs, training: pairs.training.slice(0, 8), more: [] };
  expect((await longer(smallRun(pairs, PAIRS), few))?.trainLoss).toBeLessThan(2);
}, 240_000);

test("ranks count what lies nearer; equals and NaN never help", () => {
  expect(rankIn([0.1, 0.9, 0.5], 1)).toBe(0);
  expect(rankIn([0.1, 0.9, 0.5], 0)).toBe(2);
  expect(rankIn([0.5, 0.5, 0.5], 2)).toBe(2);
  expect(rankIn([0.2, Number.NaN, 0.1], 1)).toBe(2);
  expect(rankIn([Number.NaN, 0.3, 0.1], 1)).toBe(1);
});

test("accuracy is a mean over concepts, its interval that of resampled concepts", () => {
  // Concept 0 right once of twice, concept 1 always, concept 2 never.
  const { accuracy, accuracyTop5 } = accuracyOf([0, 3, 0, 9], [0, 0, 1, 2]);
  expect(accuracy).toBe((0.5 + 1 + 0) / 3);
  expect(accuracyTop5).toBe((1 + 1 + 0) / 3);
  // 100 concepts of four pictures alike, half of them right: as wide as 100 coins, not 400.
  const stream = random("coins");
  const right = Array.from({ length: 100 }, () => stream.integer(2));
  const [low, high] = accuracyOf(
    right.flatMap((one) => Array<number>(4).fill(one)),
    right.flatMap((_, concept) => Array<number>(4).fill(concept)),
  ).accuracyInterval;
  expect(high - low).toBeGreaterThan(2 * 1.96 * 0.05 * 0.85);
  expect(high - low).toBeLessThan(2 * 1.96 * 0.05 * 1.15);
});

test.each([
  [{ validation: { windows: 4, pointsPerOctave: 1 } }, /held-out pictures in batches of 8, got 4/],
  [{ batch: 5000 }, /at most \d+ pictures/],
  [{ corpus: { name: "emoji", hash: "other", tokenizer: "bpe", tokenizerHash: "" } }, /must have hash other/],
] as const)("%o is refused in one line", async (change, message) => {
  const run = { ...smallRun(pairs, PAIRS), ...change };
  const horizons = [{ tokens: 8 * tokensPerStep(run), flops: null }];
  await expect(trainRun({ ...run, horizons }, { runsFolder: temporaryFolder(), corpus: pairs })).rejects.toThrow(
    message,
  );
});

test("a configuration that cannot be is refused with what to do", () => {
  const run = smallRun(pairs, PAIRS);
  const refused = (change: object) => () => checkConfiguration({ ...run, ...change });
  expect(refused({ backend: "webgpu" })).toThrow(/must be trained on tensorflow, wasm, cpu, got webgpu/);
  expect(refused({ task: { ...PAIRS, picture: { side: 8, patch: 3, channels: 3 } } })).toThrow(/patch must divide/);
  expect(refused({ scheme: schemeByName("latent-2") })).toThrow(/for language alone/);
  expect(refused({ task: undefined, scheme: schemeByName("rins-2", { tower: "text" }) })).toThrow(
    /for image-text alone/,
  );
  expect(() => schemeByName("baseline", { tower: "text" })).toThrow(/got nothing repeated/);
});
