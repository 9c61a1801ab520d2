// rinsight train: one run of one scheme, from flags to a run file.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { InputError } from "../base/errors.js";
import { count, duration, fixed } from "../base/format.js";
import { oneLine } from "../base/visible.js";
import { parseRun } from "../curve/read/read-run.js";
import { schemeByName } from "../scheme/catalogue.js";
import { TOWERS } from "../scheme/scheme.js";
import { tokensPerExample } from "../scheme/task.js";
import { planWarnings } from "../sweep/expand.js";
import { defaultBackend } from "../train/backend.js";
import {
  BACKENDS,
  type BackendName,
  checkConfiguration,
  DEFAULT_OPTIMIZER,
  DEFAULT_SCHEDULE,
  DEFAULT_VALIDATION,
  horizonsOf,
  type RunConfiguration,
} from "../train/configuration.js";
import { openData, originOf, tokensOnce } from "../train/data.js";
import type { ModelState } from "../train/learner.js";
import { learnersOn } from "../train/learners.js";
import type { RunProgress } from "../train/progress-clock.js";
import { writeSurprisals } from "../train/text/surprisals.js";
import { trainRun } from "../train/trainer.js";
import { GPU_VARIABLE } from "../train/webgpu/node-device.js";
import { newCommand } from "./command.js";
import { amount, choice, positive, whole } from "./flags.js";
import { taskOf } from "./task-flags.js";
import { draw, say } from "./terminal.js";

const LANGUAGE = { context: "128", validationWindows: String(DEFAULT_VALIDATION.windows) };
/** Of the tokenizers; that of bytes has no other. */
const VOCABULARIES = { bpe: "1024", byte: "256" };

const EXIT_INTERRUPTED = 130;
const EXIT_DIVERGED = 1;

interface Flags {
  readonly json?: true;
  readonly task: string;
  readonly scheme: string;
  readonly tower?: string;
  readonly skip?: string;
  readonly adapters?: true;
  readonly growing?: string;
  readonly reinjection?: true;
  readonly width: string;
  readonly layers: string;
  readonly heads: string;
  readonly context?: string;
  readonly vocab?: string;
  readonly batch: string;
  readonly horizons: string;
  readonly flops?: string;
  readonly lr: string;
  readonly warmup: string;
  readonly timescale: string;
  readonly cooldown: string;
  readonly weightDecay: string;
  readonly validationWindows?: string;
  readonly seed: string;
  readonly corpus?: string;
  readonly tokenizer: string;
  readonly backend?: string;
  readonly gpu?: string;
  readonly precision: string;
  readonly threads?: string;
  readonly surprisals?: string;
  readonly score?: string;
  readonly out: string;
  readonly takeOver?: true;
}

