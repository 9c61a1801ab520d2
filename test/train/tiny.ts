// A corpus and a configuration small enough to train in a second.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { random } from "../../src/base/random.js";
import { schemeByName } from "../../src/scheme/catalogue.js";
import { DEFAULT_OPTIMIZER, horizonsOf, type RunConfiguration } from "../../src/train/configuration.js";
import { type Corpus, openCorpus } from "../../src/train/text/corpus.js";

export const temporaryFolder = (): string => mkdtempSync(path.join(tmpdir(), "rinsight-test-"));

/** Documents of made-up words: seeded, so the same text in every process. */
export function writeTexts(folder: string, documents: number): string {
  const stream = random("tiny corpus");
  const words = Array.from({ length: 60 }, () =>
    Array.from({ length: 2 + stream.integer(5) }, () => String.fromCharCode(97 + stream.integer(26))).join(""),
  );
  const texts = path.join(folder, "texts");
  mkdirSync(texts, { recursive: true });
  for (let d = 0; d < documents; d++) {
    const sentences = Array.from({ length: 40 }, () =>
      Array.from({ length: 8 }, () => words[Math.floor(words.length * stream.uniform() ** 2)] ?? "").join(" "),
    );
    writeFileSync(path.join(texts, `document-${d}.txt`), `${sentences.join(".\n")}.\n`);
  }
  return texts;
}

export const tinyCorpus = (folder: string): Promise<Corpus> =>
  openCorpus({
    path: writeTexts(folder, 12),
    tokenizer: "byte",
    vocabulary: 256,
    cacheFolder: path.join(folder, "cache"),
  });

export function tinyRun(corpus: Corpus, scheme: string, change: Partial<RunConfiguration> = {}): RunConfiguration {
  const shape = { width: 8, layers: 2, heads: 2, context: 16, vocabulary: 256 };
  const base = schemeByName(scheme);
  return {
    scheme: base,
    shape,
    batch: 2,
    corpus: { name: corpus.name, hash: corpus.hash, tokenizer: "byte", tokenizerHash: corpus.tokenizer.hash },
    horizons: horizonsOf(base, shape, 2, { unit: "tokens", values: [640, 960, 1600] }),
    schedule: { learningRate: 1e-2, warmupSteps: 4, timescale: 20, cooldownFraction: 0.25 },
    optimizer: DEFAULT_OPTIMIZER,
    validation: { windows: 4, pointsPerOctave: 2 },
    seed: 1,
    backend: "wasm",
    ...change,
  };
}
