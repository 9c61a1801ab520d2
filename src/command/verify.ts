// rinsight verify: recompute a report, or train a run again, and list every difference. Exit 0 same, 1 differs.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { InputError, ReproductionError, shown } from "../base/errors.js";
import { random } from "../base/random.js";
import { withScratch } from "../base/scratch.js";
import { oneLine } from "../base/visible.js";
import { makeFolder, onDisk } from "../base/write.js";
import { isRunFile } from "../curve/read/read-run.js";
import { statusOf } from "../curve/read/source.js";
import { LARGEST_ARCHIVE, unpack } from "../reproduce/archive.js";
import type { Difference } from "../reproduce/differences.js";
import { filesUnder, usualPlaces } from "../reproduce/inputs.js";
import { type VerifiedReport, verifyReport } from "../reproduce/verify-report.js";
import { addLimits, newCommand } from "./command.js";
import { whole } from "./flags.js";
import { say } from "./terminal.js";

interface Options {
  readonly inputs?: string;
  readonly retrain?: true;
  readonly steps?: string;
  readonly sample?: string;
  readonly seed: string;
  readonly corpus?: string;
  readonly json?: true;
}

interface Verdict {
  readonly target: string;
  /** What was compared and by which standard. */
  readonly standard: string;
  readonly differences: readonly Difference[];
}

export function command(): Command {
  return addLimits(
    newCommand(
      "verify",
      "recompute a report, or train runs again, and list every difference",
      "rinsight verify reports/2026-11-24_reference",
    ),
  )
    .argument("<target...>", "report folders, bundles (.tar.gz), run files, or with --sample folders of runs")
    .option(
      "--inputs <folder>",
      "where the inputs of a report lie (default: data/runs, the working folder and the folders beside the report)",
    )
    .option("--retrain", "train the run again from its own header")
    .option("--steps <n>", "with --retrain: only the first N steps, and to the first point of the run")
    .option("--sample <k>", "with --retrain: K runs of a folder, drawn at random")
    .option("--seed <n>", "seed of that draw", "0")
    .option("--corpus <path>", "text that the runs were trained on (default: the built-in prose)")
    .action(async (targets: readonly string[], options: Options) => {
      const verdicts: Verdict[] = options.retrain === true ? await retrained(targets, options) : [];
      if (options.retrain !== true) for (const target of targets) verdicts.push(await recomputed(target, options));
      if (options.json === true) process.stdout.write(`${JSON.stringify({ verified: verdicts }, null, 2)}\n`);
      else process.stdout.write(verdicts.map(text).join(""));
      const differing = verdicts.filter((verdict) => verdict.differences.length > 0);
      if (differing.length > 0) {
        const missing = differing.some(({ differences }) =>
          differences.some(({ where }) => where.startsWith("input ")),
        );
        throw new ReproductionError(
          `verify: ${differing.map((verdict) => verdict.target).join(", ")} must be reproduced, got ${differing.reduce((sum, one) => sum + one.differences.length, 0)} differences; they are listed above${missing ? ", give the folder of the inputs with --inputs" : ""}`,
        );
      }
    });
}

async function recomputed(target: string, options: Options): Promise<Verdict> {
  if (!isFolder(target)) {
    const files = await bundled(target);
    return withScratch("bundle", async (folder) => {
      for (const [name, content] of files) {
        const file = path.join(folder, name);
        onDisk(file, () => {
          makeFolder(path.dirname(file));
          writeFileSync(file, content);
        });
      }
      return verdictOn(target, await verifyReport(folder, []));
    });
  }
  const searched = options.inputs === undefined ? usualPlaces(target) : [options.inputs];
  return verdictOn(target, await verifyReport(target, searched));
}

function verdictOn(target: string, { tolerance, filesCompared, inputs, differences }: VerifiedReport): Verdict {
  const standard = tolerance === 0 ? "byte for byte" : `within ${tolerance} relative (another major version of Node)`;
  return {
    target,
    standard: `${filesCompared} files recomputed from ${inputs} inputs, compared ${standard}`,
    differences,
  };
}

/** What is in a bundle. */
async function bundled(file: string): Promise<ReadonlyMap<string, Buffer>> {
  const status = statusOf(file);
  if (!status.isFile() || status.size > LARGEST_ARCHIVE) {
    throw new InputError(
      `verify: ${file}: a bundle must be a file of at most ${LARGEST_ARCHIVE / 1e6} MB, got ${status.isFile() ? `${status.size} bytes` : "something else"}; name another`,
    );
  }
  const bytes = readFileSync(file);
  // The header of a run file is one line, its kind far behind the configuration.
  if (isRunFile(bytes.subarray(0, 1e6).toString())) {
    throw new InputError(
      `verify: ${file}: must be a report or a bundle, got a run file; add --retrain to train it again`,
    );
  }
  return unpack(bytes, path.basename(file));
}

async function retrained(targets: readonly string[], options: Options): Promise<Verdict[]> {
  const { retrain } = await import("../reproduce/retrain.js");
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once("SIGINT", onSignal);
  const verdicts: Verdict[] = [];
  try {
    for (const file of targets.flatMap((target) => runFiles(target, options))) {
      say(`training ${path.basename(file)} again`);
      const again = await retrain(file, {
        steps: options.steps === undefined ? null : whole("verify --steps", options.steps),
        corpusPath: options.corpus ?? null,
        signal: stop.signal,
        onMessage: say,
      });
      const standard = again.tolerance === 0 ? "bit for bit" : `within ${again.tolerance} relative`;
      verdicts.push({
        target: file,
        standard: `${again.pointsCompared} of ${again.pointsPublished} points trained again, compared ${standard}`,
        differences: again.differences,
      });
      if (stop.signal.aborted) break;
    }
  } finally {
    process.off("SIGINT", onSignal);
  }
  return verdicts;
}

function runFiles(target: string, options: Options): readonly string[] {
  if (!isFolder(target)) return [target];
  if (options.sample === undefined) {
    throw new InputError(`verify: a folder of runs needs --sample, got ${target}; say how many runs to train again`);
  }
  const files = filesUnder(target).filter((file) => file.endsWith(".jsonl"));
  const draw = random(whole("verify --seed", options.seed));
  const chosen: string[] = [];
  for (let k = Math.min(whole("verify --sample", options.sample), files.length); k > 0; k--) {
    chosen.push(...files.splice(draw.integer(files.length), 1));
  }
  return chosen;
}

function isFolder(target: string): boolean {
  try {
    return statSync(target).isDirectory();
  } catch {
    throw new InputError(
      `verify: ${shown(target)} must exist, got no such file; name a report, a bundle or a run file`,
    );
  }
}

function text(verdict: Verdict): string {
  const rows = verdict.differences.map(
    (one) =>
      `  ${oneLine(`${one.where}: ${one.old} → ${one.new}`)}${one.tolerance === 0 ? "" : ` (tolerance ${one.tolerance})`}\n`,
  );
  return `${oneLine(verdict.target)}: ${rows.length === 0 ? "same" : "differs"}; ${verdict.standard}\n${rows.join("")}`;
}
