// Schemes from the lowest mean loss up, at the largest budget that all of them reached.
import { isAt } from "../ranking.js";
import type { Chart, Given } from "./chart.js";
import { pointRow } from "./law-lines.js";
import { axis, chartSpec, colour, LOSS_TITLE, POINT_TOOLTIP, schemeAxis, shape, strength } from "./parts.js";

export function rankingChart({ source, analysis, palette }: Given): Chart | null {
  const { ranking, comparisonVariable } = analysis;
  if (ranking === null || ranking.schemes.length < 2) return null;
  const labelOf = new Map(source.schemes.map((scheme) => [scheme.name, scheme.label]));
  const rows = source.points
    .filter((point) => point.excluded === null && isAt(point, comparisonVariable, ranking.budget))
    .map((point) => pointRow(point, labelOf.get(point.scheme) ?? point.scheme));
  const step = ranking.schemes.length > 20 ? 16 : 26;
  const y = schemeAxis(
    ranking.schemes.map(({ label }) => label),
    step,
  );
  const x = axis("loss", LOSS_TITLE);
  const data = { name: "ranking" };
  return {
    name: "ranking",
    title: "Ranking at the largest common budget",
    caption: "Points are seeds, ticks their mean; the spread of the seeds is the noise that a difference has to beat.",
    spec: chartSpec(
      `${ranking.schemes.length} schemes ranked by mean validation loss at the largest budget that all of them reached, the lowest on top, with each seed as a point.`,
      { ranking: rows },
      palette,
      [
        {
          data,
          mark: { type: "tick", thickness: 2, size: 14 },
          encoding: { y, x: { ...x, aggregate: "mean" }, color: colour(palette), opacity: strength(1, palette) },
        },
        {
          data,
          mark: { type: "point", filled: true, size: 44 },
          encoding: {
            y,
            x,
            color: colour(palette),
            shape: shape(palette),
            opacity: strength(0.9, palette),
            tooltip: POINT_TOOLTIP,
          },
        },
      ],
      { height: { step } },
    ),
  };
}
