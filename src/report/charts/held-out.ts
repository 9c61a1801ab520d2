// Whether the law can be believed beyond its data: fitted to the smallest budgets, scored on larger ones.
import { drawn } from "../drawn.js";
import type { Chart, Given } from "./chart.js";
import { axis, chartSpec, colour, shape, strength, ZOOM } from "./parts.js";

const LAW_DASHES = [
  [1, 0],
  [5, 4],
  [2, 3],
  [8, 3, 2, 3],
];

export function heldOut({ source, analysis, palette }: Given): Chart | null {
  if (analysis.heldOut.length === 0) return null;
  const laws = [...new Set(analysis.heldOut.map((row) => row.law))];
  const labelOf = new Map(source.schemes.map((scheme) => [scheme.name, scheme.label]));
  const rows = analysis.heldOut.map((row) => ({
    ...row,
    scheme: labelOf.get(row.scheme) ?? row.scheme,
    percent: drawn(100 * row.relativeError),
  }));
  const x = axis("decades", "distance beyond the fitted data (decades of the budget)", { format: "~g" });
  const y = {
    field: "percent",
    type: "quantitative" as const,
    scale: { zero: true },
    axis: { title: "error of the predicted loss (%)" },
  };
  const data = { name: "heldOut" };
  return {
    name: "held-out",
    title: "Held-out error against distance",
    caption: "Each law fitted to the smallest budgets and scored on larger ones it has not seen.",
    spec: chartSpec(
      `Relative error of extrapolated loss in percent against the distance in decades, for ${palette.labels.length} schemes and ${laws.length} laws.`,
      { heldOut: rows },
      palette,
      [
        {
          data,
          mark: { type: "line", strokeWidth: 1.4 },
          encoding: {
            x,
            y,
            color: colour(palette, true),
            strokeDash: {
              field: "law",
              type: "nominal",
              scale: { domain: laws, range: laws.map((_, order) => LAW_DASHES[order % LAW_DASHES.length] ?? [1, 0]) },
              legend: laws.length > 1 ? { title: null, symbolType: "stroke", symbolSize: 900 } : null,
            },
            detail: { field: "fittedPoints", type: "nominal" },
            opacity: strength(0.5, palette),
          },
        },
        {
          data,
          params: ZOOM,
          mark: { type: "point", filled: true, size: 44 },
          encoding: {
            x,
            y,
            color: colour(palette, true),
            shape: shape(palette, true),
            opacity: strength(0.9, palette),
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
    ),
  };
}
