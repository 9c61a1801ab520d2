// Is the noise of one size? The size of residuals against the budget, with what the fit takes for the noise of a run there.
import { powerLawWithLimit } from "../../law/power-law.js";
import { drawn } from "../drawn.js";
import type { Chart, Given } from "./chart.js";
import {
  BUDGET_TITLE,
  budgetAxis,
  chartSpec,
  colour,
  LINE,
  logAxis,
  POINT_TOOLTIP,
  roomy,
  shape,
  strength,
  ZOOM,
} from "./parts.js";
import { residualRows } from "./residuals.js";

export function residualSize(given: Given): Chart | null {
  const { palette, analysis } = given;
  const { variable } = analysis;
  const sizes = residualRows(given).flatMap((row) =>
    row.residual === 0 ? [] : [{ ...row, size: Math.abs(row.residual) }],
  );
  if (sizes.length === 0) return null;
  const noise = noiseRows(given);
  const heights = [...sizes, ...noise].map(({ size }) => size);
  const x = (field: string) =>
    budgetAxis(field, variable, [...sizes.map((row) => row[variable]), ...noise.map((row) => row.x)]);
  const y = logAxis("size", "|observed − predicted| (nats per token)", roomy(heights, true));
  return {
    name: "residual-size",
    title: "Size of residuals",
    caption:
      "Absolute residuals on a logarithmic axis. Lines: the standard deviation of a run as the fit takes it, along x; a slope means that noise is not of one size.",
    spec: chartSpec(
      `Sizes of ${sizes.length} residuals against ${BUDGET_TITLE[variable]}, with the noise of a run that the fits take.`,
      { sizes, noise },
      palette,
      [
        {
          data: { name: "sizes" },
          params: ZOOM,
          mark: { type: "point", filled: true, size: 44, clip: true },
          encoding: {
            x: x(variable),
            y,
            color: colour(palette, true),
            shape: shape(palette, true),
            opacity: strength(0.9, palette),
            tooltip: [...POINT_TOOLTIP, { field: "residual", type: "quantitative", title: "residual", format: ".5f" }],
          },
        },
        {
          data: { name: "noise" },
          mark: { type: "line", clip: true },
          encoding: { x: x("x"), y, color: colour(palette, true), opacity: strength(LINE.inside, palette) },
        },
      ],
    ),
  };
}

/** The mean variance over the states of each fit, at the ends of its data and between, in nats; fits without states have none. */
function noiseRows({ source, analysis }: Given) {
  return source.schemes.flatMap(({ label }, order) => {
    const fit = analysis.fits[order] ?? null;
    const { range, states } = fit?.noise ?? { range: null, states: [] };
    const theta = powerLawWithLimit.parameters.flatMap(({ name }) => fit?.parameters[name]?.estimate ?? []);
    if (fit === null || range === null || theta.length < powerLawWithLimit.parameters.length) return [];
    const [from, to] = range;
    return Array.from({ length: STEPS + 1 }, (_, step) => {
      const along = step / STEPS;
      const budget = from * (to / from) ** along;
      const variance = states.reduce(
        (sum, { weight, deviation: [least, greatest] }) => sum + weight * (least * (greatest / least) ** along) ** 2,
        0,
      );
      const unit = fit.space === "log" ? powerLawWithLimit.value(theta, [budget]) : 1;
      return { scheme: label, x: drawn(budget), size: drawn(Math.sqrt(variance) * unit) };
    });
  });
}

const STEPS = 12;
