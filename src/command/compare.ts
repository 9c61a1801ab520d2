// rinsight compare: schemes against a baseline, with a verdict on exponent or limit, differences and multipliers.
import type { Command } from "commander";
import { count, fixed, significant } from "../base/format.js";
import { shortName } from "../base/visible.js";
import { writeAtomically } from "../base/write.js";
import { baselineIndex } from "../compare/baseline.js";
import { compare } from "../compare/compare.js";
import type {
  Attribution,
  Comparison,
  Difference,
  MeasuredDifference,
  Multiplier,
  NestedTests,
  Robustness,
  Trend,
} from "../compare/comparison.js";
import { isUndone } from "../compare/obstacles.js";
import { thinned } from "../curve/thin.js";
import { groupName } from "../fit/problem/columns.js";
import { answerText } from "../report/sentences.js";
import { CATALOGUE } from "../scheme/catalogue.js";
import { type AnalysisFlags, addAnalysisOptions, checkReplicates, loadAnalysis } from "./analysis-options.js";
import { newCommand } from "./command.js";
import { fitDoubts, fitsJson, fitTable } from "./fit.js";
import { positive } from "./flags.js";
import { say } from "./terminal.js";

interface CompareFlags extends AnalysisFlags {
  readonly baseline?: string;
  readonly budget?: string;
  readonly robustness?: boolean;
  readonly along?: string;
}

