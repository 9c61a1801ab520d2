// Exponent and limit jointly: where two regions do not meet, the schemes differ in one of the two.
import { percent } from "../../base/format.js";
import { drawn } from "../drawn.js";
import type { Chart, Given } from "./chart.js";
import { axis, chartSpec, colour, DASH, LINE, shape, strength, ZOOM } from "./parts.js";

/** Profile regions of (exponent, limit) round the estimates. */
export function jointRegion({ analysis, palette }: Given): Chart | null {
  const regions = (analysis.comparison?.attribution.regions ?? []).filter(({ polygon }) => polygon.length > 0);
  if (regions.length === 0) return null;
  const corners = regions.flatMap(({ scheme, polygon, closed }) =>
    polygon.map(([limit, exponent], order) => ({
      scheme,
      order,
      limit: drawn(limit),
      exponent: drawn(exponent),
      region: closed ? "closed" : "open",
    })),
  );
  const centres = regions.map(({ scheme, estimate }) => ({ scheme, ...estimate }));
  const x = axis("exponent", "exponent c", { format: "~g" });
  const y = axis("limit", "limit E (nats per token)", { format: "~g" });
  return {
    name: "joint-region",
    title: "Exponent and limit jointly",
    caption: `${percent(analysis.level)} profile regions of (exponent, limit). Long tilted regions say that a higher exponent with a higher limit fits as well. Dashed: the data do not close the region.`,
    spec: chartSpec(
      `Joint ${percent(analysis.level)} regions of exponent and limit for ${regions.length} schemes, as outlines round the estimates.`,
      { corners, centres },
      palette,
      [
        {
          data: { name: "corners" },
          mark: { type: "line", interpolate: "linear-closed", strokeWidth: 2 },
          encoding: {
            x,
            y,
            order: { field: "order", type: "quantitative" },
            detail: { field: "region", type: "nominal" },
            strokeDash: {
              field: "region",
              type: "nominal",
              scale: { domain: ["closed", "open"], range: [[1, 0], DASH] },
              legend: null,
            },
            color: colour(palette, true),
            opacity: strength(LINE.inside, palette),
          },
        },
        {
          data: { name: "centres" },
          params: ZOOM,
          mark: { type: "point", filled: true, size: 80 },
          encoding: {
            x,
            y,
            color: colour(palette, true),
            shape: shape(palette, true),
            opacity: strength(1, palette),
            tooltip: [
              { field: "scheme", type: "nominal", title: "scheme" },
              { field: "exponent", type: "quantitative", title: "exponent", format: ".4f" },
              { field: "limit", type: "quantitative", title: "limit (nats per token)", format: ".4f" },
            ],
          },
        },
      ],
    ),
  };
}
