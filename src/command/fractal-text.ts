// rinsight fractal --text: the exponent of loss in data that arXiv 2602.07488 derives from a corpus, γ/(2β), by group.
import path from "node:path";
import { decimal } from "../base/format.js";
import { correlationDecay, type Decay, entropyDecay } from "../fractal/predictability.js";
import type { Surprisals } from "../fractal/record.js";
import { intervalText } from "../report/interval-text.js";
import { fileSource } from "../train/text/source.js";

/** Separations of the fit of β, bytes, and the least context of that of γ, tokens. */
const SEPARATIONS = { from: 4, to: 256 };
const LEAST_CONTEXT = 4;

export interface Predicted {
  readonly group: string;
  readonly correlation: Decay;
  readonly entropy: Decay;
  /** γ/(2β); null where one of them is. */
  readonly dataExponent: number | null;
}

/** Passes documents on and keeps the first `context` surprisals of each. */
export async function* keeping(
  documents: AsyncIterable<Surprisals>,
  context: number,
  into: Surprisals[],
): AsyncGenerator<Surprisals, void, undefined> {
  for await (const document of documents) {
    into.push({ ...document, values: document.values.slice(0, context) });
    yield document;
  }
}

/** One a text: the group of surprisals of its name gives γ, its bytes β. */
export async function predicted(
  texts: readonly string[],
  starts: readonly Surprisals[],
  { context, level }: { readonly context: number; readonly level: number },
): Promise<readonly Predicted[]> {
  const found: Predicted[] = [];
  for (const text of texts) {
    const group = path.basename(text);
    const pieces = new Map<string, string[]>();
    for await (const { document, text: piece } of fileSource(text).pieces()) {
      pieces.set(document, [...(pieces.get(document) ?? []), piece]);
    }
    const correlation = correlationDecay(
      [...pieces.values()].map((parts) => Buffer.from(parts.join(""), "utf8")),
      { ...SEPARATIONS, level },
    );
    const entropy = entropyDecay(
      starts.filter((document) => document.group === group),
      { from: LEAST_CONTEXT, context, level },
    );
    const [beta, gamma] = [correlation.exponent, entropy.exponent];
    const dataExponent = beta === null || gamma === null ? null : gamma / (2 * beta);
    found.push({ group, correlation, entropy, dataExponent });
  }
  return found;
}

export const predictedText = (list: readonly Predicted[]): string =>
  list
    .map(
      ({ group, correlation, entropy, dataExponent }) =>
        `${group}: γ ${shown(entropy)}, β ${shown(correlation)} over ${reach(correlation)}, γ/(2β) ${decimal(dataExponent, 3)}\n`,
    )
    .join("");

/** The separations at which the correlation stands out. */
function reach({ points }: Decay): string {
  const lost = points.findIndex(({ value }) => value === null);
  const seen = lost < 0 ? points : points.slice(0, lost);
  return seen.length === 0 ? "no separation" : `${seen[0]?.at} to ${seen.at(-1)?.at} bytes`;
}

const shown = ({ exponent, interval }: Decay): string =>
  `${decimal(exponent, 3)}${interval === null ? "" : ` ${intervalText(interval)}`}`;
