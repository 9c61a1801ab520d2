// Every chart of a report, from what was read and what was concluded. A chart whose data are absent is left out.
import { normalQuantile, studentTwoSided } from "../fit/distributions.js";
import type { Fit } from "../fit/record.js";
import { powerLawWithLimit } from "../law/power-law.js";
import { heldOutChart, profileChart, residualsChart } from "./charts/diagnostics.js";
import { excessChart, type LossChartData, lossChart } from "./charts/loss.js";
import { type ParameterEstimate, parametersChart, regionChart } from "./charts/parameters.js";
import { type Chart, drawn, type Row } from "./charts/parts.js";
import { learningChart, multiplierChart, rankingChart, roundsChart } from "./charts/schemes.js";
import { isAt } from "./ranking.js";
import type { Analysis, ReportPoint, ReportSource, Variable } from "./record.js";

const LINE_STEPS = 48;
/** Laws are drawn this factor beyond the largest budget. */
const EXTRAPOLATION = 4;
/** More schemes than this are ranked, not drawn as curves. */
const MOST_CURVES = 16;

/**
 * The charts of a report, in its order, as plain Vega-Lite specs; one whose data are absent is left out.
 *
 * @example
 * import { analyse, draw, readSource } from "rinsight";
 *
 * const { source } = await readSource(["curves.csv"]);
 * const charts = draw(source, analyse(source, { title: "Mine", bootstrap: 200 }));
 * console.log(charts[0]?.name); // loss-tokens
 */
export function draw(source: ReportSource, analysis: Analysis): readonly Chart[] {
  const labels = source.schemes.map((scheme) => scheme.label);
  const labelOf = new Map(source.schemes.map((scheme) => [scheme.name, scheme.label]));
  const relabel = <T extends { readonly scheme: string }>(rows: readonly T[]): (T & { scheme: string })[] =>
    rows.map((row) => ({ ...row, scheme: labelOf.get(row.scheme) ?? row.scheme }));
  const ranked = rankedChart(source, analysis, labels, relabel);
  if (labels.length > MOST_CURVES) return ranked;
  const charts: Chart[] = [];
  const loss = (variable: Variable) => lossData(source, analysis, labels, variable);
  const hasFlops = source.points.some((point) => point.flops !== null && point.excluded === null);
  if (analysis.variable === "tokens") charts.push(lossChart(loss("tokens")));
  if (hasFlops) charts.push(lossChart(loss("flops")));
  const main = loss(analysis.variable);
  if (analysis.fits.some((fit) => fit !== null)) {
    charts.push(excessChart(main));
    charts.push(
      parametersChart(
        labels,
        estimates(analysis, labels, "limit"),
        estimates(analysis, labels, "exponent"),
        analysis.level,
      ),
    );
  }
  const regions = analysis.comparison?.attribution.regions ?? [];
  if (regions.some((region) => region.polygon.length > 0)) charts.push(regionChart(labels, regions, analysis.level));
  const multipliers = analysis.comparison?.multipliers ?? [];
  if (multipliers.some((one) => one.curve.some((point) => point.multiplier !== null))) {
    const rows = multipliers.flatMap((one) =>
      one.curve.map(
        (point): Row => ({
          scheme: one.scheme,
          budget: drawn(point.budget),
          multiplier: rounded(point.multiplier),
          lower: rounded(point.lower),
          upper: rounded(point.upper),
          extrapolated: point.extrapolated,
        }),
      ),
    );
    charts.push(
      multiplierChart(labels, analysis.comparisonVariable, analysis.comparison?.baseline ?? "", rows, analysis.level),
    );
  }
  charts.push(...ranked);
  const residuals = residualRows(source, analysis);
  if (residuals.length > 0) charts.push(residualsChart(labels, analysis.variable, relabel(residuals)));
  if (analysis.profiles.length > 0) {
    const cutoffs = analysis.profileCutoffs.flatMap((cutoff) => cutoff ?? []);
    charts.push(
      profileChart(
        labels,
        relabel(analysis.profiles).map((row): Row => ({ ...row })),
        Math.max(...cutoffs),
        analysis.level,
      ),
    );
  }
  if (analysis.heldOut.length > 0) {
    const laws = [...new Set(analysis.heldOut.map((row) => row.law))];
    charts.push(
      heldOutChart(
        labels,
        laws,
        relabel(analysis.heldOut).map((row): Row => ({ ...row })),
      ),
    );
  }
  if (source.rounds.length > 0)
    charts.push(
      roundsChart(
        labels,
        relabel(lastRounds(source)).map((row): Row => ({ ...row })),
        baselineLoss(analysis),
      ),
    );
  if (source.points.some((point) => point.learningRate !== null)) {
    charts.push(
      learningChart(labels, relabel(source.points.filter((point) => point.learningRate !== null).map(pointRow))),
    );
  }
  return charts;
}

const rounded = (value: number | null): number | null => (value === null ? null : drawn(value));

function pointRow(point: ReportPoint): Row & { readonly scheme: string } {
  const { scheme, run, seed, tokens, flops, loss, learningRate, decayed } = point;
  return { scheme, run, seed, tokens, flops, loss, learningRate, decayed: decayed ?? true };
}

/** theta in the law's order, or null where a parameter is missing. */
function theta(fit: Fit): number[] | null {
  const values = powerLawWithLimit.parameters.flatMap((parameter) => fit.parameters[parameter.name]?.estimate ?? []);
  return values.length === powerLawWithLimit.parameters.length ? values : null;
}

