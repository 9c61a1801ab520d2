// Limits and exponents: each with its interval by scheme, and jointly as a region.
import { percent } from "../../base/format.js";
import { axis, type Chart, chartSpec, colour, drawn, PICK, picked, type Row, type Spec, shape, ZOOM } from "./parts.js";

export interface ParameterEstimate {
  readonly scheme: string;
  readonly estimate: number;
  /** Null where the data leave that side open. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly status: string;
}

/** Intervals of limit and exponent side by side; an arrow head where an interval is open. */
export function parametersChart(
  labels: readonly string[],
  limits: readonly ParameterEstimate[],
  exponents: readonly ParameterEstimate[],
  level: number,
): Chart {
  return {
    name: "limits-exponents",
    title: "Limits and exponents",
    caption: `Estimate and ${percent(level)} interval by scheme. An arrow marks a side that the data leave open. A lower limit and a larger exponent are better.`,
    spec: chartSpec(
      `Fitted limit E and exponent c of ${labels.length} schemes with ${percent(level)} intervals, side by side.`,
      { limits: rows(limits), exponents: rows(exponents) },
      {
        hconcat: [
          panel("limits", "limit E (nats per token)", labels, limits, true),
          panel("exponents", "exponent c", labels, exponents, false),
        ],
      },
      false,
    ),
  };
}

function rows(estimates: readonly ParameterEstimate[]): readonly Row[] {
  const known = estimates.flatMap((row) => [row.estimate, row.lower ?? row.estimate, row.upper ?? row.estimate]);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const overhang = (high - low || Math.abs(high) || 1) * 0.12;
  return estimates.map((row) => ({
    ...row,
    drawnLower: drawn(row.lower ?? low - overhang),
    drawnUpper: drawn(row.upper ?? high + overhang),
  }));
}

function panel(
  name: string,
  title: string,
  labels: readonly string[],
  rows: readonly ParameterEstimate[],
  names: boolean,
): Spec {
  const open = { lower: rows.some((row) => row.lower === null), upper: rows.some((row) => row.upper === null) };
  const y = { field: "scheme", type: "nominal", sort: labels, axis: names ? { title: null } : null };
  const x = axis("estimate", title, { format: "~g" });
  const head = (field: string, open: string, angle: number): Spec => ({
    transform: [{ filter: { field: open, valid: false } }],
    mark: { type: "point", filled: true, shape: "triangle", angle, size: 60 },
    encoding: { y, x: { ...x, field }, color: colour(labels, false) },
  });
  const tooltip = [
    { field: "scheme", type: "nominal", title: "scheme" },
    { field: "estimate", type: "quantitative", title, format: ".4f" },
    { field: "lower", type: "quantitative", title: "lower", format: ".4f" },
    { field: "upper", type: "quantitative", title: "upper", format: ".4f" },
    { field: "status", type: "nominal", title: "status" },
  ];
  return {
    data: { name },
    width: 260,
    height: { step: 30 },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 2.5 },
        encoding: {
          y,
          x: { ...x, field: "drawnLower" },
          x2: { field: "drawnUpper" },
          color: colour(labels, false),
          tooltip,
        },
      },
      ...(open.lower ? [head("drawnLower", "lower", 270)] : []),
      ...(open.upper ? [head("drawnUpper", "upper", 90)] : []),
      {
        mark: { type: "point", filled: true, size: 90 },
        encoding: { y, x, color: colour(labels, false), shape: shape(labels, false), tooltip },
      },
    ],
  };
}

export interface RegionData {
  readonly scheme: string;
  readonly estimate: { readonly limit: number; readonly exponent: number };
  readonly polygon: readonly (readonly [number, number])[];
  readonly closed: boolean;
}

/** Profile regions of (exponent, limit): where two regions do not meet, the schemes differ in one of the two. */
export function regionChart(labels: readonly string[], regions: readonly RegionData[], level: number): Chart {
  const corners = regions.flatMap((region) =>
    region.polygon.map(([limit, exponent], order) => ({
      scheme: region.scheme,
      order,
      limit: drawn(limit),
      exponent: drawn(exponent),
      region: region.closed ? "closed" : "open",
    })),
  );
  const centres = regions.map(({ scheme, estimate }) => ({ scheme, ...estimate }));
  const x = axis("exponent", "exponent c", { format: "~g" });
  const y = axis("limit", "limit E (nats per token)");
  return {
    name: "joint-region",
    title: "Exponent and limit jointly",
    caption: `${percent(level)} profile regions of (exponent, limit). Long tilted regions say that a higher exponent with a higher limit fits as well. Dashed: the data do not close the region.`,
    spec: chartSpec(
      `Joint ${percent(level)} regions of exponent and limit for ${regions.length} schemes, as outlines round the estimates.`,
      { corners, centres },
      {
        layer: [
          {
            data: { name: "corners" },
            mark: { type: "line", interpolate: "linear-closed", strokeWidth: 1.8 },
            encoding: {
              x,
              y,
              order: { field: "order", type: "quantitative" },
              detail: { field: "region", type: "nominal" },
              strokeDash: {
                field: "region",
                type: "nominal",
                scale: {
                  domain: ["closed", "open"],
                  range: [
                    [1, 0],
                    [5, 4],
                  ],
                },
                legend: null,
              },
              color: colour(labels),
              opacity: picked(0.95),
            },
          },
          {
            data: { name: "centres" },
            params: [PICK, ZOOM],
            mark: { type: "point", filled: true, size: 90 },
            encoding: {
              x,
              y,
              color: colour(labels),
              shape: shape(labels),
              opacity: picked(1),
              tooltip: [
                { field: "scheme", type: "nominal", title: "scheme" },
                { field: "exponent", type: "quantitative", title: "exponent", format: ".4f" },
                { field: "limit", type: "quantitative", title: "limit (nats per token)", format: ".4f" },
              ],
            },
          },
        ],
      },
    ),
  };
}
