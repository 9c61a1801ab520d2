// Byte-level byte-pair encoding (Sennrich et al. 2016; bytes as in GPT-2), trained over a dictionary of word counts,
// and the tokenizer of plain bytes. Every rule is stated on bytes and integers, so one text gives one vocabulary.
import { canonicalJson, sha256 } from "../../base/json.js";

export interface Tokenizer {
  readonly kind: "bpe" | "byte";
  /** Ids lie below this. */
  readonly vocabulary: number;
  /** Hash of the kind and the merges. */
  readonly hash: string;
  readonly merges: readonly Merge[];
  encode(text: string): Uint16Array;
  decode(ids: Iterable<number>): string;
}

/** Two ids that become one; the k-th merge makes id 256 + k. */
export type Merge = readonly [left: number, right: number];

// Whitespace leads its word, as in GPT-2. All that is not ASCII counts as a letter: the tables of Unicode change from
// one Node version to the next, and a token must not.
const WORD = / ?[A-Za-z\u0080-\uffff]+| ?[0-9]+| ?[^\sA-Za-z0-9\u0080-\uffff]+|[ \t\n]+|[\0-\x20]/g;

/** How often each word occurs in `text`, added to `counts`. */
export function countWords(text: string, counts: Map<string, number>): void {
  for (const word of text.match(WORD) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
}

export const BYTES = 256;
const pairKey = (left: number, right: number): number => left * 65_536 + right;

/**
 * The merges of a vocabulary: at each turn the most frequent adjacent pair, ties to the smaller left id and then the
 * smaller right id. Fewer than vocabulary − 256 where no pair occurs twice.
 */
export function trainMerges(counts: ReadonlyMap<string, number>, vocabulary: number): Merge[] {
  const words = [...counts].map(([word, count]) => ({ ids: [...Buffer.from(word)], count }));
  const pairs = new Map<number, { count: number; readonly words: Set<number> }>();
  const add = (key: number, count: number, word: number) => {
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, { count, words: new Set([word]) });
    else {
      pair.count += count;
      pair.words.add(word);
    }
  };
  const each = (ids: readonly number[], visit: (key: number) => void) => {
    for (let i = 1; i < ids.length; i++) visit(pairKey(ids[i - 1] ?? 0, ids[i] ?? 0));
  };
  words.forEach(({ ids, count }, word) => {
    each(ids, (key) => add(key, count, word));
  });

  const merges: Merge[] = [];
  for (let id = BYTES; id < vocabulary; id++) {
    let best = -1;
    let bestCount = 1;
    for (const [key, { count }] of pairs) {
      if (count > bestCount || (count === bestCount && count > 1 && key < best)) [best, bestCount] = [key, count];
    }
    if (best < 0) break;
    const merge: Merge = [Math.floor(best / 65_536), best % 65_536];
    merges.push(merge);
    for (const word of pairs.get(best)?.words ?? []) {
      const entry = words[word];
      if (entry === undefined) continue;
      const { ids, count } = entry;
      const merged = mergePair(ids, merge, id);
      if (merged.length === ids.length) continue;
      each(ids, (key) => add(key, -count, word));
      each(merged, (key) => add(key, count, word));
      entry.ids = merged;
    }
    pairs.delete(best);
  }
  return merges;
}

function mergePair(ids: readonly number[], [left, right]: Merge, id: number): number[] {
  const merged: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      merged.push(id);
      i++;
    } else merged.push(ids[i] ?? 0);
  }
  return merged;
}

// Words seen so far keep their ids; the bound keeps a huge corpus from filling the memory.
const REMEMBERED_WORDS = 500_000;

/** The tokenizer of some merges; no merges at all is the tokenizer of plain bytes. */
export function tokenizer(kind: "bpe" | "byte", merges: readonly Merge[]): Tokenizer {
  const ranks = new Map(merges.map(([left, right], k) => [pairKey(left, right), BYTES + k]));
  const spelling: number[][] = Array.from({ length: BYTES }, (_, byte) => [byte]);
  for (const [left, right] of merges) spelling.push([...(spelling[left] ?? []), ...(spelling[right] ?? [])]);

  const encodeWord = (word: string): number[] => {
    let ids = [...Buffer.from(word)];
    for (;;) {
      let first = Number.POSITIVE_INFINITY;
      for (let i = 1; i < ids.length; i++) {
        first = Math.min(first, ranks.get(pairKey(ids[i - 1] ?? 0, ids[i] ?? 0)) ?? Number.POSITIVE_INFINITY);
      }
      const merge = merges[first - BYTES];
      if (merge === undefined) return ids;
      ids = mergePair(ids, merge, first);
    }
  };
  const remembered = new Map<string, number[]>();
  const encodeBpe = (text: string): Uint16Array => {
    const all = new Uint16Array(Buffer.byteLength(text));
    let length = 0;
    for (const word of text.match(WORD) ?? []) {
      let ids = remembered.get(word);
      if (ids === undefined) {
        ids = encodeWord(word);
        if (remembered.size >= REMEMBERED_WORDS) remembered.clear();
        remembered.set(word, ids);
      }
      for (const id of ids) all[length++] = id;
    }
    return all.subarray(0, length);
  };
  return {
    kind,
    vocabulary: BYTES + merges.length,
    hash: sha256(canonicalJson({ kind, merges })).slice(0, 16),
    merges,
    encode: kind === "byte" ? (text) => Uint16Array.from(Buffer.from(text)) : encodeBpe,
    decode: (ids) => Buffer.from([...ids].flatMap((id) => spelling[id] ?? [])).toString("utf8"),
  };
}
