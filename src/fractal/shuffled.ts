// The control: every document beside itself with its surprisals in random order, which keeps their distribution and
// takes away every dependence, so that H and S become .5.
import { random } from "../base/random.js";
import type { Surprisals } from "./record.js";

export const SHUFFLED = " (shuffled)";

/**
 * Each document, then its control in the group "<group> (shuffled)". Fisher–Yates, a stream of its own per document.
 *
 * @example
 * import { writeFileSync } from "node:fs";
 * import { readSurprisals, withControls } from "rinsight";
 *
 * writeFileSync("surprisals.jsonl", '{"document": "a", "group": "novels", "surprisals": [2.1, 0.4]}');
 * const read = readSurprisals(["surprisals.jsonl"], { document: "document", surprisal: "surprisal", group: null });
 * const groups: string[] = [];
 * for await (const { group } of withControls(read, 1)) groups.push(group);
 * console.log(groups.join(", ")); // novels, novels (shuffled)
 */
export async function* withControls(
  documents: AsyncIterable<Surprisals>,
  seed: number,
): AsyncGenerator<Surprisals, void, undefined> {
  const root = random(seed).split("shuffled");
  for await (const document of documents) {
    yield document;
    const stream = root.split(document.group).split(document.document);
    const values = Float64Array.from(document.values);
    for (let i = values.length - 1; i > 0; i--) {
      const j = stream.integer(i + 1);
      const kept = values[i] ?? Number.NaN;
      values[i] = values[j] ?? Number.NaN;
      values[j] = kept;
    }
    yield { ...document, group: document.group + SHUFFLED, values: Array.from(values) };
  }
}