export function command(): Command {
  const { learningRate, warmupSteps, timescale, cooldownFraction } = DEFAULT_SCHEDULE;
  return newCommand(
    "train",
    "train one run of a recursion scheme and write its curve",
    'rinsight train --scheme "A^3 B" --width 64 --layers 4 --heads 4 --context 128 --horizons 400k,800k --seed 0 --out data/runs/mine',
  )
    .option(
      "--task <name>",
      "language; image-text: two towers on emoji and their captions; emoji or digits: classes from pixels",
      "language",
    )
    .option("--scheme <name|signature>", "recursion scheme: see rinsight schemes", "baseline")
    .option("--tower <image|text>", "of image-text towers, the one that is recursive (default: both)")
    .option("--skip <probability>", "chance to drop each extra round, drawn per step (stochastic depth)")
    .option("--adapters", "linear adapters after the repeated block")
    .option("--growing <share>", "one round on the trunk, all in this last share of the steps: that of --cooldown")
    .option("--reinjection", "the stream before the repeated block normed and added at each round")
    .option("--width <n>", "model width", "64")
    .option("--layers <n>", "layers in all", "4")
    .option("--heads <n>", "attention heads", "4")
    .option("--context <n>", `tokens a sequence or caption (default: ${LANGUAGE.context})`)
    .option("--vocab <n>", `vocabulary of the BPE (default: ${VOCABULARIES.bpe})`)
    .option("--batch <n>", "sequences a step", "16")
    .option("--horizons <tokens,…>", "token counts to cool down at (k, M and G may follow)", "400k,800k,1.6M")
    .option("--flops <flops,…>", "the same as budgets of training FLOPs, in place of --horizons")
    .option("--lr <rate>", "peak learning rate", String(learningRate))
    .option("--warmup <steps>", "steps of linear warm-up", String(warmupSteps))
    .option("--timescale <steps>", "timescale of the inverse-square-root trunk", String(timescale))
    .option("--cooldown <fraction>", "share of each horizon spent cooling down", String(cooldownFraction))
    .option("--weight-decay <rate>", "decoupled weight decay of matrices", String(DEFAULT_OPTIMIZER.weightDecay))
    .option("--validation-windows <n>", `windows of the validation loss (default: ${LANGUAGE.validationWindows})`)
    .option("--seed <n>", "seed of start weights, data order and rounds", "0")
    .option(
      "--corpus <path>",
      ".txt, .jsonl (a text field), .gz of these, or a folder; English prose when left out; prepared once, in .cache of the working folder",
    )
    .option("--tokenizer <bpe|byte>", "tokenizer", "bpe")
    .option(
      "--backend <name>",
      `${BACKENDS.join(", ")}; when left out tensorflow where it loads, else the faster that doctor measured, else wasm`,
    )
    .option("--gpu <name>", "which GPU, by part of a name that rinsight doctor lists, on webgpu")
    .option("--precision <f32|f16>", "what kept activations are stored in, on webgpu; sums are f32", "f32")
    .option("--threads <n>", "threads of the wasm backend, which change no bit (default: one a core)")
    .option("--surprisals <file>", "write −log p of every token of the validation text, for rinsight fractal")
    .option("--score <path,…>", "texts to write surprisals of in its place, a group each")
    .option("--out <folder>", "where the run file goes", "data/runs/mine")
    .option("--take-over", "take the run over from a process that cannot be seen from here and is gone for certain")
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  if (flags.gpu !== undefined) process.env[GPU_VARIABLE] = flags.gpu;
  const tokenizer = choice("train --tokenizer", flags.tokenizer, ["bpe", "byte"] as const);
  const sizes = taskOf("train --task", flags.task);
  const { task } = sizes ?? {};
  if (task !== undefined && (flags.surprisals !== undefined || flags.corpus !== undefined)) {
    throw new InputError(
      `train: --corpus and --surprisals are for language alone, got --task ${flags.task}; leave them out`,
    );
  }
  // Towers do not train on webgpu, however fast it was measured.
  const preferred = () => (task === undefined ? defaultBackend() : defaultBackend(null));
  const backend: BackendName =
    flags.backend === undefined ? await preferred() : choice("train --backend", flags.backend, BACKENDS);
  const precision = choice("train --precision", flags.precision, ["f32", "f16"] as const);
  if (flags.backend === undefined && backend === "webgpu") {
    say("backend webgpu, which rinsight doctor measured to be faster here than wasm; --backend names another");
  }
  const shape = {
    width: amount("train --width", flags.width),
    layers: amount("train --layers", flags.layers),
    heads: amount("train --heads", flags.heads),
    context: amount("train --context", flags.context ?? sizes?.context ?? LANGUAGE.context),
    vocabulary: amount("train --vocab", flags.vocab ?? sizes?.vocabulary ?? VOCABULARIES[tokenizer]),
  };
  if (tokenizer === "byte" && String(shape.vocabulary) !== VOCABULARIES.byte) {
    throw new InputError(
      `train: --vocab must be ${VOCABULARIES.byte} with --tokenizer byte, got ${shape.vocabulary}; leave it out`,
    );
  }
  const scheme = schemeByName(flags.scheme, {
    ...(flags.skip === undefined ? {} : { skipProbability: amount("train --skip", flags.skip) }),
    ...(flags.adapters === undefined ? {} : { adapters: true }),
    ...(flags.growing === undefined ? {} : { growing: amount("train --growing", flags.growing) }),
    ...(flags.reinjection === undefined ? {} : { reinjection: true }),
    ...(flags.tower === undefined ? {} : { tower: choice("train --tower", flags.tower, TOWERS) }),
  });
  const batch = amount("train --batch", flags.batch);
  const budgets =
    flags.flops === undefined
      ? { unit: "tokens" as const, values: positives("train --horizons", flags.horizons) }
      : { unit: "flops" as const, values: positives("train --flops", flags.flops) };
  const horizons = horizonsOf(scheme, shape, batch, budgets, task);

  const settings = {
    ...(task === undefined ? {} : { task }),
    scheme,
    shape,
    batch,
    horizons,
    schedule: {
      learningRate: positive("train --lr", flags.lr),
      warmupSteps: amount("train --warmup", flags.warmup),
      timescale: positive("train --timescale", flags.timescale),
      cooldownFraction: amount("train --cooldown", flags.cooldown),
    },
    optimizer: { ...DEFAULT_OPTIMIZER, weightDecay: amount("train --weight-decay", flags.weightDecay) },
    validation: {
      ...DEFAULT_VALIDATION,
      windows: amount(
        "train --validation-windows",
        flags.validationWindows ?? sizes?.validationWindows ?? LANGUAGE.validationWindows,
      ),
    },
    seed: amount("train --seed", flags.seed),
    backend,
    ...(precision === "f16" ? { precision } : {}),
  };
  const threads =
    flags.threads === undefined ? availableParallelism() : whole("train --threads", flags.threads, 1, 256);
  // Preparing a corpus takes minutes: what cannot be trained is refused before.
  checkConfiguration({ ...settings, corpus: { name: "", hash: "", tokenizer, tokenizerHash: "" } });
  const corpus = await openData(originOf({ task, shape, corpus: { tokenizer } }, flags.corpus ?? null), say);
  const configuration: RunConfiguration = {
    ...settings,
    corpus: { name: corpus.name, hash: corpus.hash, tokenizer, tokenizerHash: corpus.tokenizer.hash },
  };

  for (const { code, message } of planWarnings([{ configuration }], {
    trainTokens: tokensOnce(corpus, tokensPerExample({ shape, task })),
  })) {
    say(`warning ${code}: ${message}`);
  }

  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    const show = progressPrinter();
    const { surprisals } = flags;
    const texts = flags.score?.split(",") ?? null;
    let trained = false;
    const result = await trainRun(configuration, {
      runsFolder: flags.out,
      corpus,
      onMessage: say,
      threads: () => threads,
      onProgress: (progress) => {
        trained = true;
        show.step(progress);
      },
      signal: stop.signal,
      takeOver: flags.takeOver === true,
      ...(surprisals === undefined || corpus.kind !== "text"
        ? {}
        : {
            onTrained: async (state: ModelState) => {
              const model = await (await learnersOn(backend)).learner(configuration, state);
              await writeSurprisals(surprisals, model, configuration, corpus, texts);
              model.dispose();
            },
          }),
    });
    if (trained) show.end();
    if (result.status === "interrupted") {
      say(`run ${result.id} was stopped; the same command goes on with it`);
      process.exitCode = EXIT_INTERRUPTED;
    } else if (result.status === "diverged") {
      say(`run ${result.id} diverged: ${result.reason}; lower --lr`);
      process.exitCode = EXIT_DIVERGED;
    } else {
      if (!trained) {
        const gone =
          surprisals === undefined ? "" : ", and no surprisals written: its weights are gone; give another --out";
        say(`run ${result.id} was already complete; nothing trained${gone}`);
      }
      for (const { tokens, loss, accuracy, decayed } of parseRun(result.file, readFileSync(result.file, "utf8"))
        .points) {
        if (decayed) {
          const share = accuracy === undefined ? "" : `, accuracy ${fixed(accuracy, 3)}`;
          say(`${count(tokens)} tokens: validation loss ${fixed(loss, 4)}${share}`);
        }
      }
    }
    process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : `${result.file}\n`);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    corpus.close();
  }
}

/** One line rewritten in place on a terminal, a plain line every ten seconds elsewhere. */
function progressPrinter(): { step(progress: RunProgress): void; end(): void } {
  const terminal = process.stderr.isTTY === true;
  const every = terminal ? 200 : 10_000;
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    step: ({ label, seed, tokensDone, tokensTotal, loss, secondsLeft }) => {
      const now = performance.now();
      if (now - shownAt < every && tokensDone < tokensTotal) return;
      shownAt = now;
      const left = secondsLeft === null ? "" : `, ${duration(secondsLeft)} left`;
      const text = `${label} seed ${seed}: ${count(tokensDone)} of ${count(tokensTotal)} tokens, loss ${fixed(loss, 3)}${left}`;
      if (terminal) draw(`\r${oneLine(text)}\x1b[K`);
      else say(text);
    },
    end: () => {
      if (terminal) draw("\n");
    },
  };
}

const positives = (flag: string, text: string): number[] => text.split(",").map((part) => positive(flag, part));
