// A loss in its unit as nats per token: bits times ln 2, the logarithm of a perplexity, bits per byte times the bytes
// of a token. Where the bytes of a token are not known, bits per byte stay bits per byte.
import { UNIT_WORDS, type Unit } from "./names.js";

export interface Conversion {
  /** Nats per token, or bits per byte where nothing says how many bytes a token has. */
  readonly unit: "nats" | "bpb";
  readonly loss: (value: number) => number;
  /** The standard error of a loss, by the delta method. */
  readonly standardError: (error: number, value: number) => number;
  /** What was done, for people; null where the loss is in nats already. */
  readonly note: string | null;
}

/** @param bytesPerToken mean bytes a token of the tokenizer, > 0; null where it is not known. */
export function toNats(unit: Unit, bytesPerToken: number | null): Conversion {
  if (unit === "ppl") {
    return {
      unit: "nats",
      loss: Math.log,
      standardError: (error, value) => error / value,
      note: "took the logarithm of perplexity: nats per token",
    };
  }
  const factor = unit === "nats" ? 1 : unit === "bits" ? Math.LN2 : Math.LN2 * (bytesPerToken ?? Number.NaN);
  if (Number.isNaN(factor)) {
    return { unit: "bpb", loss: Number, standardError: Number, note: `kept ${UNIT_WORDS.bpb}` };
  }
  const bytes = unit === "bpb" ? ` × ${bytesPerToken} bytes a token` : "";
  return {
    unit: "nats",
    loss: (value) => value * factor,
    standardError: (error) => error * factor,
    note: unit === "nats" ? null : `took ${UNIT_WORDS[unit]} × ln 2${bytes}: nats per token`,
  };
}
