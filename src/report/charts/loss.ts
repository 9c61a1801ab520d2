// Loss against tokens or FLOPs, with fit, band and extrapolation; and the share of the excess loss that remains.
import { percent } from "../../base/format.js";
import { isOneBudget } from "../ranking.js";
import type { Variable } from "../record.js";
import type { Chart, Given } from "./chart.js";
import { type End, endLabels, labelRoom, spread } from "./end-labels.js";
import { type LossRows, lossRows } from "./law-lines.js";
import type { Layer } from "./layer.js";
import {
  axis,
  BAND,
  BUDGET_TITLE,
  budgetAxis,
  chartSpec,
  colour,
  DASH,
  LINE,
  LOSS_TITLE,
  logAxis,
  POINT_TOOLTIP,
  roomy,
  shape,
  strength,
  ZOOM,
} from "./parts.js";

export const lossByFlops = (given: Given): Chart | null =>
  given.source.points.some((point) => point.flops !== null && point.excluded === null) ? lossBy(given, "flops") : null;

export const lossByTokens = (given: Given): Chart | null =>
  given.analysis.variable === "tokens" ? lossBy(given, "tokens") : null;

/** Points a seed, fitted law solid over the data and dashed beyond them, delta-method band of the law. */
function lossBy(given: Given, variable: Variable): Chart | null {
  const rows = lossRows(given, variable);
  // One budget is no curve: the ranking shows it.
  if (rows.points.every((point) => isOneBudget(point[variable], rows.points[0]?.[variable]))) return null;
  const { palette, analysis } = given;
  const drawnLosses = [...rows.points.map((row) => row.loss), ...rows.inside.map((row) => row.loss)];
  const domain = roomy([...drawnLosses, ...rows.beyond.map((row) => row.loss)], false);
  const x = budgetOf(rows, variable);
  const y = axis("loss", LOSS_TITLE, { domain });
  const fitted = rows.inside.length > 0;
  const band = (data: "inside" | "beyond"): Layer => ({
    data: { name: data },
    mark: { type: "area", clip: true },
    encoding: {
      x,
      y: { ...y, field: "lower" },
      y2: { field: "upper" },
      color: colour(palette),
      opacity: strength(BAND[data], palette),
    },
  });
  return {
    name: `loss-${variable}`,
    title: variable === "tokens" ? "Loss against training tokens" : "Loss against training compute",
    caption: `Points: one a seed and horizon. ${fitted ? "Solid: fitted law over the data. Dashed: extrapolation." : "No law could be fitted."}${
      fitted && !palette.crowded ? ` Band: ${percent(analysis.level)} interval of the law (delta method).` : ""
    }`,
    spec: chartSpec(
      `Validation loss in nats per token against ${BUDGET_TITLE[variable]} on a logarithmic axis, for ${palette.labels.length} schemes: ${rows.points.length} points and the fitted laws, dashed where they leave the data.`,
      { ...(palette.crowded ? bare(rows) : rows), labels: spread(ends(rows, given, "loss"), domain, false) },
      palette,
      [...(palette.crowded ? [] : [band("inside"), band("beyond")]), ...lines(given, rows, variable, "loss", x, y)],
      { right: labelRoom(palette) },
    ),
  };
}

/** Without what a crowd's chart draws nothing of. */
const bare = ({ points, inside, beyond }: LossRows) => ({
  points: points.map(({ remaining: _, ...row }) => row),
  inside: inside.map(({ scheme, x, loss }) => ({ scheme, x, loss })),
  beyond: beyond.map(({ scheme, x, loss }) => ({ scheme, x, loss })),
});

/**
 * (L − E) over its value at the scheme's smallest budget, on log-log axes: the law is a straight line of slope −c from 1.
 * The plain L − E would show the scheme with the lowest fitted limit above the others, whatever its losses are.
 */
export function remainingExcess(given: Given): Chart | null {
  const { variable } = given.analysis;
  const rows = lossRows(given, variable);
  if (rows.inside.length === 0) return null;
  const points = rows.points.filter((row) => typeof row.remaining === "number" && row.remaining > 0);
  const shares = [...rows.inside, ...rows.beyond].map((row) => row.remaining);
  const domain = roomy([...shares, ...points.flatMap(({ remaining }) => Number(remaining))], true);
  const x = budgetOf(rows, variable);
  const y = logAxis("remaining", "share of the first excess loss (L − E) that remains", domain);
  return {
    name: "excess-loss",
    title: "How fast the excess loss falls",
    caption:
      "Loss above each scheme's own fitted limit, over that at its smallest budget; log-log, so the law is a straight line of slope −c. Steeper falls faster. Heights say nothing of which loss is lower.",
    spec: chartSpec(
      `Loss minus each scheme's fitted limit, as a share of that at its smallest budget, against ${BUDGET_TITLE[variable]}, both axes logarithmic; the fitted laws are straight lines from 1, dashed where they leave the data.`,
      { ...rows, points, labels: spread(ends(rows, given, "remaining"), domain, true) },
      given.palette,
      lines(given, rows, variable, "remaining", x, y),
      { right: labelRoom(given.palette) },
    ),
  };
}

const budgetOf = ({ points, beyond }: LossRows, variable: Variable) =>
  budgetAxis("x", variable, [...points.map((point) => point[variable]), ...beyond.map((row) => row.x)]);

/** Where each prominent scheme's line ends, or its last point where it has no line. */
function ends(rows: LossRows, { palette }: Given, field: "loss" | "remaining"): readonly End[] {
  return palette.styles.flatMap(({ label, prominent }) => {
    const last = [...rows.points, ...rows.inside, ...rows.beyond].findLast((row) => row.scheme === label);
    const y = last?.[field];
    return prominent && typeof y === "number" ? [{ scheme: label, y }] : [];
  });
}

function lines(
  { palette }: Given,
  rows: LossRows,
  variable: Variable,
  field: "loss" | "remaining",
  x: ReturnType<typeof logAxis>,
  y: ReturnType<typeof axis> | ReturnType<typeof logAxis>,
): readonly Layer[] {
  const line = (data: "inside" | "beyond"): Layer => ({
    data: { name: data },
    mark: { type: "line", clip: true, strokeWidth: 2, ...(data === "beyond" ? { strokeDash: DASH } : {}) },
    encoding: {
      x,
      y: { ...y, field },
      color: colour(palette),
      opacity: strength(LINE[data], palette),
    },
  });
  return [
    ...(rows.inside.length === 0 ? [] : [line("inside"), line("beyond")]),
    {
      data: { name: "points" },
      params: ZOOM,
      mark: { type: "point", filled: true, size: palette.crowded ? 20 : 44, clip: true },
      encoding: {
        x: { ...x, field: variable },
        y: { ...y, field },
        color: colour(palette),
        shape: shape(palette),
        opacity: strength(0.9, palette),
        tooltip: POINT_TOOLTIP,
      },
    },
    ...endLabels(palette, y),
  ];
}
