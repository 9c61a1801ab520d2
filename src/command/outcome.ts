// What an error means for the one who typed the command: an exit code, and one line unless it is a bug of ours.
import { FitError, InputError, ReproductionError, refusalOf } from "../base/errors.js";
import { oneLine } from "../base/visible.js";

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export interface Outcome {
  readonly exitCode: number;
  /** What goes to standard error; empty for --help. */
  readonly text: string;
}

/** One line for what the caller or the data can mend; a stack only for bugs of ours. `command`: the one that ran. */
export function outcomeOf(error: unknown, command: string): Outcome {
  if (error instanceof InputError) return { exitCode: EXIT_USAGE, text: `${oneLine(error.message)}\n` };
  if (error instanceof FitError || error instanceof ReproductionError) {
    return { exitCode: EXIT_FAILED, text: `${oneLine(error.message)}\n` };
  }
  if (error instanceof Error && "code" in error && String(error.code).startsWith("commander.")) {
    if ("exitCode" in error && error.exitCode === 0) return { exitCode: EXIT_OK, text: "" };
    const line = oneLine(error.message.replace(/^error: /, "").replaceAll("\n", " "));
    return { exitCode: EXIT_USAGE, text: `rinsight: ${line}; see rinsight ${command} --help\n` };
  }
  const refusal = refusalOf(error);
  if (refusal !== null) return { exitCode: EXIT_USAGE, text: `${refusal}\n` };
  return { exitCode: EXIT_FAILED, text: `${error instanceof Error ? error.stack : String(error)}\n` };
}
