// rinsight demo (npm start): the whole chain at a small size, composed of the commands that a study would use.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { InputError, shown } from "../base/errors.js";
import { makeFolder } from "../base/write.js";
import { serveSweep } from "../report/serve.js";
import { EXIT_INTERRUPTED } from "../sweep/outcome.js";
import { newCommand } from "./command.js";
import { showPictures } from "./demo-pictures.js";
import { choice } from "./flags.js";
import { command as report } from "./report.js";
import { sweepPlan } from "./sweep.js";
import { say } from "./terminal.js";

const STUDY = "../../reports/2026-11-26_saturation/index.html";
const SIZES = ["demo", "smoke"];
const PICTURES = "pictures.html";
const TASKS = ["language", "image-text"] as const;

interface Options {
  readonly size: string;
  readonly task: string;
  readonly json?: true;
}

export function command(): Command {
  return newCommand(
    "demo",
    "train a small recursion grid on real text, fit, compare and report: the whole of Rinsight in minutes",
    "rinsight demo --size smoke",
  )
    .option("--size <name>", "demo (minutes) or smoke (seconds, to try the installation)", "demo")
    .option("--task <name>", "language, or image-text: emoji and their captions, two towers", "language")
    .action(async ({ size, task, json }: Options) => {
      if (!SIZES.includes(size)) {
        throw new InputError(
          `demo: --size must be ${SIZES.join(" or ")}, got ${shown(size)}; see rinsight demo --help`,
        );
      }
      const pictures = choice("demo --task", task, TASKS) === "image-text";
      const plan = pictures ? `image-text-${size}` : size;
      const runs = path.join("data", "runs", plan);
      const out = path.join("reports", plan);
      const asJson = json === true ? ["--json"] : [];
      if (!(await trained(plan, runs))) {
        if (process.exitCode === EXIT_INTERRUPTED) say("stopped; the same command goes on from here");
        return;
      }
      const see = pictures ? ["--see", PICTURES] : [];
      const title = size === "demo" ? "Recursion demo" : "Smoke run";
      await report().parseAsync([runs, "--out", out, "--title", title, ...see, ...asJson], { from: "user" });
      if (pictures) await showPictures(plan, path.join(out, PICTURES));
      else if (json !== true) process.stdout.write(further());
    });
}

/** Where the same question was asked with more compute; nothing where the package has no reports. */
function further(): string {
  const page = path.relative(process.cwd(), fileURLToPath(new URL(STUDY, import.meta.url)));
  return existsSync(page)
    ? `\nTrained for longer, recursion catches up: ${page} has a larger model with far more tokens.\n`
    : "";
}

/** Trains what is missing; while it does, a page on this machine shows the curves as they grow. */
async function trained(size: string, runs: string): Promise<boolean> {
  makeFolder(runs);
  const live = await serveSweep(runs, 0);
  say(`watch the curves grow at ${live.url}`);
  try {
    return await sweepPlan(size, runs);
  } finally {
    live.close();
  }
}