/** Standard error of the law's value by the delta method: √(gᵀΣg); null where Σ is not defined. */
function bandError(fit: Fit, gradient: Float64Array): number | null {
  const { correlation } = fit;
  if (correlation === null) return null;
  const slopes = correlation.names.map((name) => {
    const index = powerLawWithLimit.parameters.findIndex((parameter) => parameter.name === name);
    return (gradient[index] ?? Number.NaN) * (fit.parameters[name]?.standardError ?? Number.NaN);
  });
  let variance = 0;
  for (const [i, a] of slopes.entries()) {
    for (const [j, b] of slopes.entries()) variance += a * b * (correlation.matrix[i]?.[j] ?? Number.NaN);
  }
  return Number.isFinite(variance) ? Math.sqrt(Math.max(0, variance)) : null;
}

function lossData(
  source: ReportSource,
  analysis: Analysis,
  labels: readonly string[],
  variable: Variable,
): LossChartData {
  const points: Row[] = [];
  const lines: Row[] = [];
  source.schemes.forEach((scheme, order) => {
    const fit = analysis.fits[order] ?? null;
    const own = source.points.filter((p) => p.scheme === scheme.name && p.excluded === null && p[variable] !== null);
    const limit = fit?.parameters.limit?.estimate ?? null;
    for (const point of own) {
      points.push({
        ...pointRow(point),
        scheme: scheme.label,
        excess: limit === null ? null : drawn(point.loss - limit),
      });
    }
    const first = own[0];
    const scale = first === undefined ? null : ratio(first, variable, analysis.variable);
    const values = fit === null ? null : theta(fit);
    if (fit === null || values === null || scale === null) return;
    const budgets = own.flatMap((point) => point[variable] ?? []);
    const [low, high] = [Math.min(...budgets), Math.max(...budgets)];
    const t = studentTwoSided(analysis.level, Math.max(1, fit.degreesOfFreedom));
    const gradient = new Float64Array(values.length);
    const row = (x: number, extrapolated: boolean): Row => {
      const loss = powerLawWithLimit.gradient(values, [x * scale], gradient);
      const error = bandError(fit, gradient);
      const half = error === null ? 0 : t * error;
      return {
        scheme: scheme.label,
        x: drawn(x),
        loss: drawn(loss),
        excess: drawn(loss - (values[0] ?? 0)),
        lower: drawn(loss - half),
        upper: drawn(loss + half),
        extrapolated,
      };
    };
    for (let step = 0; step <= LINE_STEPS; step++) lines.push(row(low * (high / low) ** (step / LINE_STEPS), false));
    for (let step = 0; step <= LINE_STEPS / 3; step++)
      lines.push(row(high * EXTRAPOLATION ** (step / (LINE_STEPS / 3)), true));
  });
  return { variable, labels, points, lines, level: analysis.level };
}

/** The fit's variable per unit of the drawn one: constant within a scheme. */
function ratio(point: ReportPoint, drawnVariable: Variable, fitted: Variable): number | null {
  const [over, under] = [point[fitted], point[drawnVariable]];
  return over === null || under === null ? null : over / under;
}

function estimates(analysis: Analysis, labels: readonly string[], name: string): ParameterEstimate[] {
  return analysis.fits.flatMap((fit, order) => {
    const parameter = fit?.parameters[name];
    const scheme = labels[order];
    if (fit === null || parameter === undefined || scheme === undefined) return [];
    return [
      {
        scheme,
        estimate: drawn(parameter.estimate),
        lower: rounded(parameter.interval?.lower ?? null),
        upper: rounded(parameter.interval?.upper ?? null),
        status: fit.status,
      },
    ];
  });
}

function residualRows(source: ReportSource, analysis: Analysis): (Row & { readonly scheme: string })[] {
  const rows = source.points.flatMap((point) => {
    const fit = analysis.fits[source.schemes.findIndex((scheme) => scheme.name === point.scheme)] ?? null;
    const values = fit === null ? null : theta(fit);
    const x = point[analysis.variable];
    if (point.excluded !== null || values === null || x === null) return [];
    return [{ ...pointRow(point), residual: drawn(point.loss - powerLawWithLimit.value(values, [x])) }];
  });
  const order = [...rows.keys()].sort((a, b) => (rows[a]?.residual ?? 0) - (rows[b]?.residual ?? 0));
  const quantiles = new Map(order.map((row, rank) => [row, normalQuantile((rank + 0.5) / rows.length)]));
  return rows.map((row, index) => ({ ...row, quantile: drawn(quantiles.get(index) ?? 0) }));
}

/** Each scheme's checkpoints at its own largest horizon. */
function lastRounds(source: ReportSource): ReportSource["rounds"] {
  const largest = new Map<string, number>();
  for (const { scheme, tokens } of source.rounds) largest.set(scheme, Math.max(tokens, largest.get(scheme) ?? 0));
  return source.rounds.filter((row) => row.tokens === largest.get(row.scheme));
}

/** The baseline has nothing to repeat, so it stands as a line: only where it is the cheapest scheme. */
function baselineLoss(analysis: Analysis): number | null {
  const first = analysis.schemes[0];
  return first?.costFactor === 1 ? (first.largest?.loss ?? null) : null;
}

function rankedChart(
  source: ReportSource,
  { ranking, comparisonVariable }: Analysis,
  labels: readonly string[],
  relabel: (rows: readonly (Row & { readonly scheme: string })[]) => readonly Row[],
): readonly Chart[] {
  if (ranking === null) return [];
  const rows = source.points.filter(
    (point) => point.excluded === null && isAt(point, comparisonVariable, ranking.budget),
  );
  const order = ranking.schemes.map(({ label }) => label);
  return [rankingChart(labels, order, relabel(rows.map(pointRow)))];
}
