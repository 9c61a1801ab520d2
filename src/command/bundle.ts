// rinsight bundle: a report with its inputs as one archive, to be verified by somebody who has nothing but Rinsight.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { InputError, ReproductionError, shown } from "../base/errors.js";
import { count } from "../base/format.js";
import { sha256 } from "../base/json.js";
import { writeAtomically } from "../base/write.js";
import { readTable } from "../curve/read/read-table.js";
import { pack } from "../reproduce/archive.js";
import {
  CONTENTS_FILE,
  contentsOf,
  INPUTS_FOLDER,
  isBundled,
  namesUnder,
  PLAN_FILE,
} from "../reproduce/bundle-files.js";
import { locateInputs, usualPlaces } from "../reproduce/inputs.js";
import { readManifest } from "../reproduce/verify-report.js";
import { expandPlan } from "../sweep/expand.js";
import { readPlan } from "../sweep/plan.js";
import { keepApart } from "./apart.js";
import { addLimits, newCommand } from "./command.js";

interface Options {
  readonly inputs?: string;
  readonly plan?: string;
  readonly out?: string;
  readonly json?: true;
}

export function command(): Command {
  return addLimits(
    newCommand(
      "bundle",
      "pack a report, its inputs and its plan into one archive that rinsight verify checks",
      "rinsight bundle reports/2026-11-24_reference --out reference.tar.gz",
    ),
  )
    .argument("<report>", "folder that rinsight report wrote")
    .option("--inputs <folder>", "where the inputs of the report lie (default: as rinsight verify)")
    .option("--plan <file>", "plan of the sweep, to go with it")
    .option("--out <file>", "archive to write (default: <report>.tar.gz)")
    .action(async (report: string, options: Options) => {
      const manifest = readManifest(report);
      const located = locateInputs(manifest.inputs, [
        path.join(report, INPUTS_FOLDER),
        ...(options.inputs === undefined ? usualPlaces(report) : [options.inputs]),
      ]);
      const [missing] = located.differences;
      if (missing !== undefined) {
        throw new ReproductionError(
          `bundle: every input must be there unaltered, got ${missing.where} ${missing.new} instead of ${missing.old}; name its folder with --inputs`,
        );
      }
      const files = new Map<string, Uint8Array>();
      for (const name of namesUnder(report)) {
        if (!isBundled(name)) files.set(name, readFileSync(path.join(report, name)));
      }
      for (const file of located.files) {
        const content = readFileSync(file);
        const name = `${INPUTS_FOLDER}/${path.basename(file)}`;
        // Inputs of one name, from several folders.
        const place = files.has(name) ? `${INPUTS_FOLDER}/${sha256(content).slice(0, 8)}/${path.basename(file)}` : name;
        files.set(place, content);
      }
      if (options.plan !== undefined) {
        await checkPlanned(options.plan, located.files);
        files.set(PLAN_FILE, readFileSync(options.plan));
      }
      files.set(CONTENTS_FILE, Buffer.from(contentsOf(files)));
      const archive = pack(files);
      const out = options.out ?? `${path.basename(path.resolve(report))}.tar.gz`;
      const own = namesUnder(report).map((name) => path.join(report, name));
      keepApart(out, [...own, ...located.files, ...(options.plan === undefined ? [] : [options.plan])]);
      writeAtomically(out, archive);
      const facts = { out, files: files.size, inputs: located.files.length, bytes: archive.length };
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(facts)}\n`
          : `${out}: ${facts.files} files, ${facts.inputs} of them inputs, ${count(facts.bytes)} bytes\n`,
      );
    });
}

/** A plan that goes with runs must be the one they were trained by: the ids of its runs are those of the inputs. */
async function checkPlanned(file: string, inputs: readonly string[]): Promise<void> {
  const plan = readPlan(file);
  const { runs } = await readTable(inputs);
  const refuse = (got: string) =>
    new InputError(
      `bundle: --plan must be the plan of the report's runs, got ${got}; give the plan they were trained by`,
    );
  const [first] = runs;
  if (first === undefined) throw refuse(`${shown(plan.name)} for inputs that are no runs`);
  const planned = new Set(
    expandPlan(plan, { ...first.header.corpus, trainTokens: Number.POSITIVE_INFINITY }).map(({ id }) => id),
  );
  const foreign = runs.filter(({ header }) => !planned.has(header.id));
  if (foreign.length > 0) {
    throw refuse(`${shown(plan.name)}, which lacks ${foreign.length} of ${runs.length} (${foreign[0]?.header.id})`);
  }
}
