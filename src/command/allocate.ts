// rinsight allocate: parameters and tokens for a budget, by three approaches side by side.
import path from "node:path";
import type { Command } from "commander";
import { InputError } from "../base/errors.js";
import { count, percent, significant } from "../base/format.js";
import { writeAtomically } from "../base/write.js";
import type { Observations } from "../curve/observations.js";
import { observe, type Selection } from "../curve/observe.js";
import { readTable } from "../curve/read/read-table.js";
import { observeSizes } from "../curve/sizes.js";
import type { Table } from "../curve/table.js";
import { LEAST_REPLICATES } from "../fit/bootstrap-interval.js";
import { allocate } from "../forecast/allocate.js";
import type { Allocation, Demand } from "../forecast/allocation.js";
import { quantityText } from "../forecast/allocation-sentences.js";
import type { Redrawing } from "../forecast/redrawing.js";
import { chooseRounds, chooseRoundsIsoDepth } from "../forecast/rounds-choice.js";
import { SURFACE_LAWS } from "../forecast/surface.js";
import { lawByName } from "../law/catalogue.js";
import { loopedLaw } from "../law/chinchilla.js";
import { optimumCells, valleyCells } from "../report/allocation-cells.js";
import { terminalTable } from "../report/cells.js";
import { MOST_REPLICATES } from "../report/record.js";
import { allocationCharts } from "../report/surface/charts.js";
import { addDataOptions, type DataFlags, lossOf, selectionOf } from "./analysis-options.js";
import { keepApart } from "./apart.js";
import { writeCharts } from "./charts.js";
import { newCommand } from "./command.js";
import { choice, list, positive, share, whole } from "./flags.js";
import { withRounds } from "./rounds-column.js";
import { say } from "./terminal.js";

interface AllocateFlags extends DataFlags {
  readonly budget?: string;
  readonly flops?: string;
  readonly law: string;
  readonly loss: string;
  readonly space: string;
  readonly tolerance: string;
  readonly resample?: string;
  readonly bootstrap: string;
  readonly seed: string;
  readonly inferenceTokens?: string;
  readonly uniqueTokens?: string;
  readonly rounds?: string | true;
  readonly charts?: string;
}

export function command(): Command {
  return addDataOptions(
    newCommand(
      "allocate",
      "split a budget into parameters and tokens",
      "rinsight allocate notebooks/isoflop.csv --budget 1e21,1e22",
    ),
  )
    .option("--budget <C,…>", "training budgets to split, FLOPs (needed)")
    .option("--flops <COL>", "column of training FLOPs (default: one so named, else 6·N·D); taken at its word")
    .option(
      "--law <NAME>",
      "law of approach 3: chinchilla or chinchilla-tied; with --rounds also looped (iso-depth, phi)",
      "chinchilla",
    )
    .option("--loss <KIND>", "loss of its fit: squared, huber:DELTA or absolute", "squared")
    .option("--space <SPACE>", "residuals of log loss (log) or of loss (linear)", "log")
    .option("--tolerance <SHARE>", "sizes within this share of the best loss count as equally good", ".005")
    .option(
      "--resample <WHAT>",
      "intervals from redrawn points: pairs, wild or residual (default: by the delta method)",
    )
    .option("--bootstrap <N>", "how often points are redrawn with --resample", "500")
    .option("--seed <SEED>", "seed of everything random", "0")
    .option("--inference-tokens <T>", "tokens to be served: the budget pays for training and serving")
    .option("--unique-tokens <U>", "different tokens there are: beyond them data repeat and wear out")
    .option("--rounds [COL]", "choose rounds instead: schemes of one size that differ in the column of rounds")
    .option("--charts <DIR>", "draw valleys and frontiers into a folder: Vega-Lite, SVG, PNG")
    .action(async (files: readonly string[], flags: AllocateFlags) => {
      const budgets = budgetsOf(flags);
      const demand = demandOf(flags);
      const { table, notes: read, runs, inputs } = await readTable(files);
      keepApart(
        flags.out,
        inputs.map(({ name }) => name),
      );
      const selection = selectionOf(flags);
      if (flags.rounds !== undefined) return rounds(table, read, selection, budgets, flags);
      const { groups, warnings, notes } = observeSizes(table, selection, flags.flops ?? null);
      for (const note of [...read, ...notes]) say(note);
      for (const warning of warnings) say(`${warning.code}: ${warning.message}`);
      const law = lawByName(
        choice(
          "--law",
          flags.law,
          SURFACE_LAWS.map(({ name }) => name),
        ),
      );
      const redrawing = redrawingOf(flags);
      const allocationOf = (group: Observations, at: readonly number[]) =>
        allocate(group, {
          budgets: at,
          demand,
          law,
          tolerance: positive("--tolerance", flags.tolerance),
          level: share("--level", flags.level),
          // Run files hold the exact count of what was trained: head, attention and every use of a block.
          insistOnFlops: flags.flops !== undefined || runs.length > 0,
          redrawing,
          fit: {
            loss: lossOf(flags.loss),
            space: choice("--space", flags.space, ["log", "linear"] as const),
            weighted: flags.weights !== undefined,
          },
        });
      const allocations = groups.map((group) => allocationOf(group, budgets));
      const json = `${JSON.stringify({ allocations, warnings }, null, 2)}\n`;
      if (flags.out !== undefined) writeAtomically(flags.out, json);
      if (flags.charts !== undefined) {
        for (const [g, group] of groups.entries()) {
          const allocation = allocations[g];
          if (allocation === undefined) continue;
          const folder = groups.length === 1 ? flags.charts : path.join(flags.charts, String(g + 1));
          await writeCharts(
            folder,
            allocationCharts(allocation, (drawn) => allocationOf(group, drawn)),
          );
        }
      }
      process.stdout.write(flags.json === true ? json : allocations.map(allocationText).join("\n"));
      for (const one of allocations) {
        const name = groupName(one);
        for (const { code, message } of one.warnings) {
          say(`${name === "" ? "" : `${name}: `}${code}: ${message}`);
        }
      }
    });
}

