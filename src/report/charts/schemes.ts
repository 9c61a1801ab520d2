// What a scheme buys: compute multiplier, loss by inference rounds, ranking of many schemes, learning curves.
import { percent } from "../../base/format.js";
import {
  axis,
  BUDGET_TITLE,
  type Chart,
  chartSpec,
  colour,
  LOSS_TITLE,
  PICK,
  POINT_TOOLTIP,
  picked,
  type Row,
  type Spec,
  shape,
  ZOOM,
} from "./parts.js";

/** Rows {scheme, budget, multiplier, lower, upper, extrapolated}; where the baseline never gets there the curve ends. */
export function multiplierChart(
  labels: readonly string[],
  variable: "tokens" | "flops",
  baseline: string,
  rows: readonly Row[],
  level: number,
): Chart {
  const x = axis("budget", BUDGET_TITLE[variable], { log: true, format: "~s" });
  const y = axis("multiplier", "multiplier (times the budget of the baseline)", { log: true, format: "~g" });
  const defined = rows.filter((row) => row.multiplier !== null);
  const open = rows.some(({ lower, upper }) => lower !== null && upper === null);
  const tooltip = [
    { field: "scheme", type: "nominal", title: "scheme" },
    { field: "budget", type: "quantitative", title: "budget", format: ".3s" },
    { field: "multiplier", type: "quantitative", title: "multiplier", format: ".3f" },
    { field: "lower", type: "quantitative", title: "lower", format: ".3f" },
    { field: "upper", type: "quantitative", title: "upper", format: ".3f" },
  ];
  const line = (name: string, extrapolated: boolean): Spec => ({
    data: { name },
    ...(extrapolated ? {} : { params: [PICK, ZOOM] }),
    mark: { type: "line", clip: true, strokeWidth: 1.8, ...(extrapolated ? { strokeDash: [5, 4] } : {}) },
    encoding: {
      x,
      y,
      color: colour(labels),
      opacity: picked(extrapolated ? 0.6 : 0.95),
      tooltip,
      ...(extrapolated ? { detail: { field: "stretch", type: "nominal" } } : {}),
    },
  });
  return {
    name: "multiplier",
    title: "Compute multiplier",
    caption: `How many times the budget the baseline needs for the same loss; above 1 the scheme saves. Band: ${percent(level)} interval${open ? ", up to the top where it has no end" : ""}. Dashed: outside the data of one of the two.`,
    spec: chartSpec(
      `Budget multiplier over ${baseline} against ${BUDGET_TITLE[variable]} for ${labels.length - 1} schemes, with bands; 1 means no difference.`,
      {
        band: bands(rows),
        inside: defined.filter((row) => row.extrapolated === false),
        beyond: stretchesBeyond(defined),
      },
      {
        layer: [
          {
            data: { name: "band" },
            mark: { type: "area", clip: true },
            encoding: {
              x,
              y: { ...y, field: "lower" },
              y2: { field: "upper" },
              color: colour(labels),
              opacity: picked(0.12),
            },
          },
          {
            data: { values: [{}] },
            mark: { type: "rule", strokeWidth: 1, opacity: 0.6 },
            encoding: { y: { datum: 1, type: "quantitative" } },
          },
          line("inside", false),
          line("beyond", true),
        ],
      },
    ),
  };
}

/** An open band ends where the highest closed one does, also where the baseline never gets there. */
function bands(rows: readonly Row[]): readonly Row[] {
  const numbers = rows.flatMap(({ multiplier, upper }) =>
    [multiplier, upper].filter((value) => typeof value === "number"),
  );
  const top = Math.max(1, ...numbers);
  return rows.flatMap((row) =>
    typeof row.lower === "number" && row.lower < top ? [{ ...row, upper: row.upper ?? top }] : [],
  );
}

/** Rows outside the data, numbered by stretch, each with the inside row that it meets: no dashed line crosses the data. */
function stretchesBeyond(rows: readonly Row[]): readonly Row[] {
  let stretch = 0;
  return rows.flatMap((row, i) => {
    if (row.extrapolated === true) return [{ ...row, stretch }];
    const meets = (other: Row | undefined) => other?.scheme === row.scheme && other?.extrapolated === true;
    const end = meets(rows[i - 1]) ? [{ ...row, stretch }] : [];
    stretch++;
    return [...end, ...(meets(rows[i + 1]) ? [{ ...row, stretch }] : [])];
  });
}

