// What a column or field is, by its name: the one table of the names that trainers, trackers and people use for steps,
// tokens and losses. A rate, a maximum, a constant of a step or a part of the loss is never taken for the thing.

/** Unit of a loss. bpb: bits per byte or character, which need bytes per token to become nats per token. */
export const UNITS = ["nats", "bits", "bpb", "ppl"] as const;
export type Unit = (typeof UNITS)[number];

export type Meaning =
  /** Lower ranks are meant before higher ones; two of one rank are told apart by nobody but the user. */
  | { readonly quantity: "step" | "samples" | "epoch"; readonly rank: number }
  | { readonly quantity: "tokens"; readonly rank: number; readonly scale: number }
  | {
      readonly quantity: "loss";
      readonly rank: number;
      readonly split: "train" | "validation" | null;
      readonly unit: Unit;
    }
  | { readonly quantity: "other" };

const OTHER: Meaning = { quantity: "other" };
const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));

const STEP = set("step steps iter iters iteration iterations update updates");
/** What may stand beside a step's own word: "train/global_step", "num_updates". */
const STEP_BESIDE = set(
  "global train training trainer optimizer opt gradient grad current num n at completed finished",
);
const TOKENS = set("token tokens tok toks");
/** Totals say so: "num_input_tokens_seen", "consumed_train_tokens". */
const TOKENS_BESIDE = set(
  "train training trained seen consumed processed total cumulative num n input global count counter so far trainer throughput optim state data perf lm model stats metrics progress in of x d",
);
const SAMPLES = set("sample samples sequence sequences example examples");
const SEEN = set("seen consumed processed trained");
const RATE = set("per sec secs second seconds s ms hour rate speed tps throughput time mfu hz day");
const BOUND = set(
  "max maximum min minimum limit target planned budget horizon best lowest highest warmup remaining left",
);
const NO_TOTAL = set("batch micro device gpu rank node worker sample document sequence length len vocab unique eval");
const VALIDATION = set(
  "val valid validate validation eval evaluation evaluate evaluator dev heldout holdout held tel test testing",
);
const TEST = set("test testing");
const TRAIN = set("train training trained trl running smooth smoothed ema trainer");
const LOSS = set("loss losses nll xent xentropy crossentropy ce celoss entropy cost tel trl");
const PERPLEXITY = set("ppl perplexity perplexities");
const PER_BYTE = set("bpb bpc bpcs");
/** Beside the loss of the model without changing what it is. */
const LOSS_BESIDE = set(
  "lm language model ce cross nll xent value values mean avg average total final epoch per token out set metrics metric on in the iteration step at global cum overall",
);
/** Terms added to a loss, or taken of it. */
const PARTS = set(
  "z zloss aux auxiliary router balance balancing load loadbalancing moe kl mtp reg regularization regularisation penalty distill distillation commitment indexer l1 l2 wd decay",
);
const OF_A_LOSS = set(
  "std stderr se sem error var variance standard delta diff spike spikes weight weights coef coefficient ratio scale scaler scaling count counts n num lower upper ci gap gradient grad norm lr tokens token accuracy acc",
);
const SCALES: Readonly<Record<string, number>> = {
  ...{ k: 1e3, thousand: 1e3, thousands: 1e3, m: 1e6, mn: 1e6, million: 1e6, millions: 1e6 },
  ...{ b: 1e9, bn: 1e9, g: 1e9, billion: 1e9, billions: 1e9, t: 1e12, trillion: 1e12, trillions: 1e12 },
};

/** "train/numTokens_seen (B)" → train, num, tokens, seen, b. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .replace(/cross[ _-]?entropy/g, "crossentropy")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

const some = (words: readonly string[], of: ReadonlySet<string>): boolean => words.some((word) => of.has(word));

/** What a name says. Rates, bounds, parts and what is not known are "other". */
export function meaningOf(name: string): Meaning {
  const words = wordsOf(name);
  if (name === "D") return { quantity: "tokens", rank: 1, scale: 1 };
  if (name === "L") return { quantity: "loss", rank: 14, split: null, unit: "nats" };
  if (words.length === 0) return OTHER;
  return lossMeaning(words) ?? tokensMeaning(words) ?? counterMeaning(name, words);
}

