// Whether the fits can be believed: residuals, profile over the limit, error of extrapolations held out.
import { percent } from "../../base/format.js";
import {
  axis,
  BUDGET_TITLE,
  type Chart,
  chartSpec,
  colour,
  PICK,
  POINT_TOOLTIP,
  picked,
  type Row,
  type Spec,
  shape,
  ZOOM,
} from "./parts.js";

/**
 * Residuals against budget and against normal quantiles; brushing one panel marks the same points in the other.
 * Rows: {scheme, run, seed, tokens, flops, loss, residual, quantile}.
 */
export function residualsChart(labels: readonly string[], variable: "tokens" | "flops", rows: readonly Row[]): Chart {
  const panel = (field: string, title: string, log: boolean, extra: readonly Spec[]): Spec => ({
    width: 270,
    height: 260,
    layer: [
      {
        data: { values: [{}] },
        mark: { type: "rule", strokeWidth: 1, opacity: 0.5 },
        encoding: { y: { datum: 0, type: "quantitative" } },
      },
      {
        params: extra,
        mark: { type: "point", filled: true, size: 42 },
        encoding: {
          x: axis(field, title, log ? { log, format: "~s" } : {}),
          y: axis("residual", "residual: observed − predicted", { format: "~g" }),
          color: colour(labels),
          shape: shape(labels),
          opacity: { condition: { test: { and: [{ param: "pick" }, { param: "brush" }] }, value: 0.9 }, value: 0.08 },
          tooltip: [...POINT_TOOLTIP, { field: "residual", type: "quantitative", title: "residual", format: ".5f" }],
        },
      },
    ],
  });
  return {
    name: "residuals",
    title: "Residuals",
    caption:
      "Left: against the budget; structure here means that the law is wrong. Right: against normal quantiles. Drag a box in one panel to mark the same points in both.",
    spec: chartSpec(
      `${rows.length} residuals of the fits against ${BUDGET_TITLE[variable]} and against normal quantiles.`,
      { residuals: rows },
      {
        data: { name: "residuals" },
        params: [
          {
            name: "brush",
            select: { type: "interval", resolve: "union", encodings: ["x", "y"] },
            views: ["by_budget", "by_quantile"],
          },
          { ...PICK, views: ["by_budget"] },
        ],
        hconcat: [
          { name: "left", ...panelNamed(panel(variable, BUDGET_TITLE[variable], true, []), "by_budget") },
          { name: "right", ...panelNamed(panel("quantile", "normal quantile", false, []), "by_quantile") },
        ],
      },
      false,
    ),
  };
}

/** Top-level parameters are put into a view by the name of the unit that draws the points. */
function panelNamed(panel: Spec, name: string): Spec {
  const layers = Array.isArray(panel.layer) ? panel.layer : [];
  return {
    ...panel,
    layer: layers.map((layer: Spec, index) => {
      const { params: _, ...rest } = layer;
      return index === layers.length - 1 ? { ...rest, name } : rest;
    }),
  };
}

/** t² of each value of the limit, the other parameters refitted; rows {scheme, limit, statistic}. */
export function profileChart(
  labels: readonly string[],
  rows: readonly Row[],
  cutoff: number | null,
  level: number,
): Chart {
  const x = axis("limit", "limit E held at (nats per token)");
  const y: Spec = {
    field: "statistic",
    type: "quantitative",
    scale: cutoff === null ? { zero: true } : { domain: [0, 4 * cutoff] },
    axis: { title: "profile statistic t²" },
  };
  return {
    name: "limit-profile",
    title: "Profile over the limit",
    caption: `How much worse the fit becomes when the limit is held elsewhere. Where a curve stays under the line, that limit cannot be excluded at ${percent(level)}; a curve that never rises on the left leaves the limit open.`,
    spec: chartSpec(
      `Profile statistic of the limit for ${labels.length} schemes${cutoff === null ? "" : ", with the line that bounds the interval"}.`,
      { profile: rows, cutoff: cutoff === null ? [] : [{ cutoff }] },
      {
        layer: [
          {
            data: { name: "profile" },
            params: [PICK, ZOOM],
            mark: { type: "line", strokeWidth: 1.8, clip: true },
            encoding: { x, y, color: colour(labels), opacity: picked(0.95) },
          },
          {
            data: { name: "cutoff" },
            mark: { type: "rule", strokeDash: [2, 3] },
            encoding: { y: { field: "cutoff", type: "quantitative" } },
          },
        ],
      },
    ),
  };
}

const LAW_DASHES = [
  [1, 0],
  [5, 4],
  [2, 3],
  [8, 3, 2, 3],
];

/** Rows {scheme, law, decades, relativeError, fittedPoints}: one an expanding window. */
export function heldOutChart(labels: readonly string[], laws: readonly string[], rows: readonly Row[]): Chart {
  const percent = rows.map((row) => ({
    ...row,
    percent: typeof row.relativeError === "number" ? 100 * row.relativeError : null,
  }));
  const x = axis("decades", "distance beyond the fitted data (decades of the budget)", { format: "~g" });
  const y: Spec = {
    field: "percent",
    type: "quantitative",
    scale: { zero: true },
    axis: { title: "error of the predicted loss (%)" },
  };
  const dash = {
    field: "law",
    type: "nominal",
    scale: { domain: laws, range: laws.map((_, order) => LAW_DASHES[order % LAW_DASHES.length]) },
    legend: laws.length > 1 ? { title: null, symbolType: "stroke", symbolSize: 900, orient: "bottom" } : null,
  };
  return {
    name: "held-out",
    title: "Held-out error against distance",
    caption: "Each law fitted to the smallest budgets and scored on larger ones it has not seen.",
    spec: chartSpec(
      `Relative error of extrapolated loss in percent against the distance in decades, for ${labels.length} schemes and ${laws.length} laws.`,
      { heldOut: percent },
      {
        data: { name: "heldOut" },
        layer: [
          {
            mark: { type: "line", strokeWidth: 1.2 },
            encoding: {
              x,
              y,
              color: colour(labels),
              strokeDash: dash,
              detail: { field: "fittedPoints", type: "nominal" },
              opacity: picked(0.5),
            },
          },
          {
            params: [PICK, ZOOM],
            mark: { type: "point", filled: true, size: 42 },
            encoding: {
              x,
              y,
              color: colour(labels),
              shape: shape(labels),
              opacity: picked(0.9),
              tooltip: [
                { field: "scheme", type: "nominal", title: "scheme" },
                { field: "law", type: "nominal", title: "law" },
                { field: "fittedPoints", type: "quantitative", title: "points fitted" },
                { field: "decades", type: "quantitative", title: "decades beyond", format: ".2f" },
                { field: "percent", type: "quantitative", title: "error (%)", format: ".3f" },
              ],
            },
          },
        ],
      },
    ),
  };
}
