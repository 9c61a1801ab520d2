// Whether the law has the shape of the data: residuals against the budget, and against normal quantiles.
import { normalQuantile } from "../../base/distributions.js";
import { powerLawWithLimit } from "../../law/power-law.js";
import { drawn } from "../drawn.js";
import type { Chart, Given } from "./chart.js";
import { pointRow } from "./law-lines.js";
import { axis, BUDGET_TITLE, budgetAxis, chartSpec, colour, POINT_TOOLTIP, shape, strength, ZOOM } from "./parts.js";

export function residualsByBudget(given: Given): Chart | null {
  const { variable } = given.analysis;
  return residuals(
    given,
    budgetAxis(
      variable,
      variable,
      residualRows(given).map((row) => row[variable]),
    ),
    {
      name: "residuals",
      title: "Residuals",
      caption: "Observed minus predicted; structure along the budget means that the law misses a shape.",
      against: BUDGET_TITLE[variable],
    },
  );
}

export const residualQuantiles = (given: Given): Chart | null =>
  residuals(given, axis("quantile", "normal quantile"), {
    name: "residual-quantiles",
    title: "Residuals against normal quantiles",
    caption: "A straight line where the noise is normal; ends that bend away are outliers.",
    against: "normal quantiles",
  });

interface Words {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly against: string;
}

function residuals(
  given: Given,
  x: ReturnType<typeof axis> | ReturnType<typeof budgetAxis>,
  { against, ...words }: Words,
): Chart | null {
  const rows = residualRows(given);
  if (rows.length === 0) return null;
  const { palette } = given;
  return {
    ...words,
    spec: chartSpec(
      `${rows.length} residuals of the fits, observed minus predicted loss, against ${against}.`,
      { residuals: rows },
      palette,
      [
        {
          data: { values: [{}] },
          mark: { type: "rule", aria: false, strokeWidth: 1, opacity: 0.5 },
          encoding: { y: { datum: 0, type: "quantitative" } },
        },
        {
          data: { name: "residuals" },
          params: ZOOM,
          mark: { type: "point", filled: true, size: 44, clip: true },
          encoding: {
            x,
            y: axis("residual", "residual: observed − predicted", { format: "~g" }),
            color: colour(palette, true),
            shape: shape(palette, true),
            opacity: strength(0.9, palette),
            tooltip: [...POINT_TOOLTIP, { field: "residual", type: "quantitative", title: "residual", format: ".5f" }],
          },
        },
      ],
    ),
  };
}

export function residualRows({ source, analysis }: Given) {
  const rows = source.points.flatMap((point) => {
    const order = source.schemes.findIndex((scheme) => scheme.name === point.scheme);
    const fit = analysis.fits[order] ?? null;
    const theta = powerLawWithLimit.parameters.flatMap(({ name }) => fit?.parameters[name]?.estimate ?? []);
    const x = point[analysis.variable];
    if (point.excluded !== null || theta.length < powerLawWithLimit.parameters.length || x === null) return [];
    const label = source.schemes[order]?.label ?? point.scheme;
    return [{ ...pointRow(point, label), residual: drawn(point.loss - powerLawWithLimit.value(theta, [x])) }];
  });
  const ascending = [...rows.keys()].sort((a, b) => (rows[a]?.residual ?? 0) - (rows[b]?.residual ?? 0));
  const quantiles = new Map(ascending.map((row, rank) => [row, normalQuantile((rank + 0.5) / rows.length)]));
  return rows.map((row, index) => ({ ...row, quantile: drawn(quantiles.get(index) ?? 0) }));
}
