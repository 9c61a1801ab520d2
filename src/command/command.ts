// What every command module exports, and the options that all of them share.
import { Command } from "commander";
import { InputError, shown } from "../base/errors.js";

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

/** An option that counts processes or threads: 1 to 256. `otherwise` says what happens without it. */
export function countOption(command: string, flag: string, text: string, otherwise: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 256) {
    throw new InputError(
      `${command}: ${flag} must be an integer from 1 to 256, got ${shown(text)}; leave it out for ${otherwise}`,
    );
  }
  return value;
}