/** Rows {scheme, run, seed, tokens, rounds, loss, inferenceFlopsPerToken}: one checkpoint at one number of rounds. */
export function roundsChart(labels: readonly string[], rows: readonly Row[], baselineLoss: number | null): Chart {
  const x: Spec = {
    field: "rounds",
    type: "quantitative",
    scale: { zero: false, padding: 12 },
    axis: { title: "rounds at inference", tickMinStep: 1, format: "d" },
  };
  const y = axis("loss", LOSS_TITLE);
  return {
    name: "inference-rounds",
    title: "Loss against rounds at inference",
    caption: `The checkpoints of the largest horizon scored at other numbers of rounds; points are seeds, lines their mean.${
      baselineLoss === null ? "" : " Dotted: the baseline's mean at its largest horizon."
    }`,
    spec: chartSpec(
      `Validation loss of recursive schemes against the number of rounds applied at inference, ${rows.length} points.`,
      { rounds: rows, baseline: baselineLoss === null ? [] : [{ loss: baselineLoss }] },
      {
        layer: [
          {
            data: { name: "rounds" },
            mark: { type: "line", strokeWidth: 1.4 },
            encoding: { x, y: { ...y, aggregate: "mean" }, color: colour(labels), opacity: picked(0.7) },
          },
          {
            data: { name: "baseline" },
            mark: { type: "rule", strokeDash: [2, 3] },
            encoding: { y },
          },
          {
            data: { name: "rounds" },
            params: [PICK, ZOOM],
            mark: { type: "point", filled: true, size: 42 },
            encoding: {
              x,
              y,
              color: colour(labels),
              shape: shape(labels),
              opacity: picked(0.9),
              tooltip: [
                { field: "scheme", type: "nominal", title: "scheme" },
                { field: "run", type: "nominal", title: "run" },
                { field: "seed", type: "nominal", title: "seed" },
                { field: "rounds", type: "quantitative", title: "rounds" },
                {
                  field: "inferenceFlopsPerToken",
                  type: "quantitative",
                  title: "inference FLOPs per token",
                  format: ".3s",
                },
                { field: "loss", type: "quantitative", title: "loss (nats per token)", format: ".4f" },
              ],
            },
          },
        ],
      },
    ),
  };
}

/** Schemes from the lowest mean loss up, points a seed; `rows` {scheme, run, seed, tokens, flops, loss} at one budget. */
export function rankingChart(labels: readonly string[], ranked: readonly string[], rows: readonly Row[]): Chart {
  const y = { field: "scheme", type: "nominal", sort: ranked, axis: { title: null, labelOverlap: false } };
  const x = axis("loss", `${LOSS_TITLE} at the largest common budget`);
  return {
    name: "ranking",
    title: "Ranking at the largest common budget",
    caption: "Points are seeds, ticks their mean; the spread of the seeds is the noise that a difference has to beat.",
    spec: chartSpec(
      `${ranked.length} schemes ranked by mean validation loss at the largest budget that all of them reached, the lowest on top, with each seed as a point.`,
      { ranking: rows },
      {
        height: { step: ranked.length > 20 ? 15 : 24 },
        data: { name: "ranking" },
        layer: [
          {
            mark: { type: "tick", thickness: 2, size: 14 },
            encoding: { y, x: { ...x, aggregate: "mean" }, color: colour(labels, false) },
          },
          {
            mark: { type: "point", filled: true, size: 42 },
            encoding: { y, x, color: colour(labels, false), shape: shape(labels, false), tooltip: POINT_TOOLTIP },
          },
        ],
      },
    ),
  };
}

/** Rows {scheme, run, seed, tokens, flops, loss, learningRate, decayed}: every point of every run, fitted or not. */
export function learningChart(labels: readonly string[], rows: readonly Row[]): Chart {
  const x = axis("tokens", BUDGET_TITLE.tokens, { log: true, format: "~s" });
  const detail = { field: "run", type: "nominal" };
  const panel = (height: number, y: Spec, decayed: boolean): Spec => ({
    width: 600,
    height,
    layer: [
      {
        transform: [{ filter: { field: "decayed", equal: false } }],
        mark: { type: "line", strokeWidth: 1.2 },
        encoding: { x, y, color: colour(labels), detail, opacity: picked(0.7) },
      },
      {
        ...(decayed ? { name: "branch_ends" } : {}),
        transform: [{ filter: { field: "decayed", equal: true } }],
        mark: { type: "point", filled: true, size: 34 },
        encoding: { x, y, color: colour(labels), shape: shape(labels), opacity: picked(0.9), tooltip: POINT_TOOLTIP },
      },
    ],
  });
  return {
    name: "learning-curves",
    title: "Learning curves and schedule",
    caption:
      "Lines: the trunk of each run. Points: ends of cool-down branches, the only points the law is fitted to. Below: the learning rate at each point.",
    spec: chartSpec(
      `Validation loss and learning rate against training tokens along ${new Set(rows.map((row) => row.run)).size} runs of ${labels.length} schemes.`,
      { learning: rows },
      {
        data: { name: "learning" },
        params: [{ ...PICK, views: ["branch_ends"] }],
        vconcat: [
          panel(280, axis("loss", LOSS_TITLE), true),
          panel(110, { ...axis("learningRate", "learning rate", { format: "~e" }), scale: { zero: true } }, false),
        ],
      },
      false,
    ),
  };
}
