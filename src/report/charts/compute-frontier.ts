// The compute-optimal frontier: best size (or tokens) against budget by each approach, bands, and the minima it rests on.
import { percent } from "../../base/format.js";
import type { Allocation } from "../../forecast/allocation.js";
import { approaches } from "../../forecast/allocation-sentences.js";
import { drawn } from "../drawn.js";
import type { Chart } from "./chart.js";
import { SIZE_LABEL } from "./isoflop-valleys.js";
import { palette } from "./palette.js";
import { BAND, budgetAxis, chartSpec, colour, DASH, logAxis, roomy, shape, strength, ZOOM } from "./parts.js";

const WIDTHS = [3.8, 1.9, 1];

/** From an allocation of budgets in rising order; null where no approach reaches them. */
export function computeFrontier(allocation: Allocation, of: "parameters" | "tokens"): Chart | null {
  const known = approaches(allocation).filter(({ optima }) => optima.length > 0);
  if (known.length === 0) return null;
  const names = known.map(({ name }) => name);
  const colours = palette(names, names);
  const path = known.flatMap(({ name, optima }) =>
    optima.map((optimum) => {
      const { estimate, interval } = optimum[of];
      return {
        scheme: name,
        flops: drawn(optimum.flops),
        best: drawn(estimate),
        lower: drawn(interval?.lower ?? estimate),
        upper: drawn(interval?.upper ?? estimate),
        decades: drawn(optimum.decades),
      };
    }),
  );
  const minima =
    allocation.valleys.kind === "unavailable"
      ? []
      : allocation.valleys.value.valleys.flatMap(({ flops, minimum }) => {
          if (minimum.kind === "none") return [];
          const { estimate, interval } = minimum.parameters;
          const turn = (size: number) =>
            drawn(of === "parameters" ? size : flops / (allocation.compute.factor * size ** allocation.compute.power));
          return [
            {
              scheme: names.find((name) => name.includes("IsoFLOP")) ?? names[0] ?? "",
              flops: drawn(flops),
              best: turn(estimate),
              lower: turn(interval?.lower ?? estimate),
              upper: turn(interval?.upper ?? estimate),
            },
          ];
        });
  const x = budgetAxis(
    "flops",
    "flops",
    [...path, ...minima].map(({ flops }) => flops),
  );
  const title = of === "parameters" ? "best size N* (parameters)" : "best training tokens D*";
  const y = logAxis(
    "best",
    title,
    roomy(
      [...path, ...minima].map(({ best }) => best),
      true,
      0.1,
    ),
    SIZE_LABEL,
  );
  const encoding = { x, y, color: colour(colours, true) };
  // Lines that agree lie on one another: each later one is thinner, so that all are seen.
  const line = {
    ...encoding,
    strokeWidth: { field: "scheme", type: "nominal" as const, scale: { domain: names, range: WIDTHS }, legend: null },
  };
  return {
    name: `frontier-${of}`,
    title: of === "parameters" ? "Best size against training compute" : "Best training tokens against training compute",
    caption: `Lines: each approach, dashed beyond the data; bands: ${percent(allocation.level)} intervals. Points: lowest points of the valleys.`,
    spec: chartSpec(
      `Compute-optimal ${of} against training FLOPs on logarithmic axes, by ${names.length} approaches with bands, and the minima of ${minima.length} IsoFLOP valleys.`,
      {
        path,
        inside: path.filter(({ decades }) => decades <= 1e-6),
        outside: path.filter(({ decades }) => decades >= -1e-6),
        minima,
      },
      colours,
      [
        {
          data: { name: "path" },
          mark: { type: "area", clip: true },
          encoding: {
            ...encoding,
            y: { ...y, field: "lower" },
            y2: { field: "upper" },
            opacity: strength(BAND.inside, colours),
          },
        },
        { data: { name: "inside" }, mark: { type: "line", clip: true }, encoding: line },
        { data: { name: "outside" }, mark: { type: "line", strokeDash: DASH, clip: true }, encoding: line },
        {
          data: { name: "minima" },
          mark: { type: "rule", clip: true },
          encoding: { ...encoding, y: { ...y, field: "lower" }, y2: { field: "upper" } },
        },
        {
          data: { name: "minima" },
          params: ZOOM,
          mark: { type: "point", filled: true, size: 50, clip: true },
          encoding: { ...encoding, shape: shape(colours, true), opacity: strength(0.9, colours) },
        },
      ],
    ),
  };
}
