// Limits and exponents: each with its interval by scheme.
import { percent } from "../../base/format.js";
import { drawn, drawnOrNull } from "../drawn.js";
import type { Chart, Given, Row } from "./chart.js";
import type { Layer } from "./layer.js";
import { axis, chartSpec, colour, schemeAxis, shape, strength } from "./parts.js";

export const limits = (given: Given): Chart | null =>
  parameter(given, "limit", {
    name: "limits",
    title: "Limits",
    axis: "limit E (nats per token)",
    better: "A lower limit is better.",
  });

export const exponents = (given: Given): Chart | null =>
  parameter(given, "exponent", {
    name: "exponents",
    title: "Exponents",
    axis: "exponent c",
    better: "A larger exponent is better.",
  });

interface Words {
  readonly name: string;
  readonly title: string;
  readonly axis: string;
  readonly better: string;
}

/** Estimate and interval; an arrow head where the data leave a side open. */
function parameter({ analysis, palette }: Given, name: string, words: Words): Chart | null {
  const estimates = palette.labels.flatMap((scheme, order) => {
    const fit = analysis.fits[order];
    const estimate = fit?.parameters[name];
    if (fit === null || fit === undefined || estimate === undefined) return [];
    const { lower = null, upper = null } = estimate.interval ?? {};
    return [
      {
        scheme,
        estimate: drawn(estimate.estimate),
        lower: drawnOrNull(lower),
        upper: drawnOrNull(upper),
        status: fit.status,
      },
    ];
  });
  if (estimates.length === 0) return null;
  const known = estimates.flatMap((row) => [row.estimate, row.lower ?? row.estimate, row.upper ?? row.estimate]);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const overhang = (high - low || Math.abs(high) || 1) * 0.12;
  const rows = estimates.map(
    (row): Row => ({
      ...row,
      drawnLower: drawn(row.lower ?? Math.max(0, low - overhang)),
      drawnUpper: drawn(row.upper ?? high + overhang),
    }),
  );
  const step = rows.length > 20 ? 16 : 30;
  const y = schemeAxis(
    palette.labels.filter((label) => rows.some(({ scheme }) => scheme === label)),
    step,
  );
  const x = axis("estimate", words.axis, { format: "~g" });
  const data = { name: words.name };
  const head = (field: string, open: string, angle: number): Layer => ({
    data,
    transform: [{ filter: { field: open, valid: false } }],
    mark: { type: "point", filled: true, shape: "triangle", angle, size: 60 },
    encoding: { y, x: { ...x, field }, color: colour(palette), opacity: strength(0.8, palette) },
  });
  const tooltip = [
    { field: "scheme", type: "nominal" as const, title: "scheme" },
    { field: "estimate", type: "quantitative" as const, title: words.axis, format: ".4f" },
    { field: "lower", type: "quantitative" as const, title: "lower", format: ".4f" },
    { field: "upper", type: "quantitative" as const, title: "upper", format: ".4f" },
    { field: "status", type: "nominal" as const, title: "status" },
  ];
  return {
    name: words.name,
    title: words.title,
    caption: `Estimate and ${percent(analysis.level)} interval by scheme. ${words.better} An arrow marks a side that the data leave open.`,
    spec: chartSpec(
      `Fitted ${words.axis} of ${rows.length} schemes with ${percent(analysis.level)} intervals.`,
      { [words.name]: rows },
      palette,
      [
        {
          data,
          mark: { type: "rule", strokeWidth: 4 },
          encoding: {
            y,
            x: { ...x, field: "drawnLower" },
            x2: { field: "drawnUpper" },
            color: colour(palette),
            opacity: strength(0.45, palette),
            tooltip,
          },
        },
        ...(estimates.some((row) => row.lower === null) ? [head("drawnLower", "lower", 270)] : []),
        ...(estimates.some((row) => row.upper === null) ? [head("drawnUpper", "upper", 90)] : []),
        {
          data,
          mark: { type: "point", filled: true, size: 80 },
          encoding: { y, x, color: colour(palette), shape: shape(palette), opacity: strength(1, palette), tooltip },
        },
      ],
      { height: { step } },
    ),
  };
}
