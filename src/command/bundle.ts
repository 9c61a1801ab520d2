// rinsight bundle: a report with its inputs as one archive, to be verified by somebody who has nothing but Rinsight.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { ReproductionError } from "../base/errors.js";
import { count } from "../base/format.js";
import { writeAtomically } from "../base/write.js";
import { pack } from "../reproduce/archive.js";
import { filesUnder, locateInputs } from "../reproduce/inputs.js";
import { INPUTS_FOLDER, readManifest } from "../reproduce/verify-report.js";
import { readPlan } from "../sweep/plan.js";
import { newCommand } from "./command.js";

interface Options {
  readonly inputs: string;
  readonly plan?: string;
  readonly out?: string;
  readonly json?: true;
}

export function command(): Command {
  return newCommand(
    "bundle",
    "Pack a report, its inputs and its plan into one archive that rinsight verify checks.",
    "rinsight bundle reports/reference --plan data/sweeps/reference.json --out reference.tar.gz",
  )
    .argument("<report>", "folder that rinsight report wrote")
    .option("--inputs <folder>", "where the inputs of the report lie", path.join("data", "runs"))
    .option("--plan <file>", "plan of the sweep, to go with it")
    .option("--out <file>", "archive to write (default: <report>.tar.gz)")
    .action((report: string, options: Options) => {
      const manifest = readManifest(report);
      const located = locateInputs(manifest.inputs, [path.join(report, INPUTS_FOLDER), options.inputs]);
      const [missing] = located.differences;
      if (missing !== undefined) {
        throw new ReproductionError(
          `bundle: every input must be there unaltered, got ${missing.where} ${missing.new} instead of ${missing.old}; name its folder with --inputs`,
        );
      }
      const files = new Map<string, Uint8Array>();
      for (const file of filesUnder(report)) {
        files.set(path.relative(report, file).split(path.sep).join("/"), readFileSync(file));
      }
      for (const file of located.files) files.set(`${INPUTS_FOLDER}/${path.basename(file)}`, readFileSync(file));
      if (options.plan !== undefined) {
        readPlan(options.plan);
        files.set("plan.json", readFileSync(options.plan));
      }
      const archive = pack(files);
      const out = options.out ?? `${path.basename(path.resolve(report))}.tar.gz`;
      writeAtomically(out, archive);
      const facts = { out, files: files.size, inputs: located.files.length, bytes: archive.length };
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(facts)}\n`
          : `${out}: ${facts.files} files, ${facts.inputs} of them inputs, ${count(facts.bytes)} bytes\n`,
      );
    });
}
