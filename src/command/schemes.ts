// rinsight schemes: the catalogue with its costs, or the full accounting of one scheme.
import type { Command } from "commander";
import { count, fixed } from "../base/format.js";
import { fullRounds } from "../scheme/applications.js";
import { CATALOGUE, schemeByName } from "../scheme/catalogue.js";
import { checkShape, FLOP_CONVENTION, type ModelShape, schemeCost } from "../scheme/cost.js";
import type { Scheme } from "../scheme/scheme.js";
import { printSignature } from "../scheme/signature.js";
import { survey } from "../scheme/survey.js";
import { newCommand } from "./command.js";
import { number } from "./flags.js";

interface Options {
  readonly width: string;
  readonly layers: string;
  readonly heads: string;
  readonly context: string;
  readonly vocab: string;
  readonly skip?: string;
  readonly adapters?: boolean;
  readonly latent?: boolean;
  readonly growing?: string;
  readonly reinjection?: boolean;
  readonly survey?: boolean;
  readonly json?: boolean;
}

export function command(): Command {
  return newCommand(
    "schemes",
    "list recursion schemes and what they cost, or account for one",
    'rinsight schemes "A^3 B" --width 64 --layers 4 --vocab 1024 --context 128 --json',
  )
    .argument("[scheme]", "a catalogue name or a signature")
    .option("--width <n>", "width E", "64")
    .option("--layers <n>", "layers", "4")
    .option("--heads <n>", "attention heads", "4")
    .option("--context <n>", "context T, tokens", "128")
    .option("--vocab <n>", "vocabulary V", "1024")
    .option("--skip <p>", "chance to drop each extra round in training")
    .option("--adapters", "one linear adapter per number of rounds after the repeated block")
    .option("--latent", "latent recurrence around the repeated block")
    .option("--growing <share>", "one round, then all in this last share of the steps")
    .option("--reinjection", "the stream before the repeated block normed and added at each round")
    .option("--survey", "list the survey's variants in place of the catalogue")
    .action((name: string | undefined, options: Options) => {
      const shape = shapeOf(options);
      if (name === undefined) {
        list(options.survey ? survey(shape) : CATALOGUE.map(({ scheme }) => scheme), shape, options);
      } else {
        const scheme = schemeByName(name, {
          skipProbability: options.skip === undefined ? undefined : number("schemes --skip", options.skip),
          adapters: options.adapters,
          latent: options.latent,
          growing: options.growing === undefined ? undefined : number("schemes --growing", options.growing),
          reinjection: options.reinjection,
        });
        describe(scheme, shape, options);
      }
    });
}

function shapeOf(options: Options): ModelShape {
  return {
    width: number("schemes --width", options.width),
    layers: number("schemes --layers", options.layers),
    heads: number("schemes --heads", options.heads),
    context: number("schemes --context", options.context),
    vocabulary: number("schemes --vocab", options.vocab),
  };
}

function accounting(scheme: Scheme, shape: ModelShape) {
  return {
    name: scheme.name,
    label: scheme.label,
    signature: printSignature(scheme),
    rounds: fullRounds(scheme),
    drawnRounds: scheme.rounds,
    adapters: scheme.adapters,
    shape,
    ...schemeCost(scheme, shape),
  };
}

/** One row a scheme. Schemes whose blocks do not divide the layers are listed without a cost. */
function list(schemes: readonly Scheme[], shape: ModelShape, options: Options): void {
  const fits = (scheme: Scheme) => shape.layers % scheme.blockSizes.reduce((sum, size) => sum + size, 0) === 0;
  checkShape(shape);
  const rows = schemes.map((scheme) => ({ scheme, cost: fits(scheme) ? accounting(scheme, shape) : null }));
  if (options.json) {
    const convention = FLOP_CONVENTION;
    const entries = rows.map(({ scheme, cost }) => cost ?? { name: scheme.name, label: scheme.label, cost: null });
    process.stdout.write(`${JSON.stringify({ convention, schemes: entries }, null, 2)}\n`);
    return;
  }
  const table = [
    ["name", "signature", "rounds", "cost", "FLOPs/token", "parameters", "what it is"],
    ...rows.map(({ scheme, cost }) => [
      scheme.name,
      printSignature(scheme),
      scheme.rounds.kind === "fixed" ? String(fullRounds(scheme)) : `~${fixed(cost?.expectedRounds, 1)}`,
      fixed(cost?.costFactor, 3),
      count(cost?.flopsPerToken),
      count(cost?.parameters),
      CATALOGUE.find((entry) => entry.name === scheme.name)?.summary ?? "",
    ]),
  ];
  process.stdout.write(`${aligned(table)}\n${FLOP_CONVENTION}\n`);
}

function describe(scheme: Scheme, shape: ModelShape, options: Options): void {
  const cost = accounting(scheme, shape);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(cost, null, 2)}\n`);
    return;
  }
  const rows = [
    ["scheme", cost.label],
    ["rounds", `${cost.rounds} at full depth, ${fixed(cost.expectedRounds, 2)} expected in training`],
    ["parameters", String(cost.parameters)],
    ...Object.entries(cost.parametersByGroup).map(([group, value]) => [`  ${group}`, String(value)]),
    ["  norms inside blocks", String(cost.normParameters)],
    [
      "adapter share",
      `${fixed(100 * cost.adapterShare, 2)}%${cost.adapterShare > 0.01 ? " (over the paper's 1%)" : ""}`,
    ],
    ["unrolled parameters", String(cost.unrolledParameters)],
    ["training FLOPs/token", String(cost.flopsPerToken)],
    ["cost factor", fixed(cost.costFactor, 4)],
    ["inference FLOPs/token", String(cost.inferenceFlopsPerToken)],
    ["cache bytes/token", String(cost.cacheBytesPerToken)],
  ];
  process.stdout.write(`${aligned(rows)}\n${FLOP_CONVENTION}\n`);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
