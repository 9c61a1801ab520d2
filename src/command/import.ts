// rinsight import: another tool's curves as a table that fit, compare and report read.
import type { Command } from "commander";
import { writeAtomically } from "../base/write.js";
import { importCurves } from "../curve/import/import.js";
import type { ImportOptions } from "../curve/import/options.js";
import { UNITS } from "../curve/names.js";
import type { Table } from "../curve/table.js";
import { keepApart } from "./apart.js";
import { addLimits, newCommand } from "./command.js";
import { choice, number, positive } from "./flags.js";
import { say } from "./terminal.js";

interface ImportFlags {
  readonly out?: string;
  readonly tokens?: string;
  readonly loss?: string;
  readonly step?: string;
  readonly run?: string;
  readonly tokensPerStep?: string;
  readonly pattern?: string;
  readonly scheme?: string;
  readonly schemeName?: string;
  readonly stepOffset?: string;
  readonly sequenceLength?: string;
  readonly unit?: string;
  readonly bytesPerToken?: string;
  readonly wide?: boolean;
  readonly keepSuperseded?: boolean;
  readonly json?: boolean;
}

export function command(): Command {
  return addLimits(
    newCommand(
      "import",
      "import curves from TensorBoard, Weights & Biases, Hugging Face, logs and tables",
      "rinsight import notebooks/curves.csv --run scheme,seed --out curves.jsonl",
    ),
  )
    .argument(
      "<SOURCE>",
      "log, table, event file, trainer_state.json, W&B export, or a folder of runs; - for standard input",
    )
    .option("--out <FILE>", "write JSON lines there instead of to standard output")
    .option("--tokens <COL>", "column of the training tokens")
    .option("--tokens-per-step <N>", "tokens a step (batch × context), where only steps are logged")
    .option("--sequence-length <N>", "tokens a sample, where samples are logged")
    .option("--loss <COL>", "column of the validation loss")
    .option("--unit <UNIT>", "its unit: nats, bits, bpb or ppl (default: what its name says)")
    .option("--bytes-per-token <N>", "mean bytes a token, by which bits per byte become nats per token")
    .option("--step <COL>", "column of the step, or of the epoch")
    .option("--step-offset <N>", "added to each step before --tokens-per-step: 1 where the first is called 0")
    .option("--run <COL,…>", "columns that tell the runs of a table apart")
    .option("--pattern <REGEX>", "for logs: a regular expression with groups (?<step>…), (?<tokens>…), (?<loss>…)")
    .option(
      "--scheme <COL>",
      "column of the scheme, or its value where no column has that name (default: the run's name)",
    )
    .option("--scheme-name <NAME>", "value of the scheme column, whatever columns there are")
    .option("--wide", "every column that is no counter is a curve of its own")
    .option("--keep-superseded", "keep points that a resumed run left behind")
    .action(async (source: string, flags: ImportFlags) => {
      keepApart(flags.out, [source]);
      const { table, notes } = await importCurves(source, optionsOf(flags));
      const lines = jsonLines(table);
      if (flags.out !== undefined) writeAtomically(flags.out, lines);
      if (flags.json === true)
        process.stdout.write(`${JSON.stringify({ out: flags.out ?? null, points: table.rows, notes })}\n`);
      else if (flags.out === undefined) process.stdout.write(lines);
      for (const note of notes) say(note);
      if (flags.out !== undefined) say(`wrote ${flags.out}; next: rinsight fit ${flags.out}`);
    });
}

function optionsOf(flags: ImportFlags): ImportOptions {
  const { tokens, loss, step, run, pattern, scheme, schemeName, wide, keepSuperseded } = flags;
  const above = (flag: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : positive(flag, text);
  return given({
    tokens,
    loss,
    step,
    run: run?.split(",").map((name) => name.trim()),
    pattern,
    scheme,
    schemeName,
    wide,
    keepSuperseded,
    unit: flags.unit === undefined ? undefined : choice("--unit", flags.unit, UNITS),
    tokensPerStep: above("--tokens-per-step", flags.tokensPerStep),
    sequenceLength: above("--sequence-length", flags.sequenceLength),
    bytesPerToken: above("--bytes-per-token", flags.bytesPerToken),
    stepOffset: flags.stepOffset === undefined ? undefined : number("--step-offset", flags.stepOffset),
  });
}

/** What was given, without the options that were not. */
function given(options: { readonly [Name in keyof ImportOptions]: ImportOptions[Name] | undefined }): ImportOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** One JSON object a row; what is missing is left out. */
function jsonLines(table: Table): string {
  const columns = [...table.columns];
  let text = "";
  for (let row = 0; row < table.rows; row++) {
    const cells = columns.flatMap(([name, column]) => {
      const value = column.values[row];
      return value === undefined || value === "" || (typeof value === "number" && !Number.isFinite(value))
        ? []
        : [[name, value] as const];
    });
    text += `${JSON.stringify(Object.fromEntries(cells))}\n`;
  }
  return text;
}
