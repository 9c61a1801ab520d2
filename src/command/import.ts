// rinsight import: another tool's curves as a table that fit, compare and report read.
import type { Command } from "commander";
import { InputError, shown } from "../base/errors.js";
import { writeAtomically } from "../base/write.js";
import { type ImportOptions, importCurves } from "../curve/import/import.js";
import type { Table } from "../curve/table.js";
import { newCommand } from "./command.js";
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
  readonly json?: boolean;
}

export function command(): Command {
  return newCommand(
    "import",
    "import curves from TensorBoard, Weights & Biases, Hugging Face, logs and tables",
    "rinsight import notebooks/curves.csv --run scheme,seed --out curves.jsonl",
  )
    .argument(
      "<SOURCE>",
      "event file or a folder of them, trainer_state.json, W&B export, log, table; - for standard input",
    )
    .option("--out <FILE>", "write JSON lines there instead of to standard output")
    .option("--tokens <COL>", "column of the training tokens")
    .option("--tokens-per-step <N>", "tokens a step (batch × context), where only steps are logged")
    .option("--loss <COL>", "column of the validation loss, nats per token")
    .option("--step <COL>", "column of the step")
    .option("--run <COL,…>", "columns that tell the runs of a table apart")
    .option("--pattern <REGEX>", "for logs: a regular expression with groups (?<step>…), (?<tokens>…), (?<loss>…)")
    .option("--scheme <NAME>", "value of the scheme column (default: the run's name)")
    .action(async (source: string, flags: ImportFlags) => {
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
  const { tokens, loss, step, run, pattern, scheme } = flags;
  const tokensPerStep = flags.tokensPerStep === undefined ? undefined : Number(flags.tokensPerStep);
  if (tokensPerStep !== undefined && !(tokensPerStep > 0 && Number.isFinite(tokensPerStep))) {
    throw new InputError(
      `--tokens-per-step: must be a positive number, got ${shown(flags.tokensPerStep)}; give batch × context`,
    );
  }
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(loss === undefined ? {} : { loss }),
    ...(step === undefined ? {} : { step }),
    ...(run === undefined ? {} : { run: run.split(",").map((name) => name.trim()) }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(tokensPerStep === undefined ? {} : { tokensPerStep }),
  };
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
