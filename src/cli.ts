#!/usr/bin/env node
// The rinsight command. Commands are data here; each module is imported only when its name is given, so that
// start-up stays fast and analysis never loads a tensor library.
import { readFileSync } from "node:fs";
import { fileReason, InputError, nearestName, shown } from "./base/errors.js";
import type { CommandModule } from "./command/command.js";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, outcomeOf } from "./command/outcome.js";
import { guard } from "./command/terminal.js";
import { waiting } from "./command/waiting.js";
import { welcome } from "./command/welcome.js";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  import: { summary: "import curves from other tools", load: () => import("./command/import.js") },
  fit: { summary: "fit a scaling law to each group of points", load: () => import("./command/fit.js") },
  compare: {
    summary: "compare schemes: exponent or limit, differences, compute multipliers",
    load: () => import("./command/compare.js"),
  },
  forecast: {
    summary: "carry curves on: loss at budgets beyond the data",
    load: () => import("./command/forecast.js"),
  },
  allocate: {
    summary: "split a budget into parameters and tokens",
    load: () => import("./command/allocate.js"),
  },
  design: {
    summary: "plan a study: expected intervals, power to attribute, the cheapest plan",
    load: () => import("./command/design.js"),
  },
  backend: {
    summary: "link the TensorFlow backend to a Python installation",
    load: () => import("./command/backend.js"),
  },
  doctor: { summary: "show what this machine can train on", load: () => import("./command/doctor.js") },
  train: { summary: "train one run of a recursion scheme", load: () => import("./command/train.js") },
  sweep: { summary: "train the runs of a plan that are missing", load: () => import("./command/sweep.js") },
  report: {
    summary: "write a report of runs or curves, or show a sweep while it trains",
    load: () => import("./command/report.js"),
  },
  fractal: {
    summary: "long-range structure of surprisals: self-similarity, Hurst exponent",
    load: () => import("./command/fractal.js"),
  },
  schemes: { summary: "list recursion schemes and what they cost", load: () => import("./command/schemes.js") },
  demo: {
    summary: "train, fit, compare and report at a small size: npm start",
    load: () => import("./command/demo.js"),
  },
  verify: {
    summary: "recompute a report or train a run again, and list every difference",
    load: () => import("./command/verify.js"),
  },
  bundle: { summary: "pack a report with its inputs into one archive", load: () => import("./command/bundle.js") },
};

/** Commands that show their own progress. */
const TELLING = new Set(["train", "sweep", "demo", "backend"]);

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const rows = Object.entries(COMMANDS).map(([name, entry]) => `  ${name.padEnd(width)}  ${entry.summary}`);
  return `rinsight: scaling laws of recursive-depth models\n\nUsage: rinsight COMMAND [options]\n\nCommands:\n${rows.join("\n")}\n\nrinsight COMMAND --help shows the options and an example that runs.\n`;
}

async function main(argv: readonly string[]): Promise<number> {
  const name = argv[0];
  if (name === undefined && process.stdout.isTTY) {
    process.stdout.write(welcome(process.cwd()));
    return EXIT_OK;
  }
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help());
    return name === undefined ? EXIT_USAGE : EXIT_OK;
  }
  if (name === "--version" || name === "-V") {
    const manifest: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    process.stdout.write(`${manifest.version}\n`);
    return EXIT_OK;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const nearest = nearestName(name, Object.keys(COMMANDS));
    throw new InputError(
      `rinsight: command must be one of ${Object.keys(COMMANDS).join(", ")}, got ${shown(name)}; ${
        nearest === null ? "see rinsight --help" : `did you mean ${nearest}?`
      }`,
    );
  }
  const { command } = await entry.load();
  const parsed = command()
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const silent = !TELLING.has(name) && !argv.includes("--serve");
  await waiting(`rinsight ${name}`, silent && process.stderr.isTTY === true, () =>
    parsed.parseAsync(argv.slice(1), { from: "user" }),
  );
  return Number(process.exitCode ?? EXIT_OK);
}

/** Says what went wrong in `command`, and gives the exit code. */
function report(error: unknown, command: string): number {
  const { exitCode, text } = outcomeOf(error, command);
  process.stderr.write(text);
  return exitCode;
}

guard(process.stdout);
guard(process.stderr);
// A reader that closes the pipe early (head, less) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? EXIT_OK);
  process.stderr.write(
    `rinsight: standard output must be writable, got ${fileReason(error)}; write to another place\n`,
  );
  process.exit(EXIT_FAILED);
});
// Nobody reads what is said to people: the results may still be wanted, so the command goes on.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") process.exit(EXIT_FAILED);
});

const argv = process.argv.slice(2);
process.exitCode = await main(argv).catch((error: unknown) => report(error, argv[0] ?? ""));
