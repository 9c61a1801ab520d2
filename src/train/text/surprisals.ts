// Surprisals of texts under a trained model: what the analysis of long-range structure reads. A document a line.
import path from "node:path";
import { writeAtomically } from "../../base/write.js";
import { fullRounds } from "../../scheme/applications.js";
import type { RunConfiguration } from "../configuration.js";
import type { Learner } from "../learner.js";
import type { Corpus } from "./corpus.js";
import { fileSource } from "./source.js";

/** Tokens of a document made of text that has no documents of its own. */
const SECTION = 8192;
/** Windows scored at once. */
const WINDOWS = 16;

/** A document's name and its tokens. */
type Section = readonly [document: string, tokens: Uint16Array];

/**
 * Writes {"document", "group", "surprisals"} lines of the texts, a group each, or of the run's own validation split for
 * null; whole or not at all. Texts shorter than a context are left out.
 */
export async function writeSurprisals(
  file: string,
  model: Learner,
  run: RunConfiguration,
  corpus: Corpus,
  texts: readonly string[] | null,
): Promise<void> {
  const rounds = fullRounds(run.scheme);
  const lines: string[] = [];
  const add = async (group: string, sections: AsyncIterable<Section>) => {
    for await (const [document, tokens] of sections) {
      const surprisals = await surprisalsOf(model, tokens, run, rounds);
      if (surprisals.length > 0) lines.push(`${JSON.stringify({ document, group, surprisals })}\n`);
    }
  };
  if (texts === null) await add(corpus.name, validationSections(corpus));
  else for (const text of texts) await add(path.basename(text), sectionsOf(text, corpus));
  writeAtomically(file, lines.join(""));
}

/** The validation split of the run's own corpus in sections of 8,192 tokens. */
async function* validationSections(corpus: Corpus): AsyncGenerator<Section, void, undefined> {
  for (let first = 0; first + SECTION <= corpus.tokens.validation; first += SECTION) {
    const tokens = new Uint16Array(SECTION);
    corpus.read("validation", first, tokens);
    yield [`validation ${first}`, tokens];
  }
}

/** A text or folder in the run's own tokens, its documents in sections of 8,192 tokens, the last of each whatever is left. */
async function* sectionsOf(location: string, corpus: Corpus): AsyncGenerator<Section, void, undefined> {
  let open = { name: "", at: 0, rest: new Uint16Array(0) };
  const name = () => `${open.name} ${open.at}`;
  for await (const { document, text } of fileSource(location).pieces()) {
    if (document !== open.name) {
      if (open.rest.length > 0) yield [name(), open.rest];
      open = { name: document, at: 0, rest: new Uint16Array(0) };
    }
    let tokens = Uint16Array.from([...open.rest, ...corpus.tokenizer.encode(text)]);
    for (; tokens.length >= SECTION; tokens = tokens.slice(SECTION)) {
      yield [name(), tokens.slice(0, SECTION)];
      open = { ...open, at: open.at + SECTION };
    }
    open = { ...open, rest: tokens };
  }
  if (open.rest.length > 0) yield [name(), open.rest];
}

/**
 * −log p(w_t | prefix) in nats of every token but the first. Windows of the context overlap by half, so that every token
 * after the first window has a prefix of half a context at least. Rounded to 1e-4 nats.
 */
export async function surprisalsOf(
  model: Learner,
  tokens: Uint16Array,
  { shape: { context } }: Pick<RunConfiguration, "shape">,
  rounds: number,
): Promise<readonly number[]> {
  const stride = Math.floor(context / 2);
  const targets = tokens.length - 1;
  if (targets < context) return [];
  // The last window ends at the last token: it overlaps the one before by more than half.
  const starts = Array.from({ length: Math.ceil((targets - context) / stride) + 1 }, (_, k) =>
    Math.min(k * stride, targets - context),
  );
  const found = new Float64Array(targets);
  for (let first = 0; first < starts.length; first += WINDOWS) {
    const some = starts.slice(first, first + WINDOWS);
    const part = (shift: number) => {
      const ids = new Int32Array(some.length * context);
      some.forEach((start, i) => {
        ids.set(tokens.subarray(start + shift, start + shift + context), i * context);
      });
      return ids;
    };
    const losses = await model.surprisals({ inputs: part(0), targets: part(1) }, rounds);
    some.forEach((start, i) => {
      // Of each window but the first, only what its half prefix leads to.
      for (let t = start === 0 ? 0 : context - stride; t < context; t++) {
        found[start + t] = losses[i * context + t] ?? Number.NaN;
      }
    });
  }
  return Array.from(found, (value) => Math.round(1e4 * value) / 1e4);
}
