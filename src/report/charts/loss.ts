// Loss against tokens or FLOPs, with fit, band and extrapolation, and the excess loss on log-log axes.
import { percent } from "../../base/format.js";
import {
  axis,
  BUDGET_TITLE,
  type Chart,
  chartSpec,
  colour,
  LOSS_TITLE,
  PICK,
  POINT_TOOLTIP,
  picked,
  type Row,
  type Spec,
  shape,
  ZOOM,
} from "./parts.js";

export interface LossChartData {
  readonly variable: "tokens" | "flops";
  readonly labels: readonly string[];
  /** {scheme, run, seed, tokens, flops, loss, excess}: one a seed and budget; `excess` null where no limit was fitted. */
  readonly points: readonly Row[];
  /** {scheme, x, loss, excess, lower, upper, extrapolated}; the point where the data end stands in both parts. */
  readonly lines: readonly Row[];
  readonly level: number;
}

const EXTRAPOLATED = [5, 4];

/** Points a seed, fitted law solid over the data and dashed beyond them, delta-method band of the law. */
export function lossChart(data: LossChartData): Chart {
  const x = axis("x", BUDGET_TITLE[data.variable], { log: true, format: "~s" });
  const y = axis("loss", LOSS_TITLE);
  return {
    name: `loss-${data.variable}`,
    title: data.variable === "tokens" ? "Loss against training tokens" : "Loss against training compute",
    caption: `Points: one a seed and horizon. Solid: fitted law over the data. Dashed: extrapolation. Band: ${percent(data.level)} interval of the law (delta method).`,
    spec: chartSpec(
      `Validation loss in nats per token against ${BUDGET_TITLE[data.variable]} on a logarithmic axis, for ${data.labels.length} schemes: ${data.points.length} points and the fitted laws, dashed where they leave the data.`,
      { points: data.points, inside: part(data.lines, false), beyond: part(data.lines, true) },
      {
        layer: [
          {
            data: { name: "inside" },
            mark: { type: "area", clip: true },
            encoding: {
              x,
              y: { ...y, field: "lower" },
              y2: { field: "upper" },
              color: colour(data.labels),
              opacity: picked(0.13),
            },
          },
          {
            data: { name: "beyond" },
            mark: { type: "area", clip: true },
            encoding: {
              x,
              y: { ...y, field: "lower" },
              y2: { field: "upper" },
              color: colour(data.labels),
              opacity: picked(0.06),
            },
          },
          line("inside", "loss", x, y, data.labels, false),
          line("beyond", "loss", x, y, data.labels, true),
          points(data.variable, x, y, "loss", data.labels),
        ],
      },
    ),
  };
}

/** L − E on log-log axes, each scheme with its own limit: the law is then a straight line of slope −c. */
export function excessChart(data: LossChartData): Chart {
  const x = axis("x", BUDGET_TITLE[data.variable], { log: true, format: "~s" });
  const y = axis("excess", "excess loss L − E (nats per token)", { log: true, format: "~g" });
  return {
    name: "excess-loss",
    title: "Excess loss over the limit",
    caption:
      "Each scheme above its own fitted limit, log-log: the law is a straight line of slope −c. Points below the limit cannot be drawn.",
    spec: chartSpec(
      `Loss minus each scheme's fitted limit against ${BUDGET_TITLE[data.variable]}, both axes logarithmic; the fitted laws are straight lines, dashed where they leave the data.`,
      {
        points: data.points.filter((row) => typeof row.excess === "number" && row.excess > 0),
        inside: part(data.lines, false),
        beyond: part(data.lines, true),
      },
      {
        layer: [
          line("inside", "excess", x, y, data.labels, false),
          line("beyond", "excess", x, y, data.labels, true),
          points(data.variable, x, y, "excess", data.labels),
        ],
      },
    ),
  };
}

const part = (lines: readonly Row[], extrapolated: boolean): readonly Row[] =>
  lines.filter((row) => row.extrapolated === extrapolated);

function line(name: string, field: string, x: Spec, y: Spec, labels: readonly string[], extrapolated: boolean): Spec {
  return {
    data: { name },
    mark: { type: "line", clip: true, strokeWidth: 1.8, ...(extrapolated ? { strokeDash: EXTRAPOLATED } : {}) },
    encoding: { x, y: { ...y, field }, color: colour(labels), opacity: picked(extrapolated ? 0.6 : 0.95) },
  };
}

function points(variable: string, x: Spec, y: Spec, field: string, labels: readonly string[]): Spec {
  return {
    data: { name: "points" },
    params: [PICK, ZOOM],
    mark: { type: "point", filled: true, size: 42, clip: true },
    encoding: {
      x: { ...x, field: variable },
      y: { ...y, field },
      color: colour(labels),
      shape: shape(labels),
      opacity: picked(0.9),
      tooltip: POINT_TOOLTIP,
    },
  };
}
