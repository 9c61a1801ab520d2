// Recursion schemes by name, and any other by its signature.
import { InputError, nearestName, shown } from "../base/errors.js";
import { fullRounds, repeatedSteps } from "./applications.js";
import type { Rounds, Scheme, TowerName } from "./scheme.js";
import { looksLikeSignature, parseSignature, printSignature } from "./signature.js";

export interface CatalogueEntry {
  readonly name: string;
  /** What it is and where it comes from, one line. */
  readonly summary: string;
  readonly scheme: Scheme;
}

export interface SchemeOptions {
  /** Chance to drop each extra round in training, 0 ≤ p_s < 1: makes the rounds stochastic. */
  readonly skipProbability?: number | undefined;
  /** One E×E map per number of rounds after the repeated block. */
  readonly adapters?: boolean | undefined;
  /** Latent recurrence around the repeated block, its power being the mean of the rounds. */
  readonly latent?: boolean | undefined;
  /** Rounds that grow from one to all in this last share of the steps to a horizon, 0 < share < 1: the cool-down's. */
  readonly growing?: number | undefined;
  /** The stream before the repeated step is normed and added again before each of its rounds. */
  readonly reinjection?: boolean | undefined;
  /** Of image–text towers, the one that is recursive; all when left out. */
  readonly tower?: TowerName | undefined;
}

const entry = (name: string, title: string, signature: string, summary: string, options: SchemeOptions = {}) => {
  const parsed = parseSignature(signature);
  const label = `${title} (${printSignature(parsed)})`;
  return { name, summary, scheme: checked({ name, label, ...parsed, ...parts(options, signature) }) };
};

const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/**
 * Every named scheme. Blocks are equal parts of the stack unless the signature gives sizes.
 *
 * @example
 * import { CATALOGUE } from "rinsight";
 *
 * for (const { name, summary } of CATALOGUE) console.log(name, summary);
 */
export const CATALOGUE: readonly CatalogueEntry[] = [
  entry("baseline", "baseline", "A B", "the same parameters, no recursion"),
  ...upTo(2, 8).map((r) =>
    entry(`rins-${r}`, `RINS r=${r}`, `A^${r} B`, "early half repeated, late half once (arXiv 2502.07503)"),
  ),
  ...upTo(2, 4).map((r) =>
    entry(`rao-${r}`, `RAO r=${r}`, `(A B)^${r}`, "repeat all over (MobileLLM, arXiv 2402.14905)"),
  ),
  ...upTo(2, 4).map((r) => entry(`ab-${r}`, `late r=${r}`, `A B^${r}`, "late half repeated: the mirror of RINS")),
  entry(
    "immediate",
    "immediate",
    "A^2 B^2 C^2 D^2",
    "each quarter twice in place, layer-wise at 4 layers (MobileLLM-LS, arXiv 2402.14905)",
  ),
  entry("cycle", "cycle", "(A B C D)^2", "CYCLE of Takase & Kiyono (arXiv 2104.06022): the computation of rao-2"),
  entry(
    "cycle-reverse",
    "cycle-reverse",
    "A B C D D C B A",
    "CYCLE (REV) of Takase & Kiyono (arXiv 2104.06022): up and back down",
  ),
  ...upTo(2, 4).map((r) =>
    entry(
      `prelude-core-coda-${r}`,
      `prelude-core-coda r=${r}`,
      `A B:2^${r} C`,
      "middle half repeated between a first and a last quarter",
    ),
  ),
  ...upTo(2, 4).map((r) =>
    entry(
      `latent-${r}`,
      `latent r=${r}`,
      `A B:2^${r} C`,
      `latent recurrence: prelude injected each round, random state, ${r} rounds on average (arXiv 2502.05171)`,
      { latent: true },
    ),
  ),
  ...upTo(2, 4).map((R) =>
    entry(
      `stochastic-rins-${R}`,
      `stochastic RINS R=${R} p_s=.5`,
      `A^${R} B`,
      "extra rounds dropped with p_s = .5 in training, one linear adapter per number of rounds (arXiv 2502.07503)",
      { skipProbability: 0.5, adapters: true },
    ),
  ),
  ...upTo(1, 3).map((r) =>
    entry(
      `reinjected-${r}`,
      r === 1 ? "re-injected control" : `re-injected RINS r=${r}`,
      r === 1 ? "A B" : `A^${r} B`,
      r === 1
        ? "the baseline with the embedding normed and added before A: the control of re-injected schemes"
        : "RINS with the embedding normed and added before each round (after arXiv 2609.19107)",
      { reinjection: true },
    ),
  ),
  ...upTo(2, 3).map((r) =>
    entry(
      `growing-rins-${r}`,
      `growing RINS r=${r}`,
      `A^${r} B`,
      "one round on the trunk, all in the last fifth of the steps, which is the cool-down (after arXiv 2609.19107)",
      { growing: 0.2 },
    ),
  ),
];

