// rinsight fit: one law to each group of points, with status, intervals and doubts.
import type { Command } from "commander";
import { FitError, type Warning } from "../base/errors.js";
import { percent } from "../base/format.js";
import { shortName } from "../base/visible.js";
import { writeAtomically } from "../base/write.js";
import { doubtLines } from "../fit/doubt-lines.js";
import { fit as fitLaw } from "../fit/fit.js";
import type { Fit, IntervalMethod } from "../fit/record.js";
import { type Cells, terminalTable } from "../report/cells.js";
import { fitCells, heldOutCells } from "../report/fit-cells.js";
import { type AnalysisFlags, addAnalysisOptions, loadAnalysis } from "./analysis-options.js";
import { newCommand } from "./command.js";
import { say } from "./terminal.js";

export function command(): Command {
  return addAnalysisOptions(
    newCommand(
      "fit",
      "fit a scaling law to each group of points",
      "rinsight fit notebooks/curves.csv --x tokens --y loss --by scheme",
    ),
  ).action(async (files: readonly string[], flags: AnalysisFlags) => {
    const analysis = await loadAnalysis(files, flags);
    for (const note of analysis.notes) say(note);
    for (const warning of analysis.warnings) say(`${warning.code}: ${warning.message}`);
    const fits: Fit[] = [];
    const failures: { group: Fit["group"]; message: string }[] = [];
    for (const observations of analysis.groups) {
      try {
        fits.push(fitLaw(analysis.law, observations, analysis.options));
      } catch (error) {
        if (!(error instanceof FitError)) throw error;
        failures.push({ group: observations.group, message: error.message });
      }
    }
    const [failure] = failures;
    if (fits.length === 0 && failure !== undefined) throw new FitError(inGroup(failure));
    const json = `${JSON.stringify(fitsJson(fits, failures, analysis.options.seed, analysis.warnings), null, 2)}\n`;
    if (flags.out !== undefined) writeAtomically(flags.out, json);
    process.stdout.write(flags.json === true ? json : fitTable(fits));
    for (const line of fitDoubts(fits)) say(line);
    for (const failure of failures) say(inGroup(failure));
    if (failures.length > 0) process.exitCode = 1;
  });
}

/** The fits as scripts read them: the shape is fixed, `excluded` is a count with its reasons beside it. */
export function fitsJson(
  fits: readonly Fit[],
  failures: readonly { readonly group: Fit["group"]; readonly message: string }[],
  seed: number,
  warnings: readonly Warning[],
): Readonly<Record<string, unknown>> {
  return {
    fits: fits.map((one) => ({
      group: one.group,
      law: one.law,
      formula: one.formula,
      parameters: one.parameters,
      objective: one.objective,
      status: one.status,
      statusMessage: one.statusMessage,
      points: one.points,
      degreesOfFreedom: one.degreesOfFreedom,
      residualScale: one.residualScale,
      clusters: one.clusters,
      errorRatio: one.errorRatio,
      aicc: one.aicc,
      bic: one.bic,
      excluded: one.excluded.length,
      excludedReasons: reasons(one),
      warnings: one.warnings,
      heldOut: one.heldOut,
    })),
    failures,
    warnings,
    seed,
  };
}

function reasons(one: Fit): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { code } of one.excluded) counts.set(code, (counts.get(code) ?? 0) + 1);
  return Object.fromEntries(counts);
}

const groupName = (group: Fit["group"]): string =>
  Object.values(group)
    .map((name) => shortName(name))
    .join(", ");

/** What went wrong, with the group that it went wrong in. */
function inGroup({ group, message }: { readonly group: Fit["group"]; readonly message: string }): string {
  const name = groupName(group);
  return name === "" ? message : `${name}: ${message}`;
}

/** What there is to doubt about the fits, for a terminal. */
export function fitDoubts(fits: readonly Fit[]): readonly string[] {
  return doubtLines(
    fits,
    fits.map((one) => groupName(one.group)),
  );
}

/** An aligned table, the formula, and which intervals they are. */
export function fitTable(fits: readonly Fit[]): string {
  const [first] = fits;
  if (first === undefined) return "";
  const heldOut = heldOutCells(fits);
  const level = Object.values(first.parameters).find((parameter) => parameter.interval !== null)?.interval;
  const foot =
    level === undefined || level === null ? "" : ` [${percent(level.level)} intervals: ${INTERVALS[level.method]}]`;
  const each = heldOut.rows.length === 0 ? "" : `\n${terminalTable(plain(heldOut))}`;
  return `${terminalTable(plain(fitCells(fits)))}${first.formula}${foot}\n${each}`;
}

const INTERVALS: Readonly<Record<IntervalMethod, string>> = {
  profile: "profile, noise of one size",
  "calibrated-profile": "profile, by the noise as it is",
  delta: "delta, noise of one size",
  "bootstrap-percentile": "bootstrap percentiles",
  fieller: "Fieller",
  forms: "of several forms",
  inverted: "inverted test",
};

const plain = ({ columns, rows }: Cells): Cells => ({
  columns: columns.map((one) => ({ ...one, title: shortName(one.title) })),
  rows: rows.map((row) => row.map((cell) => shortName(cell))),
});
