// Loss beyond the data: points, the mean curve, its band and that of a new run, and points that were held out as hollow.
import { extent } from "../../base/extent.js";
import { percent } from "../../base/format.js";
import type { Observations } from "../../curve/observations.js";
import type { Forecast, ForecastPoint } from "../../forecast/forecasting.js";
import { at } from "../../law/law.js";
import { drawn } from "../drawn.js";
import type { Variable } from "../record.js";
import type { Chart } from "./chart.js";
import type { Layer } from "./layer.js";
import { palette } from "./palette.js";
import {
  axis,
  BAND,
  budgetAxis,
  chartSpec,
  colour,
  DASH,
  LINE,
  LOSS_TITLE,
  roomy,
  shape,
  strength,
  ZOOM,
} from "./parts.js";

/** Forecasts at x in rising order, for drawing; `heldOut` one a group, null where nothing was kept out. */
export function forecastFan(
  groups: readonly Observations[],
  forecasts: readonly Forecast[],
  variable: Variable,
  heldOut: readonly (Observations | null)[] = [],
): Chart {
  const names = forecasts.map(({ group }) => Object.values(group).join(", ") || "all points");
  const colours = palette(names, names);
  const path = forecasts.flatMap((one, g) =>
    one.at.map((point) => ({ scheme: names[g] ?? "", reach: one.reach, ...row(point) })),
  );
  const dots = (observations: Observations | null | undefined, g: number) =>
    Array.from(observations?.loss ?? [], (loss, i) => ({
      scheme: names[g] ?? "",
      x: drawn(at(observations?.x[0] ?? [], i)),
      loss: drawn(loss),
    }));
  const points = groups.flatMap(dots);
  const hollow = heldOut.flatMap(dots);
  const x = budgetAxis(
    "x",
    variable,
    [...path, ...points, ...hollow].map((one) => one.x),
  );
  // A band that flies off would flatten the rest; bands of many groups lie on one another.
  const losses = [...path, ...points, ...hollow].map(({ loss }) => loss);
  const [lowest, highest] = extent(losses);
  const spread = (highest - lowest) / 3;
  const thin = 1 / Math.max(1, names.length - 1);
  const bounds = path.flatMap(({ runLower, runUpper }) =>
    [runLower, runUpper].map((value) => Math.min(Math.max(value, lowest - spread), highest + spread)),
  );
  const y = axis("loss", LOSS_TITLE, { domain: roomy([...losses, ...bounds], false) });
  const band = (lower: string, upper: string, opacity: number): Layer => ({
    data: { name: "path" },
    mark: { type: "area", clip: true },
    encoding: {
      x,
      y: { ...y, field: lower },
      y2: { field: upper },
      color: colour(colours, true),
      opacity: strength(opacity, colours),
    },
  });
  const line = (name: string, dash: readonly number[], opacity: number): Layer => ({
    data: { name },
    mark: { type: "line", strokeWidth: 1.8, strokeDash: [...dash], clip: true },
    encoding: { x, y, color: colour(colours, true), opacity: strength(opacity, colours) },
  });
  const dot = (name: string, filled: boolean): Layer => ({
    data: { name },
    mark: { type: "point", filled, size: 40 },
    encoding: { x, y, color: colour(colours, true), shape: shape(colours, true), opacity: strength(0.9, colours) },
  });
  const [first] = forecasts;
  return {
    name: "forecast-fan",
    title: "Loss beyond the data",
    caption: `Solid over the data, dashed beyond. Dark band: ${percent(first?.level ?? 0.95)} interval of the mean curve; light: of one new run.${hollow.length === 0 ? "" : " Hollow points were held out."}`,
    spec: chartSpec(
      `Validation loss in nats per token against ${variable} on a logarithmic axis, carried on beyond the data for ${names.length} groups, with bands for the mean curve and for a new run.`,
      {
        path,
        inside: path.filter((one) => one.x <= one.reach),
        beyond: path.filter((one) => one.x >= one.reach),
        points,
        heldOut: hollow,
        decades: decadesBeyond(forecasts),
      },
      colours,
      [
        band("runLower", "runUpper", thin * BAND.beyond),
        band("lower", "upper", thin * BAND.inside),
        line("inside", [1, 0], LINE.inside),
        line("beyond", DASH, LINE.inside),
        { ...dot("points", true), params: ZOOM },
        dot("heldOut", false),
        {
          data: { name: "decades" },
          mark: { type: "rule", aria: false, strokeDash: [2, 3], opacity: 0.6 },
          encoding: { x },
        },
        {
          data: { name: "decades" },
          mark: { type: "text", align: "left", baseline: "top", dx: 4, fontSize: 11, aria: false },
          encoding: { x, y: { value: 4 }, text: { field: "text" } },
        },
      ],
    ),
  };
}

/** Where the longest data end, and each whole decade beyond. */
function decadesBeyond(forecasts: readonly Forecast[]) {
  const reach = Math.max(...forecasts.map((one) => one.reach));
  const farthest = Math.max(reach, ...forecasts.flatMap((one) => one.at.map(({ x }) => x)));
  return Array.from({ length: Math.floor(Math.log10(farthest / reach) + 1e-9) + 1 }, (_, k) => ({
    x: drawn(reach * 10 ** k),
    text: k === 0 ? "data end" : k === 1 ? "1 decade on" : `${k} decades on`,
  }));
}

function row({ x, loss, curve, newRun }: ForecastPoint) {
  const side = (value: number | null | undefined) => drawn(value ?? loss);
  return {
    x: drawn(x),
    loss: drawn(loss),
    lower: side(curve?.lower),
    upper: side(curve?.upper),
    runLower: side(newRun?.lower),
    runUpper: side(newRun?.upper),
  };
}