function budgetsOf({ budget }: AllocateFlags): readonly number[] {
  if (budget === undefined)
    throw new InputError("allocate: --budget must say what there is to spend; give for example --budget 1e21");
  return list(budget).map((text) => positive("--budget", text));
}

function redrawingOf({ resample, bootstrap, seed }: AllocateFlags): Redrawing | null {
  if (resample === undefined) return null;
  return {
    method: choice("--resample", resample, ["pairs", "wild", "residual"] as const),
    replicates: whole("--bootstrap", bootstrap, LEAST_REPLICATES, MOST_REPLICATES),
    seed: whole("--seed", seed),
  };
}

function demandOf({ inferenceTokens, uniqueTokens }: AllocateFlags): Demand {
  if (inferenceTokens !== undefined && uniqueTokens !== undefined) {
    throw new InputError(
      "allocate: one of --inference-tokens and --unique-tokens may be given, got both; leave one out",
    );
  }
  if (inferenceTokens !== undefined) return { kind: "served", tokens: positive("--inference-tokens", inferenceTokens) };
  if (uniqueTokens !== undefined) return { kind: "unique", tokens: positive("--unique-tokens", uniqueTokens) };
  return { kind: "training" };
}

/** The rounds for each budget, for schemes of one size: groups are by --by alone, since schemes are what is compared. */
function rounds(
  table: Table,
  read: readonly string[],
  selection: Selection,
  budgets: readonly number[],
  flags: AllocateFlags,
): void {
  const map = {
    ...selection.map,
    ...(flags.rounds === true || flags.rounds === undefined ? {} : { rounds: flags.rounds }),
    ...(flags.flops === undefined ? {} : { flops: flags.flops }),
  };
  const looped = choice("--law", flags.law, ["chinchilla", loopedLaw.name]) === loopedLaw.name;
  const variables = looped ? loopedLaw.variables : ["rounds", "tokens"];
  const { groups, warnings, notes } = observe(withRounds(table), [...variables, "flops"], {
    by: [],
    ...selection,
    map,
  });
  for (const note of [...read, ...notes]) say(note);
  const level = share("--level", flags.level);
  const choices = groups.flatMap((group) =>
    looped ? chooseRoundsIsoDepth(group, budgets, level) : [chooseRounds(group, budgets, level)],
  );
  const json = `${JSON.stringify({ rounds: choices, warnings }, null, 2)}\n`;
  if (flags.out !== undefined) writeAtomically(flags.out, json);
  process.stdout.write(
    flags.json === true
      ? json
      : choices.flatMap(({ sentences, group }) => sentences.map((line) => `${sizeOf(group)}${line}\n`)).join(""),
  );
  for (const { code, message } of [...warnings, ...choices.flatMap((choice) => choice.warnings)]) {
    say(`${code}: ${message}`);
  }
}

/** "13.3M parameters: ", of an answer for one of several sizes. */
const sizeOf = ({ parameters }: Readonly<Record<string, string>>): string =>
  parameters === undefined ? "" : `${count(Number(parameters))} parameters: `;

const groupName = ({ group }: Allocation): string => Object.values(group).join(", ");

const DEMANDS = {
  training: "",
  served: " with $ tokens to be served",
  unique: " with $ different tokens",
} as const;

/** The allocation for a terminal: exponents, optima by approach, valleys, sentences. */
export function allocationText(allocation: Allocation): string {
  const { compute, demand } = allocation;
  const name = groupName(allocation);
  const rule =
    compute.kind === "6ND" ? "C = 6·N·D" : `C = ${significant(compute.factor, 3)}·N^${significant(compute.power, 3)}·D`;
  const tokens = demand.kind === "training" ? "" : count(demand.tokens);
  const valleys = valleyCells(allocation);
  const lines = [
    `${name === "" ? "" : `${name}: `}${allocation.points} points, ${rule}${DEMANDS[demand.kind].replace("$", tokens)}, ${percent(allocation.level)} intervals`,
    terminalTable(optimumCells(allocation)).trimEnd(),
    ...exponentLines(allocation),
    ...(valleys.rows.length === 0 ? [] : [terminalTable(valleys).trimEnd()]),
    ...[allocation.surface, allocation.valleys, allocation.envelope].flatMap((answer, i) =>
      answer.kind === "unavailable" ? [`approach ${3 - i}: ${answer.reason}`] : [],
    ),
    ...allocation.sentences,
  ];
  return `${lines.join("\n")}\n`;
}

function exponentLines(allocation: Allocation): readonly string[] {
  const answers = [
    ["approach 3", allocation.surface],
    ["approach 2", allocation.valleys],
    ["approach 1", allocation.envelope],
  ] as const;
  return answers.flatMap(([name, answer]) => {
    if (answer.kind === "unavailable" || answer.value.exponents === null) return [];
    const { parameters, tokens } = answer.value.exponents;
    return [
      `${name}: N* ∝ C^a, a = ${quantityText(parameters, significant)}; D* ∝ C^b, b = ${quantityText(tokens, significant)}`,
    ];
  });
}
