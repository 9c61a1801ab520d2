// A corpus on disk that is not what was written: never trained on. Each damage is laid in a cache of its own.
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { type Corpus, openCorpus } from "../../../src/train/text/corpus.js";
import { tokenReader, tokenWriter } from "../../../src/train/text/token-file.js";
import { temporaryFolder, writeTexts } from "../tiny.js";

const home = temporaryFolder();
const texts = writeTexts(home, 12);
const open = (cacheFolder: string, messages: string[] = []): Promise<Corpus> =>
  openCorpus({
    path: texts,
    tokenizer: "byte",
    vocabulary: 256,
    cacheFolder,
    onMessage: (message) => messages.push(message),
  });
const good = path.join(home, "good");
let whole: Uint16Array;
let hash = "";

const trainTokens = (corpus: Corpus): Uint16Array => {
  const tokens = new Uint16Array(corpus.tokens.train);
  corpus.read("train", 0, tokens);
  return tokens;
};
beforeAll(async () => {
  const corpus = await open(good);
  whole = trainTokens(corpus);
  hash = corpus.hash;
  corpus.close();
});
afterAll(() => rmSync(home, { recursive: true }));

const named = (cache: string, end: string): string => {
  const folder = path.join(cache, "corpus");
  return path.join(folder, readdirSync(folder).find((name) => name.endsWith(end)) ?? "none");
};
const flip = (file: string, at: number) => {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
};

test.each([
  ["a flipped bit in the training tokens", (cache) => flip(named(cache, ".train.bin"), 12_345)],
  ["a flipped bit in the validation tokens", (cache) => flip(named(cache, ".validation.bin"), 77)],
  ["a flipped bit in the checksums", (cache) => flip(named(cache, ".train.bin"), 2 * whole.length + 1)],
  ["tokens cut off", (cache) => truncateSync(named(cache, ".train.bin"), 8192)],
  ["an emptied description", (cache) => writeFileSync(named(cache, ".json"), "{}")],
  ["a description of nothing", (cache) => writeFileSync(named(cache, ".json"), "")],
  [
    "a description that says something else",
    (cache) => {
      const file = named(cache, ".json");
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace(
          /("train":\d*?)(\d)(?=[,}])/,
          (_, head, digit) => head + ((Number(digit) + 1) % 10),
        ),
      );
    },
  ],
] satisfies [string, (cache: string) => void][])("%s is said, and prepared again", async (name, damage) => {
  const cache = path.join(home, name);
  cpSync(good, cache, { recursive: true });
  damage(cache);
  const messages: string[] = [];
  const corpus = await open(cache, messages);
  expect(messages.join()).toMatch(/preparing corpus texts again: .* damaged \(checksum\)/);
  expect(corpus.hash).toBe(hash);
  expect(trainTokens(corpus)).toEqual(whole);
  corpus.close();
});

test("an intact cache is taken as it is, without a word", async () => {
  const messages: string[] = [];
  const corpus = await open(good, messages);
  expect(messages).toEqual([]);
  corpus.close();
});

test("tokens that change under a run that is at it are one line, not trained on", async () => {
  const cache = path.join(home, "later");
  cpSync(good, cache, { recursive: true });
  const corpus = await open(cache);
  flip(named(cache, ".train.bin"), 20_000);
  corpus.read("train", 0, new Uint16Array(100));
  expect(() => corpus.read("train", 10_010, new Uint16Array(100))).toThrow(
    /train\.bin must match its checksums, got other bytes near token 10010; check the disk and start again/,
  );
  corpus.close();
});

test("any window of a file of many blocks is read as it was written, however the writes were cut", () => {
  const folder = path.join(home, "blocks");
  mkdirSync(folder);
  const draw = random("blocks");
  const tokens = Uint16Array.from({ length: 20_001 }, () => draw.integer(65_536));
  const writer = tokenWriter(folder, "t.bin");
  for (let at = 0; at < tokens.length; ) {
    const length = 1 + draw.integer(6000);
    writer.write(tokens.subarray(at, at + length));
    at += length;
  }
  expect(writer.tokens()).toBe(tokens.length);
  const checksum = writer.finish();
  writer.close();
  const reader = tokenReader(folder, "t.bin", tokens.length, checksum);
  expect(reader.isIntact()).toBe(true);
  for (let i = 0; i < 200; i++) {
    const start = draw.integer(tokens.length);
    const into = new Uint16Array(Math.min(1 + draw.integer(9000), tokens.length - start));
    reader.read(start, into);
    expect(into).toEqual(tokens.subarray(start, start + into.length));
  }
  reader.close();
  appendFileSync(path.join(folder, "t.bin"), "x");
  expect(() => tokenReader(folder, "t.bin", tokens.length, "another").read(0, new Uint16Array(1))).toThrow(/checksums/);
});
