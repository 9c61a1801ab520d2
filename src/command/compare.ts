// rinsight compare: schemes against a baseline, with a verdict on exponent or limit, differences and multipliers.
import type { Command } from "commander";
import { InputError, shown } from "../base/errors.js";
import { count, fixed, significant } from "../base/format.js";
import { writeAtomically } from "../base/write.js";
import { compare } from "../compare/compare.js";
import type { Comparison, Difference, NestedTests } from "../compare/comparison.js";
import { powerLawWithLimit } from "../law/power-law.js";
import { type AnalysisFlags, addAnalysisOptions, loadAnalysis } from "./analysis-options.js";
import { newCommand } from "./command.js";
import { fitDoubts, fitsJson, fitTable } from "./fit.js";

interface CompareFlags extends AnalysisFlags {
  readonly baseline?: string;
  readonly budget?: string;
  readonly robustness?: boolean;
}

export function command(): Command {
  return addAnalysisOptions(
    newCommand(
      "compare",
      "compare schemes: exponent or limit, differences, compute multipliers",
      "rinsight compare curves.csv --x flops --y loss --by scheme --pair-by horizon,seed --baseline baseline",
    ),
  )
    .option("--baseline <GROUP>", "the scheme that the others are held against (default: the first)")
    .option("--pair-by <COL,…>", "columns that match points across schemes: horizon and seed")
    .option("--budget <X>", "value of x at which losses are compared (default: the largest that all schemes reach)")
    .option("--robustness", "also fit under other losses, windows, limit rules and outlier rules")
    .action(async (files: readonly string[], flags: CompareFlags) => {
      const analysis = await loadAnalysis(files, flags);
      if (analysis.law.name !== powerLawWithLimit.name || Object.keys(analysis.options.fixed).length > 0) {
        throw new InputError(
          `compare: schemes are compared under ${powerLawWithLimit.name} with nothing fixed, got ${analysis.law.name}; use rinsight fit for other laws`,
        );
      }
      for (const note of analysis.notes) process.stderr.write(`${note}\n`);
      const comparison = compare(analysis.groups, {
        fit: analysis.options,
        baseline: flags.baseline ?? null,
        ...(flags.bootstrap === undefined
          ? {}
          : {
              replicates: analysis.options.bootstrap,
              ...(analysis.options.bootstrap === 0 ? { testReplicates: 0 } : {}),
            }),
        budget: flags.budget === undefined ? null : positive("--budget", flags.budget),
        robustness: flags.robustness === true,
      });
      const warnings = [...analysis.warnings, ...comparison.warnings];
      const record = {
        ...comparison,
        ...fitsJson(comparison.fits, [], analysis.options.seed, warnings),
      };
      const json = `${JSON.stringify(record, null, 2)}\n`;
      if (flags.out !== undefined) writeAtomically(flags.out, json);
      process.stdout.write(flags.json === true ? json : comparisonText(comparison));
      for (const line of fitDoubts(comparison.fits)) process.stderr.write(`${line}\n`);
      for (const warning of warnings) process.stderr.write(`${warning.code}: ${warning.message}\n`);
    });
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InputError(`${flag}: must be a positive number, got ${shown(text)}; give a value of x`);
  }
  return value;
}

/** The comparison for a terminal: fits, tests with the verdict, differences, multipliers. */
export function comparisonText(comparison: Comparison): string {
  const { attribution, bootstrap, differences, multipliers } = comparison;
  const lines = [
    fitTable(comparison.fits),
    `Exponent or limit, over all schemes: ${attribution.verdict}`,
    ...tests(attribution),
    ...attribution.obstacles.map(({ scheme, code }) => `  no verdict: ${scheme}: ${code}`),
    "",
    `Against ${comparison.baseline} (Holm over ${attribution.pairs.length}):`,
    ...attribution.pairs.map((pair) => `  ${pair.schemes.slice(1).join(", ")}: ${pair.verdict}`),
    "",
    `Differences from ${comparison.baseline}:`,
    ...differences.map((row) => `  ${difference(row)}`),
    "",
    "Budget the baseline needs for the same loss, over the scheme's:",
    ...multipliers.map(
      ({ scheme, last, crossover, level }) =>
        `  ${scheme}: ${significant(last.multiplier, 3)} [${significant(last.lower, 3)}, ${significant(last.upper, 3)}] at ${count(last.budget)}${
          last.extrapolated ? " (extrapolated)" : ""
        }, ${level * 100}%; the laws cross ${
          crossover.budget === null
            ? "nowhere near the data"
            : `at ${count(crossover.budget)} (${crossover.position} the data)`
        }`,
    ),
    "",
    `${bootstrap.replicates} ${bootstrap.method} replicates by ${bootstrap.unit}, seed ${bootstrap.seed}`,
  ];
  const table = comparison.robustness;
  if (table !== null) {
    lines.push(
      `Over ${table.rows.length} choices of loss, window, limit rule and outliers the best exponent stays in ${percent(table.sameBestExponent)}, the best limit in ${percent(table.sameBestLimit)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function tests(nested: NestedTests): readonly string[] {
  return nested.tests.map(
    (test) =>
      `  ${test.model.padEnd(16)} F(${test.numeratorDf}, ${test.denominatorDf}) = ${significant(test.fStatistic)}, p = ${significant(test.pValue, 3)}, paired bootstrap p = ${significant(test.bootstrapPValue, 3)}${test.rejected ? "  rejected" : ""}`,
  );
}

function difference(row: Difference): string {
  const interval =
    row.interval === null ? "" : ` [${significant(row.interval.lower)}, ${significant(row.interval.upper)}]`;
  const at = row.budget === null ? "" : ` at ${count(row.budget)}`;
  return `${row.scheme} ${row.quantity}${at}: ${significant(row.difference)}${interval}, P(better) ${fixed(row.probabilityBetter, 3)}, Holm p ${significant(row.adjustedPValue, 3)}`;
}

const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(100 * share)}%`);
