// Charts of an analysis of long-range structure: a statistic against its scale on log axes with the fitted line, its local
// exponents below it, and the estimates by group. A straight line on log axes is the claim, so the bends are shown.
import type { FractalAnalysis, FractalEstimate, StatisticName } from "../../fractal/record.js";
import { lineThrough } from "../../fractal/scales.js";
import type { Chart, Row } from "../charts/chart.js";
import type { Palette } from "../charts/palette.js";
import { axis, chartSpec, colour, logAxis, roomy, shape } from "../charts/parts.js";
import { drawn } from "../drawn.js";

/** What is drawn of each statistic, and which exponent its local slopes are. */
export const TITLES: Readonly<Record<StatisticName, { readonly of: string; readonly name: string }>> = {
  fluctuation: { of: "squared fluctuation around lines, F²(n)", name: "H" },
  wavelet: { of: "variance of Haar details", name: "H wavelet" },
  rescaledRange: { of: "rescaled range R/S", name: "H R/S" },
  correctedRange: { of: "R/S less its excess for noise", name: "H R/S−AL" },
  selfSimilarity: { of: "returns within ε, p(n)", name: "S" },
  joseph: { of: "squared increments over n tokens", name: "J" },
};

const SCALE_TITLE = "scale n (tokens)";

/** The charts of H, S and J, and the estimates of all groups. */
export function fractalCharts(analysis: FractalAnalysis, palette: Palette): readonly Chart[] {
  const names = ["fluctuation", "selfSimilarity", "joseph"] as const;
  return [
    estimates(analysis, palette),
    ...names.flatMap((name) => [fits(analysis, palette, name), slopes(analysis, palette, name)]),
  ];
}

const estimateOf = (group: FractalAnalysis["groups"][number], name: StatisticName): FractalEstimate | undefined =>
  group.estimates.find(({ statistic }) => statistic === name);

const scaleAxis = (points: readonly { readonly scale: number }[]) =>
  logAxis(
    "scale",
    SCALE_TITLE,
    roomy(
      points.map(({ scale }) => scale),
      true,
    ),
  );

/** A row a scale of every group. */
function rows(
  { groups }: FractalAnalysis,
  name: StatisticName,
  of: (estimate: FractalEstimate) => readonly { readonly scale: number; readonly y: number }[],
): readonly (Row & { readonly scale: number; readonly y: number })[] {
  return groups.flatMap((group) => {
    const estimate = estimateOf(group, name);
    if (estimate === undefined) return [];
    return of(estimate).map(({ scale, y }) => ({ scheme: group.group, scale, y: drawn(y) }));
  });
}

function fits(analysis: FractalAnalysis, palette: Palette, name: StatisticName): Chart {
  const points = rows(analysis, name, (estimate) => estimate.points.map(({ scale, value }) => ({ scale, y: value })));
  const lines = rows(analysis, name, ({ points: own }) => {
    const { slope, intercept } = lineThrough(
      own.map(({ scale }) => Math.log(scale)),
      own.map(({ value }) => Math.log(value)),
    );
    return own.map(({ scale }) => ({ scale, y: Math.exp(intercept + slope * Math.log(scale)) }));
  });
  const x = scaleAxis(points);
  const y = logAxis(
    "y",
    TITLES[name].of,
    roomy(
      points.map((row) => row.y),
      true,
    ),
  );
  return {
    name: `fit-${name}`,
    title: `${TITLES[name].name}: ${TITLES[name].of}`,
    caption: "Points: pooled over documents. Lines: least squares on log axes, scales weighted alike.",
    spec: chartSpec(
      `${TITLES[name].of} against scale on log axes, with fitted lines, for ${analysis.groups.length} groups.`,
      { points, lines },
      palette,
      [
        {
          data: { name: "lines" },
          mark: { type: "line", strokeWidth: 1.4 },
          encoding: { x, y, color: colour(palette, true) },
        },
        {
          data: { name: "points" },
          mark: { type: "point", filled: true, size: 36 },
          encoding: { x, y, color: colour(palette, true), shape: shape(palette, true) },
        },
      ],
    ),
  };
}

function slopes(analysis: FractalAnalysis, palette: Palette, name: StatisticName): Chart {
  const points = rows(analysis, name, (estimate) =>
    estimate.points.flatMap(({ scale, localExponent }) =>
      localExponent === null ? [] : [{ scale, y: localExponent }],
    ),
  );
  const x = scaleAxis(points);
  const y = axis("y", `local ${TITLES[name].name}`, {
    domain: roomy(
      points.map((row) => row.y),
      false,
    ),
  });
  return {
    name: `local-${name}`,
    title: `Local ${TITLES[name].name}`,
    caption: "The exponent between each scale and the next: a power law is a level line.",
    spec: chartSpec(
      `Local exponent ${TITLES[name].name} against scale for ${analysis.groups.length} groups.`,
      { points },
      palette,
      [
        {
          data: { name: "points" },
          mark: { type: "line", strokeWidth: 1.4, point: { size: 30 } },
          encoding: { x, y, color: colour(palette, true) },
        },
      ],
    ),
  };
}

function estimates({ groups, options }: FractalAnalysis, palette: Palette): Chart {
  const all = groups.flatMap((group) =>
    (["fluctuation", "wavelet", "selfSimilarity", "joseph"] as const).flatMap((name) => {
      const found = estimateOf(group, name);
      if (found?.estimate == null) return [];
      const { lower, upper } = found.interval ?? { lower: found.estimate, upper: found.estimate };
      return [
        {
          scheme: group.group,
          exponent: TITLES[name].name,
          estimate: drawn(found.estimate),
          lower: drawn(lower),
          upper: drawn(upper),
        },
      ];
    }),
  );
  const domain = roomy([0.5, ...all.flatMap(({ lower, upper }) => [lower, upper])], false);
  const y = { field: "exponent", type: "nominal" as const, axis: { title: null } };
  const yOffset = { field: "scheme", type: "nominal" as const, scale: { domain: [...palette.labels] } };
  return {
    name: "exponents",
    title: "Exponents by group",
    caption: `With ${Math.round(100 * options.level)}% intervals over documents; the line at .5 is noise without memory.`,
    spec: chartSpec(
      `H, S and J of ${groups.length} groups with intervals.`,
      { all, none: [{ none: 0.5 }] },
      palette,
      [
        {
          data: { name: "none" },
          mark: { type: "rule", strokeDash: [4, 4], opacity: 0.5 },
          encoding: { x: axis("none", "exponent", { domain }) },
        },
        {
          data: { name: "all" },
          mark: { type: "rule", strokeWidth: 2 },
          encoding: {
            x: axis("lower", "exponent", { domain }),
            x2: { field: "upper" },
            y,
            yOffset,
            color: colour(palette, true),
          },
        },
        {
          data: { name: "all" },
          mark: { type: "point", filled: true, size: 50 },
          encoding: {
            x: axis("estimate", "exponent", { domain }),
            y,
            yOffset,
            color: colour(palette, true),
            shape: shape(palette, true),
          },
        },
      ],
      { height: 60 + 18 * 4 * Math.max(1, groups.length) },
    ),
  };
}
