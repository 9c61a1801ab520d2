import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type Corpus, openCorpus, type Split, validationDocuments } from "../../../src/train/text/corpus.js";
import { clean, proseSource } from "../../../src/train/text/source.js";
import { temporaryFolder, tinyCorpus, writeTexts } from "../tiny.js";

function allTokens(corpus: Corpus, split: Split): Uint16Array {
  const tokens = new Uint16Array(corpus.tokens[split]);
  corpus.read(split, 0, tokens);
  return tokens;
}
const bytes = (location: string, folder: string) =>
  openCorpus({ path: location, tokenizer: "byte", vocabulary: 256, cacheFolder: path.join(folder, "cache") });

test("no document of the default corpus is on both sides, and at least 200,000 tokens are held out", async () => {
  const sizes = new Map<string, number>();
  let total = 0;
  for await (const { document, text } of proseSource().pieces()) {
    sizes.set(document, (sizes.get(document) ?? 0) + text.length);
    total += text.length;
  }
  const held = validationDocuments(sizes);
  const heldBytes = [...held].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  expect(sizes.size).toBe(17 + 233);
  expect(total).toBeGreaterThan(17e6);
  // A 1,024-token vocabulary takes 2.8 bytes a token, a 4,096 one 3.7.
  expect(heldBytes / 3.7).toBeGreaterThan(200_000);
  expect(heldBytes / total).toBeLessThan(0.15);
  expect([...held].every((name) => sizes.has(name))).toBe(true);
});

test("the split hangs on names, not on the order of documents", () => {
  const sizes = new Map(Array.from({ length: 50 }, (_, i) => [`document ${i}`, 1000 + i]));
  expect([...validationDocuments(new Map([...sizes].reverse()))].sort()).toEqual(
    [...validationDocuments(sizes)].sort(),
  );
});

test("tokens on disk are the text, whole, in order, each document on one side", async () => {
  const folder = temporaryFolder();
  const corpus = await tinyCorpus(folder);
  const train = corpus.tokenizer.decode(allTokens(corpus, "train"));
  const validation = corpus.tokenizer.decode(allTokens(corpus, "validation"));
  expect(corpus.tokens.train + corpus.tokens.validation).toBe(train.length + validation.length);
  // Every sentence is drawn at random, so a document is known by its first line.
  const { readFileSync } = await import("node:fs");
  let held = 0;
  for (let d = 0; d < 12; d++) {
    const text = clean(readFileSync(path.join(folder, "texts", `document-${d}.txt`), "utf8"));
    expect(Number(train.includes(text)) + Number(validation.includes(text))).toBe(1);
    held += Number(validation.includes(text));
  }
  expect(held).toBeGreaterThan(0);
  const window = new Uint16Array(10);
  corpus.read("train", 123, window);
  expect([...window]).toEqual([...allTokens(corpus, "train").subarray(123, 133)]);
  corpus.close();
});

test("a prepared corpus is taken from the cache, and made anew when the text changes", async () => {
  const folder = temporaryFolder();
  const texts = writeTexts(folder, 5);
  const first = await bytes(texts, folder);
  const messages: string[] = [];
  const request = { path: texts, tokenizer: "byte", vocabulary: 256, cacheFolder: path.join(folder, "cache") } as const;
  const second = await openCorpus({ ...request, onMessage: (message) => messages.push(message) });
  expect(messages).toEqual([]);
  expect(second.hash).toBe(first.hash);
  writeFileSync(path.join(texts, "document-0.txt"), "Something else altogether.\n");
  const third = await bytes(texts, folder);
  expect(third.hash).not.toBe(first.hash);
  for (const corpus of [first, second, third]) corpus.close();
});

test("text, gzip of it and JSON lines of it are the same documents", async () => {
  const folder = temporaryFolder();
  const stories = Array.from(
    { length: 20 },
    (_, i) => `Story ${i} begins.\r\nIt goes on.  \nAnd ends ${"x".repeat(i)}.`,
  );
  const lines = stories.map((text) => JSON.stringify({ text, id: 1 })).join("\n");
  writeFileSync(path.join(folder, "stories.jsonl"), lines);
  mkdirSync(path.join(folder, "packed"));
  writeFileSync(path.join(folder, "packed", "stories.jsonl.gz"), gzipSync(lines));
  const plain = await bytes(path.join(folder, "stories.jsonl"), folder);
  const packed = await bytes(path.join(folder, "packed", "stories.jsonl.gz"), folder);
  expect(plain.tokens.train + plain.tokens.validation).toBe(packed.tokens.train + packed.tokens.validation);
  expect(plain.tokenizer.decode(allTokens(plain, "train"))).toContain("begins.\nIt goes on.\nAnd ends");
  plain.close();
  packed.close();
});

test("one large file is read in pieces and split by section", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "large.txt");
  const line = (i: number) => `Line ${i} of a text that does not fit into one piece of reading — élan.`;
  const text = `${Array.from({ length: 20_000 }, (_, i) => line(i)).join("\n")}\n`;
  writeFileSync(file, text);
  const corpus = await bytes(file, folder);
  const seen = new Set(
    (["train", "validation"] as const).flatMap((split) =>
      corpus.tokenizer.decode(allTokens(corpus, split)).split("\n"),
    ),
  );
  expect(seen.size - 1).toBe(20_000);
  expect(corpus.tokens.train + corpus.tokens.validation).toBe(Buffer.byteLength(text));
  corpus.close();
});

test("a line longer than a piece keeps its characters whole", async () => {
  const folder = temporaryFolder();
  // An odd start puts every second cut between the two halves of a character.
  writeFileSync(path.join(folder, "emoji.txt"), `a${"😀".repeat(400_000)}`);
  const corpus = await bytes(path.join(folder, "emoji.txt"), folder);
  const text = (["train", "validation"] as const).map((split) => corpus.tokenizer.decode(allTokens(corpus, split)));
  expect(text.join("")).not.toContain("\ufffd");
  expect(corpus.tokens.train + corpus.tokens.validation).toBe(1_600_001);
  corpus.close();
});

test.each([
  ["no such path", "/nowhere/at/all", /must be a readable file or folder/],
  [
    "a line that is not an object with text",
    "bad.jsonl",
    /bad\.jsonl line 2: must be a JSON object with a "text" string/,
  ],
  ["a truncated gzip", "cut.txt.gz", /cut\.txt\.gz must be readable/],
  ["too little text", "short.txt", /at least two documents/],
])("%s is one clear line", async (_case, name, message) => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "bad.jsonl"), '{"text":"a"}\n[1]\n');
  writeFileSync(path.join(folder, "cut.txt.gz"), gzipSync("some text ".repeat(1000)).subarray(0, 40));
  writeFileSync(path.join(folder, "short.txt"), "short");
  await expect(bytes(path.resolve(folder, name), folder)).rejects.toThrow(message);
});
