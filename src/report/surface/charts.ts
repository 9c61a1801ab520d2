// The charts of one family of sizes: IsoFLOP valleys, frontiers of size and tokens, residuals of the law.
import type { Observations } from "../../curve/observations.js";
import type { Allocation } from "../../forecast/allocation.js";
import { approaches } from "../../forecast/allocation-sentences.js";
import type { Chart } from "../charts/chart.js";
import { computeFrontier } from "../charts/compute-frontier.js";
import { isoflopValleys } from "../charts/isoflop-valleys.js";
import { palette } from "../charts/palette.js";
import { axis, budgetAxis, chartSpec, colour, shape, strength, ZOOM } from "../charts/parts.js";
import { drawn } from "../drawn.js";

const DRAWN = 41;

/** Valleys and frontiers of an allocation; `reallocate` answers for the budgets that a line is drawn through. */
export function allocationCharts(
  allocation: Allocation,
  reallocate: (budgets: readonly number[]) => Allocation,
): readonly Chart[] {
  const measured =
    allocation.valleys.kind === "answer" ? allocation.valleys.value.valleys.map(({ flops }) => flops) : [];
  const optima = approaches(allocation).flatMap((one) => one.optima);
  // Where the data end, solid lines turn into dashed ones.
  const ends = optima.slice(0, 1).map(({ flops, decades }) => flops / 10 ** decades);
  const asked = optima.map(({ flops }) => flops);
  const drawing = reallocate(spread([...measured, ...asked, ...ends]));
  return [isoflopValleys(drawing), computeFrontier(drawing, "parameters"), computeFrontier(drawing, "tokens")].flatMap(
    (chart) => chart ?? [],
  );
}

/** Budgets evenly in log C over those given, and those. */
function spread(budgets: readonly number[]): readonly number[] {
  const [low, high] = [Math.min(...budgets), Math.max(...budgets)];
  const inside = Array.from({ length: DRAWN }, (_, i) => low * (high / low) ** (i / (DRAWN - 1)));
  return [...new Set([...inside, ...budgets])].sort((a, b) => a - b);
}

/** What the law of approach 3 leaves of each run; null without that law. */
export function surfaceResiduals(
  label: string,
  { surface }: Allocation,
  group: Observations,
  flops: readonly number[],
): Chart | null {
  if (surface.kind === "unavailable") return null;
  const { fit } = surface.value;
  const colours = palette([label], [label]);
  const rows = fit.residuals.map((residual, i) => ({
    scheme: label,
    flops: drawn(flops[i] ?? Number.NaN),
    parameters: drawn(group.x[0]?.[i] ?? Number.NaN),
    tokens: drawn(group.x[1]?.[i] ?? Number.NaN),
    loss: drawn(group.loss[i] ?? Number.NaN),
    percent: drawn(100 * (Math.exp(residual) - 1)),
  }));
  const x = budgetAxis("flops", "flops", flops);
  const y = axis("percent", "observed over predicted loss − 1 (%)");
  return {
    name: "surface-residuals",
    title: "Residuals of the law in N and D",
    caption: "Observed over predicted, in percent; structure along the budget means that the law misses a shape.",
    spec: chartSpec(
      `Residuals in percent of ${fit.law} for ${rows.length} runs against training FLOPs on a logarithmic axis.`,
      { residuals: rows, zero: [{ percent: 0 }] },
      colours,
      [
        { data: { name: "zero" }, mark: { type: "rule", aria: false, strokeDash: [2, 3] }, encoding: { y } },
        {
          data: { name: "residuals" },
          params: ZOOM,
          mark: { type: "point", filled: true, size: 40 },
          encoding: {
            x,
            y,
            color: colour(colours),
            shape: shape(colours),
            opacity: strength(0.7, colours),
            tooltip: [
              { field: "parameters", type: "quantitative", title: "parameters", format: ".4s" },
              { field: "tokens", type: "quantitative", title: "tokens", format: ".4s" },
              { field: "flops", type: "quantitative", title: "FLOPs", format: ".3e" },
              { field: "loss", type: "quantitative", title: "loss (nats per token)", format: ".4f" },
              { field: "percent", type: "quantitative", title: "residual (%)", format: ".2f" },
            ],
          },
        },
      ],
    ),
  };
}
