// What every command module exports, and the options that all of them share.
import { Command } from "commander";

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
