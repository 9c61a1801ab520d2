// What a recursion scheme is: which blocks apply in which order, how rounds are drawn, what is added between them.
import type { Signature } from "./signature.js";

export type Rounds =
  /** Every step applies the signature as written. */
  | { readonly kind: "fixed" }
  /** Rounds of the repeated block per step = 1 + Binomial(R − 1, 1 − skipProbability). */
  | { readonly kind: "stochastic"; readonly skipProbability: number }
  /**
   * Latent recurrence (Huginn, arXiv 2502.05171): rounds = 1 + a Poisson-like draw, with this mean, the power of the
   * core in the signature; prelude injected, random state.
   */
  | { readonly kind: "latent"; readonly meanRounds: number }
  /**
   * Rounds that grow during training: one on the trunk, all of the signature's in the last `share` of the steps to a
   * horizon, which is the cool-down. After "one round for 70% of the steps, then two" of arXiv 2609.19107.
   */
  | { readonly kind: "growing"; readonly share: number };

export interface Scheme {
  /** Catalogue name: "rins-3". */
  readonly name: string;
  /** As in legends, name and signature together: "RINS r=3 (A^3 B)". */
  readonly label: string;
  readonly signature: Signature;
  /** Relative sizes of the blocks A, B, …; all 1 by default. */
  readonly blockSizes: readonly number[];
  readonly rounds: Rounds;
  /** One E×E zero-initialised residual map per number of rounds after the repeated block. Placement and init are our choice. */
  readonly adapters: boolean;
  /**
   * Before each round of the repeated step (of the first step where nothing is repeated) h ← RMSNorm(h) + a, where a is
   * the stream that came into that step; one trained gain of width E. Absent where there is none, so that runs without
   * it keep their names.
   */
  readonly reinjection?: true | undefined;
  /** Of image–text towers, the one that is recursive; absent where all are. */
  readonly tower?: TowerName | undefined;
}

export const TOWERS = ["image", "text"] as const;
export type TowerName = (typeof TOWERS)[number];

/** One application of a block in the forward pass. */
export type Application =
  | { readonly kind: "block"; readonly block: number }
  /** h ← h + h·W_rounds, after the repeated block. */
  | { readonly kind: "adapter"; readonly rounds: number }
  /** Latent recurrence: remember the prelude's output and start from a random state … */
  | { readonly kind: "latent-start" }
  /** … and add the remembered output before each round of the core. */
  | { readonly kind: "latent-inject" }
  /** Re-injection: remember the stream … */
  | { readonly kind: "remember" }
  /** … and h ← RMSNorm(h) + the remembered stream before each round. */
  | { readonly kind: "reinject" };
