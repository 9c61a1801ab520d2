// IsoFLOP valleys: loss against size at each budget, the valley as fitted, its lowest point with interval.
import { extent } from "../../base/extent.js";
import { count, percent, significant } from "../../base/format.js";
import type { Allocation } from "../../forecast/allocation.js";
import { drawn } from "../drawn.js";
import type { Chart } from "./chart.js";
import type { Layer } from "./layer.js";
import { palette } from "./palette.js";
import { axis, chartSpec, colour, LOSS_TITLE, logAxis, roomy, shape, strength, ZOOM } from "./parts.js";

export const SIZE_LABEL = "format(datum.value, '.3~s')";

/** Null where no budget holds a valley. */
export function isoflopValleys({ valleys: answer, level }: Allocation): Chart | null {
  if (answer.kind === "unavailable") return null;
  const { valleys } = answer.value;
  const names = valleys.map(({ flops }) => `${significant(flops, 3)} FLOPs`);
  const colours = palette(names, names.slice(0, 8));
  const points = valleys.flatMap(({ sizes, losses }, b) =>
    sizes.map((size, i) => ({ scheme: names[b] ?? "", size: drawn(size), loss: drawn(losses[i] ?? Number.NaN) })),
  );
  const found = valleys.flatMap(({ minimum }, b) =>
    minimum.kind === "interior" ? [{ minimum, scheme: names[b] ?? "" }] : [],
  );
  const curves = found.flatMap(({ minimum, scheme }) =>
    minimum.curve.map(({ parameters, loss }) => ({ scheme, size: drawn(parameters), loss: drawn(loss) })),
  );
  const sizes = points.map(({ size }) => size);
  const [least, most] = extent(sizes);
  const inside = (value: number | null | undefined, open: number) =>
    drawn(Math.min(Math.max(value ?? open, least), most));
  const minima = found.map(({ minimum: { parameters, loss }, scheme }) => ({
    scheme,
    size: drawn(parameters.estimate),
    lower: inside(parameters.interval?.lower, least),
    upper: inside(parameters.interval?.upper, most),
    loss: drawn(loss),
    // Names of a crowd would lie on one another.
    text: colours.crowded ? "" : count(parameters.estimate),
  }));
  // An interval that is open on both sides says nothing that a line could show.
  const ranges = minima.filter(
    (_, i) => (found[i]?.minimum.parameters.interval?.lower ?? found[i]?.minimum.parameters.interval?.upper) != null,
  );
  const x = logAxis("size", "parameters N", roomy(sizes, true), SIZE_LABEL);
  const y = axis("loss", LOSS_TITLE, {
    domain: roomy(
      points.map(({ loss }) => loss),
      false,
    ),
  });
  const mark = (name: string, drawing: Exclude<Extract<Layer, { mark: unknown }>["mark"], string>): Layer => ({
    data: { name },
    mark: drawing,
    encoding: { x, y, color: colour(colours, true), opacity: strength(0.9, colours) },
  });
  return {
    name: "isoflop-valleys",
    title: "Loss against size at equal compute",
    caption: `Points: runs. Lines: the valley as fitted. Crosses: its lowest point, with its ${percent(level)} interval where it is closed on a side.`,
    spec: chartSpec(
      `Validation loss against parameters on a logarithmic axis at ${valleys.length} budgets, ${points.length} runs, with the lowest point of each valley.`,
      { points, curves, minima, ranges },
      colours,
      [
        mark("curves", { type: "line", strokeWidth: 1.6 }),
        {
          data: { name: "points" },
          params: ZOOM,
          mark: { type: "point", filled: true, size: 40 },
          encoding: {
            x,
            y,
            color: colour(colours, true),
            shape: shape(colours, true),
            opacity: strength(0.9, colours),
          },
        },
        {
          data: { name: "ranges" },
          mark: { type: "rule", strokeWidth: 2.5 },
          encoding: {
            x: { ...x, field: "lower" },
            x2: { field: "upper" },
            y,
            color: colour(colours, true),
            opacity: strength(0.9, colours),
          },
        },
        mark("minima", { type: "point", shape: "cross", size: 90, filled: true }),
        {
          data: { name: "minima" },
          mark: { type: "text", dy: 14, fontSize: 11, clip: true },
          encoding: { x, y, text: { field: "text" }, color: colour(colours, true), opacity: strength(1, colours) },
        },
      ],
    ),
  };
}