/**
 * The scheme that a catalogue name or a signature means, with options on top: schemeByName("A^3 B", {adapters: true}).
 * A signature that the catalogue has under a name gets that name.
 * Throws InputError: unknown name (the nearest is suggested), malformed signature, options that do not fit.
 *
 * @example
 * import { schemeByName } from "rinsight";
 *
 * console.log(schemeByName("rins-3").label); // RINS r=3 (A^3 B)
 * console.log(schemeByName("A^3 B").name); // rins-3
 */
export function schemeByName(nameOrSignature: string, options: SchemeOptions = {}): Scheme {
  const text = nameOrSignature.trim();
  const named = CATALOGUE.find((candidate) => candidate.name === text.toLowerCase());
  if (named !== undefined && Object.values(options).every((option) => option === undefined)) return named.scheme;
  if (named === undefined && !looksLikeSignature(text)) throw unknown(text);

  const sized = named?.scheme ?? parseSignature(text);
  const printed = printSignature(sized);
  const scheme = { ...parts({ ...(named === undefined ? {} : optionsOf(named.scheme)), ...defined(options) }, text) };
  const same = CATALOGUE.find(
    (candidate) => printSignature(candidate.scheme) === printed && sameParts(candidate.scheme, scheme),
  );
  if (same !== undefined) return same.scheme;
  const name = [printed, ...suffixes(scheme)].join(" ");
  return checked({ name, label: name, signature: sized.signature, blockSizes: sized.blockSizes, ...scheme });
}

type Parts = Pick<Scheme, "rounds" | "adapters" | "reinjection" | "tower">;

function parts(options: SchemeOptions, where: string): Parts {
  const { skipProbability: skip, adapters = false, latent = false, growing, reinjection = false, tower } = options;
  if (skip !== undefined && !(skip >= 0 && skip < 1)) {
    throw new InputError(
      `scheme ${shown(where)}: skipProbability must be at least 0 and below 1, got ${shown(skip)}; the paper uses .5`,
    );
  }
  if (latent && (skip !== undefined || adapters)) {
    throw new InputError(
      `scheme ${shown(where)}: latent recurrence draws its own rounds, got it with skipProbability or adapters; choose one`,
    );
  }
  if (growing !== undefined && !(growing > 0 && growing < 1)) {
    throw new InputError(
      `scheme ${shown(where)}: growing must be a share of the steps between 0 and 1, got ${shown(growing)}; give that of the cool-down, .2 by default`,
    );
  }
  if (growing !== undefined && (latent || skip !== undefined)) {
    throw new InputError(
      `scheme ${shown(where)}: growing rounds follow the schedule, got them with rounds that are drawn; choose one`,
    );
  }
  if (reinjection && (latent || adapters)) {
    throw new InputError(
      `scheme ${shown(where)}: re-injection stands alone, got it with latent recurrence or adapters; choose one`,
    );
  }
  return {
    rounds: roundsOf(),
    adapters,
    ...(reinjection ? { reinjection: true } : {}),
    ...(tower === undefined ? {} : { tower }),
  };

  function roundsOf(): Rounds {
    if (latent) return { kind: "latent", meanRounds: 1 };
    if (growing !== undefined) return { kind: "growing", share: growing };
    return skip === undefined ? { kind: "fixed" } : { kind: "stochastic", skipProbability: skip };
  }
}

