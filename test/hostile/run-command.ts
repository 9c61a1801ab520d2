// Runs a rinsight command in this process: a child process for each of a
// hundred cases would take minutes. A few go through the real command line too.
import type { CommandModule } from "../../src/command/command.js";
import { outcomeOf } from "../../src/command/outcome.js";

const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  fit: () => import("../../src/command/fit.js"),
  import: () => import("../../src/command/import.js"),
  forecast: () => import("../../src/command/forecast.js"),
  allocate: () => import("../../src/command/allocate.js"),
  fractal: () => import("../../src/command/fractal.js"),
  compare: () => import("../../src/command/compare.js"),
  schemes: () => import("../../src/command/schemes.js"),
  sweep: () => import("../../src/command/sweep.js"),
  train: () => import("../../src/command/train.js"),
  report: () => import("../../src/command/report.js"),
  verify: () => import("../../src/command/verify.js"),
  bundle: () => import("../../src/command/bundle.js"),
};

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** An error that is none of ours: a bug. */
  readonly bug: unknown;
}

export async function runCommand(argv: readonly string[]): Promise<Ended> {
  const load = COMMANDS[argv[0] ?? ""];
  if (load === undefined) throw new Error(`no such command in this test: ${argv[0]}`);
  const output = { stdout: "", stderr: "" };
  const [writeOut, writeError] = [process.stdout.write, process.stderr.write];
  const before = process.exitCode;
  process.exitCode = 0;
  const take = (stream: "stdout" | "stderr") => (chunk: string | Uint8Array) => {
    output[stream] += String(chunk);
    return true;
  };
  process.stdout.write = take("stdout");
  process.stderr.write = take("stderr");
  let [exit, bug]: [number, unknown] = [0, null];
  try {
    const { command } = await load();
    await command()
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .parseAsync(argv.slice(1), { from: "user" });
    exit = Number(process.exitCode ?? 0);
  } catch (error) {
    const { exitCode, text } = outcomeOf(error, argv[0] ?? "");
    exit = exitCode;
    output.stderr += text;
    if (text.includes("\n    at ")) bug = error;
  } finally {
    process.stdout.write = writeOut;
    process.stderr.write = writeError;
    process.exitCode = before;
  }
  return { exit, ...output, bug };
}