export function command(): Command {
  return addAnalysisOptions(
    newCommand(
      "compare",
      "compare schemes: exponent or limit, differences, compute multipliers",
      "rinsight compare notebooks/curves.csv --x tokens --y loss --by scheme --pair-by tokens,seed --baseline baseline",
    ),
  )
    .option(
      "--baseline <GROUP>",
      "the scheme that the others are held against (default: the one called baseline, plain or vanilla, else the first)",
    )
    .option("--pair-by <COL,…>", "columns that match points across schemes: horizon and seed")
    .option(
      "--along <FORMULA>",
      "also fit parameters as straight lines in this: rounds, 'log(rounds)' (needs --by rounds)",
    )
    .option("--budget <X>", "value of x at which losses are compared (default: the largest that all schemes reach)")
    .option("--robustness", "also fit under other losses, windows, limit rules and outlier rules")
    .action(async (files: readonly string[], flags: CompareFlags) => {
      const budget = flags.budget === undefined ? null : positive("--budget", flags.budget);
      const loaded = await loadAnalysis(files, flags);
      const { groups, notes } = thinned(loaded.groups);
      const analysis = { ...loaded, groups, notes: [...loaded.notes, ...notes] };
      const replicates = flags.bootstrap === undefined ? null : analysis.options.bootstrap;
      if (replicates !== null) checkReplicates("compare", replicates);
      const names = analysis.groups.map(groupName);
      const baseline = names[baselineIndex(names, flags.baseline ?? null, catalogueNames(names))] ?? null;
      for (const note of [...analysis.notes, ...narrowFlags(flags)]) say(note);
      const comparison = compare(analysis.groups, {
        law: analysis.law,
        fit: analysis.options,
        baseline,
        covariate: flags.along ?? null,
        ...(replicates === null ? {} : { replicates }),
        method: analysis.options.resample ?? "wild",
        unit: analysis.options.unit,
        budget,
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
      for (const line of fitDoubts(comparison.fits)) say(line);
      for (const warning of warnings) say(`${warning.code}: ${warning.message}`);
    });
}

/** What flags change where they do not change the whole comparison. */
function narrowFlags(flags: CompareFlags): readonly string[] {
  const shownOnly = [
    ...(flags.interval === "auto" ? [] : [`--interval ${flags.interval}`]),
    ...(Number(flags.heldOut) === 0 ? [] : [`--held-out ${flags.heldOut}`]),
  ];
  return [
    ...(shownOnly.length === 0
      ? []
      : [`${shownOnly.join(", ")}: for the table of fits alone; tests, differences and multipliers go on without`]),
    ...(flags.loss !== "squared"
      ? [`--loss ${flags.loss}: for the fits, differences and multipliers; the tests are of least squares`]
      : []),
  ];
}

/** Runs are grouped by label: the catalogue's names of those labels, rins-3 → RINS r=3 (A^3 B). */
function catalogueNames(labels: readonly string[]): ReadonlyMap<string, string> {
  const known = CATALOGUE.filter(({ scheme }) => labels.includes(scheme.label));
  return new Map(known.map(({ name, scheme }) => [name, scheme.label]));
}

/** The comparison for a terminal: fits, tests with the verdict, differences, multipliers. */
export function comparisonText(comparison: Comparison): string {
  const { attribution, bootstrap, clusters, differences, measured, multipliers, trends } = comparison;
  const lines = [
    fitTable(comparison.fits),
    answerText(comparison),
    ...tests(attribution),
    ...attribution.obstacles.map(({ scheme, code }) => `  no verdict: ${shortName(scheme)}: ${code}`),
    "",
    `Against ${shortName(comparison.baseline)} (Holm over ${attribution.pairs.length}):`,
    ...attribution.pairs.map(
      (pair) =>
        `  ${pair.schemes
          .filter((name) => name !== comparison.baseline)
          .map((name) => shortName(name))
          .join(", ")}: ${pairVerdict(pair, attribution)}`,
    ),
    "",
    `Differences from ${shortName(comparison.baseline)} (intervals and p over all schemes of a row's quantity: max-t):`,
    ...differences.map((row) => `  ${difference(row, attribution.alpha)}`),
    ...measured.map((row) => `  ${measuredText(row)}`),
    "",
    "Budget the baseline needs for the same loss, over the scheme's, at each scheme's own largest budget:",
    ...multipliers.map((one) => `  ${multiplier(one)}`),
    "",
    ...trends.map((one) => `  ${trend(one)}`),
    clusters.by === "point"
      ? "Standard errors take every point for independent of the others"
      : `Standard errors by ${clusters.by}: ${clusters.count} clusters`,
    drawn(bootstrap),
    ...(comparison.robustness === null ? [] : [robust(comparison.robustness)]),
  ];
  return `${lines.join("\n")}\n`;
}

/** What forbids a verdict over all schemes forbids that of a pair it is in. */
function pairVerdict({ schemes, verdict }: NestedTests, { obstacles }: Attribution): string {
  return obstacles.some(({ scheme }) => schemes.includes(scheme)) ? "cannot tell" : verdict;
}

function tests(nested: NestedTests): readonly string[] {
  return nested.tests.map((test) => {
    const calibrated =
      test.calibratedPValue === null ? "" : `, with the noise as it is p = ${significant(test.calibratedPValue, 3)}`;
    return `  ${test.model.padEnd(16)} F(${test.numeratorDf}, ${test.denominatorDf}) = ${significant(test.fStatistic)}, p = ${significant(test.pValue, 3)}${calibrated}${test.rejected ? "  rejected" : ""}`;
  });
}

function difference(row: Difference, alpha: number): string {
  const { simultaneous } = row;
  const interval =
    simultaneous === null ? "" : ` [${significant(simultaneous.lower)}, ${significant(simultaneous.upper)}]`;
  const at = row.budget === null ? "" : ` at ${count(row.budget)}`;
  if (simultaneous === null && row.pValue === null) {
    return `${shortName(row.scheme)} ${row.quantity}${at}: ${significant(row.difference)}, without an interval: a fit ended at its bound, or no point is left over`;
  }
  const bends = isUndone(row, alpha)
    ? `; not told: the shape of the laws is rejected, a bend moves it by ${significant(row.bend, 2)}`
    : "";
  const unseen =
    row.told || bends !== "" || row.detectable === null
      ? ""
      : `; not told from 0: 80 of 100 such studies would show ${significant(row.detectable, 2)}`;
  const better = row.probabilityBetter === null ? "" : `, P(better) ${probability(row.probabilityBetter)}`;
  return `${shortName(row.scheme)} ${row.quantity}${at}: ${significant(row.difference)}${interval}${better}, p ${significant(row.adjustedPValue, 3)}${bends}${unseen}`;
}

function measuredText({ scheme, budget, pairs, difference, simultaneous, adjustedPValue }: MeasuredDifference): string {
  return `${shortName(scheme)} loss at ${count(budget)} by ${pairs} pairs of points, without a law: ${significant(difference)} [${significant(simultaneous.lower)}, ${significant(simultaneous.upper)}], p ${significant(adjustedPValue, 3)}`;
}

function trend({ parameter, covariate, slope, interval, pValue, linePValue }: Trend): string {
  const bounds = interval === null ? "" : ` [${significant(interval.lower)}, ${significant(interval.upper)}]`;
  const line = linePValue === null ? "" : `; a straight line is enough at p ${significant(linePValue, 3)}`;
  return `${parameter} along ${covariate}: ${significant(slope)}${bounds}, p ${significant(pValue, 3)}${line}`;
}

/** Replicates that all agree do not make a thing certain. */
function probability(share: number): string {
  return share > 0.999 ? "> .999" : share < 0.001 ? "< .001" : fixed(share, 3);
}

function multiplier({ scheme, last, crossover, level }: Multiplier): string {
  // A dash is a bound that the data do not give.
  const interval = ` [${significant(last.lower, 3)}, ${significant(last.upper, 3)}] (${level * 100}%)`;
  const cross =
    crossover.budget === null
      ? "nowhere near the data"
      : `at ${count(crossover.budget)} (${crossover.position} the data)`;
  return `${shortName(scheme)}: ${significant(last.multiplier, 3)}${interval} at ${count(last.budget)}${last.extrapolated ? " (extrapolated)" : ""}; the laws cross ${cross}`;
}

function drawn({ method, unit, replicates, seed }: Comparison["bootstrap"]): string {
  if (replicates === 0) return "No replicates: P(better) and shares of crossings are left out";
  return `${method[0]?.toUpperCase()}${method.slice(1)} replicates by ${unit}: ${replicates} for P(better) and crossings; seed ${seed}`;
}

/** The shares are of choices that agree with the first one that ranks the schemes. */
function robust(table: Robustness): string {
  const first = (ranking: "byExponent" | "byLimit") => table.rows.find((row) => row[ranking].length > 0)?.[ranking][0];
  return `Over ${table.rows.length} choices of loss, window, limit rule and outliers the best exponent stays ${shortName(first("byExponent") ?? "–")}'s in ${percent(table.sameBestExponent)}, the best limit ${shortName(first("byLimit") ?? "–")}'s in ${percent(table.sameBestLimit)}`;
}

const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(100 * share)}%`);
