// rinsight report: run files or tables to a folder with a page, its twin, tables, charts and a manifest.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { InputError, shown } from "../base/errors.js";
import { checkFolder, writeFolder } from "../report/folder.js";
import { MOST_REPLICATES, PAGE_NAME } from "../report/record.js";
import { reportOf } from "../report/report-of.js";
import { serveSweep } from "../report/serve.js";
import { terminalReport } from "../report/terminal.js";
import { allocationText } from "./allocate.js";
import { addReadingOptions, checkReplicates, type DataFlags, repeated, selectionOf } from "./analysis-options.js";
import { newCommand } from "./command.js";
import { list, positive, share, whole } from "./flags.js";
import { say } from "./terminal.js";

interface Flags extends DataFlags {
  readonly out: string;
  readonly title?: string;
  readonly see?: string;
  readonly baseline?: string;
  readonly bootstrap: string;
  readonly seed: string;
  readonly law?: string;
  readonly at?: string;
  readonly heldOut?: string;
  readonly serve?: boolean;
  readonly port: string;
}

export function command(): Command {
  return addReadingOptions(
    newCommand(
      "report",
      "write a report: a page, its README, tables, charts and how they were made",
      "rinsight report data/runs/reference --out reports/reference",
    ),
  )
    .argument("<RUNS...>", "run files, tables, what other tools log, and folders of them")
    .option("--out <FOLDER>", "where the report goes", "reports/report")
    .option("--title <TITLE>", "heading of the page (default: the name of the folder)")
    .option("--see <PAGE>", "a page beside the report that its head links to: a file's name")
    .option("--x <COL>", "column of the budget, for tables")
    .option("--y <COL>", "column of the loss, for tables")
    .option("--by <COL,…>", "columns that tell schemes apart, for tables; none for one scheme")
    .option("--derive <TOKENS=STEP*524288>", "add a column by a formula; may be given again", repeated)
    .option("--where <EXPR>", "keep rows for which this holds, for tables")
    .option("--pair-by <COL,…>", "columns that match points across schemes, for tables: horizon and seed")
    .option("--law <NAME>", "chinchilla or chinchilla-tied: a report on sizes, L(N, D) (default: one on curves)")
    .option("--map <N=COL,D=COL>", "columns of parameters, tokens and flops of a report on sizes")
    .option("--at <C,…>", "budgets to forecast the loss at; of a report on sizes, FLOPs to split")
    .option("--held-out <K>", "largest budgets kept out of forecasts, to score them")
    .option("--baseline <SCHEME>", "the scheme that the others are held against (default: the cheapest, or the first)")
    .option("--level <LEVEL>", "confidence level of the intervals", ".95")
    .option("--bootstrap <N>", "bootstrap replicates of the comparison, of up to 40 schemes", "1000")
    .option("--seed <SEED>", "seed of everything random", "0")
    .option("--serve", "show a folder of runs while it trains, on a local page, and write nothing")
    .option("--port <PORT>", "port of that page; 0 for any that is free", "0")
    .action(run);
}

async function run(files: readonly string[], flags: Flags): Promise<void> {
  if (flags.serve === true) {
    const [folder] = files;
    if (folder === undefined || files.length !== 1) {
      throw new InputError(
        `report --serve: one folder of runs must be given, got ${files.length}; name the folder alone`,
      );
    }
    const server = await serveSweep(folder, whole("report --port", flags.port, 0, 65535));
    say(`${server.url} shows ${folder}; Ctrl-C closes it and harms nothing`);
    process.once("SIGINT", () => server.close());
    process.once("SIGTERM", () => server.close());
    await server.closed;
    return;
  }
  const level = share("report --level", flags.level);
  const options = {
    title: flags.title ?? path.basename(path.resolve(flags.out)),
    level,
    bootstrap: whole("report --bootstrap", flags.bootstrap, 0, MOST_REPLICATES),
    seed: whole("report --seed", flags.seed),
    baseline: flags.baseline ?? null,
    selection: selectionOf(flags),
    ...(flags.law === undefined ? {} : { law: flags.law }),
    ...(flags.at === undefined ? {} : { at: list(flags.at).map((text) => positive("report --at", text)) }),
    ...(flags.see === undefined ? {} : { see: pageName(flags.see) }),
    ...(flags.heldOut === undefined ? {} : { heldOut: whole("report --held-out", flags.heldOut, 1) }),
  };
  checkReplicates("report", options.bootstrap);
  checkFolder(flags.out);
  const report = await reportOf(files, options, versions());
  for (const note of report.notes) say(note);
  writeFolder(flags.out, report.files);
  const page = path.join(flags.out, "index.html");
  if (flags.json === true) {
    const { verdict, analysis } = report;
    process.stdout.write(`${JSON.stringify({ page, verdict, analysis }, null, 2)}\n`);
    return;
  }
  const text =
    report.kind === "curves"
      ? terminalReport(report.source, report.analysis)
      : report.analysis.families
          .flatMap(({ allocation }) => allocation ?? [])
          .map(allocationText)
          .join("\n");
  process.stdout.write(`${text}\n${page}\n`);
}

function pageName(name: string): string {
  if (PAGE_NAME.test(name)) return name;
  throw new InputError(
    `report --see: must be the name of a page beside the report, such as notes.html, got ${shown(name)}; name the file alone`,
  );
}

/** Rinsight, Node's major version, and the commit where the working folder is Rinsight's own repository. */
function versions(): Readonly<Record<string, string>> {
  const root = new URL("../../", import.meta.url);
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const known = { rinsight: manifest.version, node: process.versions.node };
  try {
    const commit = execFileSync("git", ["-C", root.pathname, "rev-parse", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { ...known, commit: commit.trim() };
  } catch {
    return known;
  }
}