function optionsOf(scheme: Scheme): SchemeOptions {
  return {
    skipProbability: scheme.rounds.kind === "stochastic" ? scheme.rounds.skipProbability : undefined,
    adapters: scheme.adapters,
    latent: scheme.rounds.kind === "latent",
    growing: scheme.rounds.kind === "growing" ? scheme.rounds.share : undefined,
    reinjection: scheme.reinjection,
    tower: scheme.tower,
  };
}

function defined(options: SchemeOptions): SchemeOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function sameParts(scheme: Scheme, other: Parts): boolean {
  const a = optionsOf(scheme);
  return (
    scheme.rounds.kind === other.rounds.kind &&
    scheme.adapters === other.adapters &&
    scheme.reinjection === other.reinjection &&
    scheme.tower === other.tower &&
    (other.rounds.kind !== "stochastic" || a.skipProbability === other.rounds.skipProbability) &&
    (other.rounds.kind !== "growing" || a.growing === other.rounds.share)
  );
}

function suffixes({ rounds, adapters, reinjection, tower }: Parts): readonly string[] {
  return [
    ...drawn(),
    ...(adapters ? ["adapters"] : []),
    ...(reinjection ? ["re-injected"] : []),
    ...(tower === undefined ? [] : [`${tower} tower`]),
  ];

  function drawn(): readonly string[] {
    switch (rounds.kind) {
      case "fixed":
        return [];
      case "stochastic":
        return [`p_s=${rounds.skipProbability}`];
      case "latent":
        return ["latent"];
      case "growing":
        return [`growing=${rounds.share}`];
    }
  }
}

/**
 * Drawn and growing rounds and adapters need one repeated block, re-injection at most one; the mean of latent rounds is
 * that block's power.
 */
function checked(scheme: Scheme): Scheme {
  const plain = scheme.rounds.kind === "fixed" && !scheme.adapters;
  const repeated = repeatedSteps(scheme).length;
  if (scheme.tower !== undefined && repeated === 0) {
    throw new InputError(
      `scheme ${shown(printSignature(scheme))}: a tower is named for what is repeated in it, got nothing repeated; leave it out`,
    );
  }
  if (plain && (!scheme.reinjection || repeated === 0)) return scheme;
  if (repeated !== 1) {
    const what = plain ? "re-injection needs" : "drawn or growing rounds and adapters need";
    throw new InputError(
      `scheme ${shown(printSignature(scheme))}: ${what} one repeated block, got ${repeated}; write for example A^3 B`,
    );
  }
  return scheme.rounds.kind === "latent"
    ? { ...scheme, rounds: { kind: "latent", meanRounds: fullRounds(scheme) } }
    : scheme;
}

function unknown(text: string): InputError {
  // Another number of rounds is no slip of the pen: rins-9 is not rins-2.
  const stem = (name: string) => name.replace(/\d+/g, "#");
  const siblings = CATALOGUE.map(({ scheme }) => scheme.name).filter(
    (name) => /\d/.test(text) && stem(name) === stem(text),
  );
  if (siblings.length > 0) {
    return new InputError(
      `scheme: must be a catalogue name or a signature, got ${shown(text)}; there are ${siblings.join(", ")}, and signatures for other rounds: A^3 B`,
    );
  }
  const nearest = nearestName(
    text,
    CATALOGUE.map((candidate) => candidate.name),
  );
  const remedy =
    nearest === null ? "see rinsight schemes, or write a signature such as A^3 B" : `did you mean ${nearest}?`;
  return new InputError(`scheme: must be a catalogue name or a signature, got ${shown(text)}; ${remedy}`);
}
