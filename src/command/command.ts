// What every command module exports, and the options that all of them share.
import { Command } from "commander";
import { moveLimits } from "../curve/read/limits.js";

/** A module in this folder: builds its commander command, with options, one runnable example and an action. */
export interface CommandModule {
  readonly command: () => Command;
}

/** A command with --help text that ends in one example that runs, and --json. Results on stdout, people-text on stderr. */
export function newCommand(name: string, summary: string, example: string): Command {
  return new Command(`rinsight ${name}`)
    .description(summary)
    .option("--json", "print the result as JSON on standard output")
    .addHelpText("after", `\nExample:\n  ${example}`);
}

/** For commands that read files of any size. The limits hold from the moment the flag is read. */
export function addLimits(command: Command): Command {
  return command.option(
    "--limits <NAME=N,…>",
    "read more than is read at most: bytes=1e9, rows=5e7, line=1e8",
    (text) => {
      moveLimits(text);
      return text;
    },
  );
}
