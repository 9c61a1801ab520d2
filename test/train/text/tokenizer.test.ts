import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { countWords, type Merge, tokenizer, trainMerges } from "../../../src/train/text/tokenizer.js";

/** The definition, slowly: recount every pair of every word at every turn. */
function bruteForce(counts: ReadonlyMap<string, number>, vocabulary: number): Merge[] {
  let words = [...counts].map(([word, count]) => ({ ids: [...Buffer.from(word)], count }));
  const merges: Merge[] = [];
  for (let id = 256; id < vocabulary; id++) {
    const pairs = new Map<string, number>();
    for (const { ids, count } of words) {
      for (let i = 1; i < ids.length; i++) {
        const key = `${ids[i - 1]},${ids[i]}`;
        pairs.set(key, (pairs.get(key) ?? 0) + count);
      }
    }
    const ranked = [...pairs]
      .map(([key, count]) => ({ pair: key.split(",").map(Number), count }))
      .sort((a, b) => b.count - a.count || (a.pair[0] ?? 0) - (b.pair[0] ?? 0) || (a.pair[1] ?? 0) - (b.pair[1] ?? 0));
    const best = ranked[0];
    if (best === undefined || best.count < 2) break;
    const [left = 0, right = 0] = best.pair;
    merges.push([left, right]);
    words = words.map(({ ids, count }) => {
      const merged: number[] = [];
      for (const next of ids) {
        // A pair that has just been made is not made again from its own half.
        if (merged.at(-1) === left && next === right) merged.splice(-1, 1, id);
        else merged.push(next);
      }
      return { ids: merged, count };
    });
  }
  return merges;
}

const stream = random("tokenizer");
const sample = Array.from({ length: 400 }, () =>
  Array.from({ length: 1 + stream.integer(7) }, () => "abcdeé"[stream.integer(6)]).join(""),
).join(" ");

test("merges are those of a trainer that recounts everything", () => {
  const counts = new Map<string, number>();
  countWords(sample, counts);
  const merges = trainMerges(counts, 330);
  expect(merges).toEqual(bruteForce(counts, 330));
  expect(merges.length).toBeGreaterThan(60);
});

test("the order in which words were met does not matter", () => {
  const counts = new Map<string, number>();
  countWords(sample, counts);
  expect(trainMerges(new Map([...counts].reverse()), 300)).toEqual(trainMerges(counts, 300));
});

test("any text comes back from its tokens", () => {
  const counts = new Map<string, number>();
  countWords(sample, counts);
  for (const tokens of [tokenizer("bpe", trainMerges(counts, 300)), tokenizer("byte", [])]) {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const ids = tokens.encode(text);
        expect(ids.every((id) => id < tokens.vocabulary)).toBe(true);
        expect(tokens.decode(ids)).toBe(text);
      }),
      { seed: 3, numRuns: 300 },
    );
  }
});