function lossMeaning(words: readonly string[]): Meaning | null {
  const unit = unitOf(words);
  if (unit === null) return null;
  const measured = words.filter((word) => !(unit === "bits" && (word === "token" || word === "per")));
  const perToken = words.join(" ").includes("per token");
  if (some(measured, PARTS) || some(measured, BOUND)) return OTHER;
  if (measured.some((word) => OF_A_LOSS.has(word) && !(perToken && word === "token"))) return OTHER;
  if (words.includes("time") || words.includes("sec")) return OTHER;
  const validation = some(words, VALIDATION);
  const named = words.some(
    (word) =>
      !VALIDATION.has(word) &&
      !LOSS.has(word) &&
      !LOSS_BESIDE.has(word) &&
      !PERPLEXITY.has(word) &&
      !PER_BYTE.has(word) &&
      !TRAIN.has(word) &&
      !["bits", "byte", "bytes", "char", "character", "nats"].includes(word),
  );
  const later = unit === "nats" ? 0 : 1 + UNITS.indexOf(unit);
  if (some(words, TRAIN) && !validation)
    return { quantity: "loss", rank: 20 + later + (named ? 5 : 0), split: "train", unit };
  if (validation) {
    const rank =
      (later === 0 ? (some(words, TEST) ? 4 : 0) : 4 + later) + (named ? 1 : 0) + (later > 0 && named ? 5 : 0);
    return { quantity: "loss", rank, split: "validation", unit };
  }
  return { quantity: "loss", rank: 14 + later + (named ? 1 : 0), split: null, unit };
}

/** The unit that the words of a loss speak of; null where they speak of no loss. */
function unitOf(words: readonly string[]): Unit | null {
  if (some(words, PERPLEXITY)) return "ppl";
  const text = words.join(" ");
  if (some(words, PER_BYTE) || /\bbits per (byte|char|character)\b|\bbits byte\b/.test(text)) return "bpb";
  if (/\bbits( per token)?\b/.test(text) && !/\b(n|num) bits\b/.test(text)) return "bits";
  // An entropy alone may be that of a policy or of attention.
  return words.some((word) => LOSS.has(word) && word !== "entropy") || words.includes("crossentropy") ? "nats" : null;
}

function tokensMeaning(words: readonly string[]): Meaning | null {
  const glued = /^([kmbgt])tok(?:en)?s?$/.exec(words.at(-1) ?? "")?.[1];
  if (!some(words, TOKENS) && glued === undefined) return null;
  if (some(words, BOUND) || some(words, NO_TOTAL) || some(words, VALIDATION)) return OTHER;
  const rest = words.filter((word) => !TOKENS.has(word) && !/^[kmbgt]tok/.test(word));
  if (rest.some((word) => RATE.has(word)) && !rest.includes("total")) return OTHER;
  const written = /^(?:1e(\d+)|10(?:e|\^)(\d+))$/;
  let scale = glued === undefined ? 1 : (SCALES[glued] ?? 1);
  for (const [i, word] of rest.entries()) {
    const power = written.exec(word);
    if (power !== null) scale = 10 ** Number(power[1] ?? power[2]);
    else if (SCALES[word] !== undefined && i === rest.length - 1) scale = SCALES[word];
    else if (!TOKENS_BESIDE.has(word)) return OTHER;
  }
  const bare = rest.every((word) => SCALES[word] !== undefined || written.test(word));
  return { quantity: "tokens", rank: bare ? 0 : 1, scale };
}

function counterMeaning(name: string, words: readonly string[]): Meaning {
  if (some(words, SAMPLES) && some(words, SEEN) && !some(words, RATE) && !some(words, BOUND))
    return { quantity: "samples", rank: 0 };
  if (words.includes("epoch") && words.every((word) => word === "epoch" || STEP_BESIDE.has(word)))
    return { quantity: "epoch", rank: 0 };
  // A step of Weights & Biases counts calls of its log function, not steps of training.
  if (name === "_step") return { quantity: "step", rank: 5 };
  if (words.length === 1 && (words[0] === "it" || words[0] === "s" || words[0] === "batch"))
    return { quantity: "step", rank: 6 };
  // fairseq counts updates beside its validation as "valid_num_updates".
  const own = words.includes("num") ? words.filter((word) => !VALIDATION.has(word)) : words;
  if (!some(own, STEP) || !own.every((word) => STEP.has(word) || STEP_BESIDE.has(word))) return OTHER;
  if (words.includes("global") || words.includes("optimizer")) return { quantity: "step", rank: 0 };
  if (words.includes("step") || words.includes("steps")) return { quantity: "step", rank: words.length > 1 ? 2 : 1 };
  return { quantity: "step", rank: some(words, set("update updates")) ? 4 : 3 };
}

/** How a loss of this unit is called in words and in files. */
export const UNIT_WORDS: Readonly<Record<Unit, string>> = {
  nats: "nats per token",
  bits: "bits per token",
  bpb: "bits per byte",
  ppl: "perplexity",
};
