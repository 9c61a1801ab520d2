// Points and fitted laws as rows: what the charts of loss against a budget are drawn from.
import { extent } from "../../base/extent.js";
import { predict } from "../../fit/predict.js";
import type { Fit } from "../../fit/record.js";
import { powerLawWithLimit } from "../../law/power-law.js";
import { drawn } from "../drawn.js";
import type { ReportPoint, Variable } from "../record.js";
import type { Given, Row } from "./chart.js";

/** Laws are drawn this factor beyond the largest budget. */
const EXTRAPOLATION = 4;
const STEPS = { few: 48, crowded: 12 };

export interface LawRow extends Row {
  readonly scheme: string;
  readonly x: number;
  readonly loss: number;
  /** (L − E) over that at the scheme's smallest budget: the share of the excess loss that remains. */
  readonly remaining: number;
  readonly lower: number;
  readonly upper: number;
}

export interface LossRows {
  /** {scheme, run, seed, tokens, flops, loss, remaining}: one a seed and budget; `remaining` null where no limit was fitted. */
  readonly points: readonly (ReturnType<typeof pointRow> & { readonly remaining: number | null })[];
  /** Over the data, and from where they end. The point where they end stands in both. */
  readonly inside: readonly LawRow[];
  readonly beyond: readonly LawRow[];
}

/** A point of a curve as a row. */
export function pointRow(point: ReportPoint, label: string) {
  const { run, seed, tokens, flops, loss } = point;
  return { scheme: label, run, seed, tokens, flops, loss };
}

/** Points in the fit and the laws with their bands of the curve, against `variable`. */
export function lossRows({ source, analysis, palette }: Given, variable: Variable): LossRows {
  const points: LossRows["points"][number][] = [];
  const inside: LawRow[] = [];
  const beyond: LawRow[] = [];
  const steps = palette.crowded ? STEPS.crowded : STEPS.few;
  source.schemes.forEach((scheme, order) => {
    const fit = analysis.fits[order] ?? null;
    const own = source.points.filter((p) => p.scheme === scheme.name && p.excluded === null && p[variable] !== null);
    const budgets = own.flatMap((point) => point[variable] ?? []);
    const [low, high] = extent(budgets);
    const scale = own[0] === undefined ? null : ratio(own[0], variable, analysis.variable);
    const law = fit === null || scale === null ? null : lawAt(fit, scheme.label, analysis.level, low, scale);
    for (const point of own) {
      points.push({ ...pointRow(point, scheme.label), remaining: law?.remaining(point.loss) ?? null });
    }
    if (law === null) return;
    for (let step = 0; step <= steps; step++) inside.push(law.row(low * (high / low) ** (step / steps)));
    for (let step = 0; step <= steps / 3; step++) beyond.push(law.row(high * EXTRAPOLATION ** ((3 * step) / steps)));
  });
  return { points, inside, beyond };
}

/** The fit's variable per unit of the drawn one: constant within a scheme. */
function ratio(point: ReportPoint, drawnVariable: Variable, fitted: Variable): number | null {
  const [over, under] = [point[fitted], point[drawnVariable]];
  return over === null || under === null ? null : over / under;
}

function lawAt(fit: Fit, scheme: string, level: number, low: number, scale: number) {
  const values = powerLawWithLimit.parameters.flatMap(({ name }) => fit.parameters[name]?.estimate ?? []);
  if (fit.law !== powerLawWithLimit.name) return null;
  const limit = values[0] ?? 0;
  const start = powerLawWithLimit.value(values, [low * scale]) - limit;
  return {
    remaining: (loss: number) => drawn((loss - limit) / start),
    row: (x: number): LawRow => {
      const [prediction] = predict(powerLawWithLimit, fit, [[x * scale]], { level });
      const loss = prediction?.loss ?? Number.NaN;
      return {
        scheme,
        x: drawn(x),
        loss: drawn(loss),
        remaining: drawn((loss - limit) / start),
        lower: drawn(prediction?.curve?.lower ?? loss),
        upper: drawn(prediction?.curve?.upper ?? loss),
      };
    },
  };
}
