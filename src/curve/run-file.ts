// The contract between training and analysis: a run file, JSON lines, one header, points, one end line.
// No end line = unfinished, never fitted silently. Wall times live in a separate file, so that a run file is
// the same to the byte on every machine.

export const RUN_FILE_VERSION = 1;

export interface RunHeader {
  readonly kind: "header";
  readonly version: typeof RUN_FILE_VERSION;
  /** First 16 hex digits of the SHA-256 of the canonical configuration. */
  readonly id: string;
  readonly scheme: {
    /** Catalogue name: "rins-3". */
    readonly name: string;
    /** As in legends: "RINS r=3 (A^3 B)". */
    readonly label: string;
    readonly signature: string;
    readonly skipProbability: number | null;
    readonly adapters: boolean;
  };
  /** Everything that decides the run: shape, optimizer, schedule, horizons, tokenizer, corpus hash, seed, backend kind. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly parameters: { readonly total: number; readonly byGroup: Readonly<Record<string, number>> };
  readonly flopsPerToken: number;
  readonly costFactor: number;
  readonly corpus: { readonly hash: string; readonly tokenizerHash: string; readonly name: string };
  readonly seed: number;
  /** `device`: the GPU and its driver, of backends that train on one. */
  readonly provenance: { readonly rinsight: string; readonly backend: string; readonly device?: string };
}

/** What a model scores on what it was not trained on. */
export interface RunScores {
  /**
   * Validation cross-entropy, nats per token, at the scheme's full rounds; on the trunk of growing rounds at one. Of
   * pictures: the sigmoid loss, nats per pair, or the cross-entropy of classes, nats per picture, on held-out concepts.
   */
  readonly loss: number;
  /** Standard error of `loss` over validation windows, of pictures over concepts. */
  readonly lossStandardError: number;
  /**
   * Of runs on pictures: the share of held-out pictures whose own concept's captions, or class, come first; a mean over
   * concepts.
   */
  readonly accuracy?: number | undefined;
  /** 95%, concepts resampled. */
  readonly accuracyInterval?: readonly [low: number, high: number] | undefined;
  /** The same where the right one is among the first five. */
  readonly accuracyTop5?: number | undefined;
  /** Known concepts drawn by a hand that was left out of training, captions of the known concepts beside them. */
  readonly accuracyUnseenHand?: number | undefined;
}

export interface RunPoint extends RunScores {
  readonly kind: "point";
  readonly step: number;
  readonly tokens: number;
  /** Training FLOPs spent on these tokens. */
  readonly flops: number;
  /** Mean training loss since the last point. */
  readonly trainLoss: number;
  readonly learningRate: number;
  /** True at the end of a cool-down branch. */
  readonly decayed: boolean;
  /** Horizon of the branch for a decayed point; null on the trunk. */
  readonly horizonTokens: number | null;
  /** Validation scores of this checkpoint at other numbers of rounds; only on decayed points of recursive schemes. */
  readonly lossByRounds: readonly (RunScores & {
    readonly rounds: number;
    readonly inferenceFlopsPerToken: number;
  })[];
}

export interface RunEnd {
  readonly kind: "end";
  readonly status: "complete" | "diverged";
  readonly points: number;
  /** Where and why, for a diverged run. */
  readonly reason: string | null;
}

export type RunLine = RunHeader | RunPoint | RunEnd;
