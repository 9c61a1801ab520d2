// Every point of every run, fitted or not: loss along the training, and the learning rate at each point.
import type { Chart, Given, Row } from "./chart.js";
import { endLabels, labelRoom, spread } from "./end-labels.js";
import { pointRow } from "./law-lines.js";
import type { Palette } from "./palette.js";
import {
  axis,
  budgetAxis,
  chartSpec,
  colour,
  LOSS_TITLE,
  POINT_TOOLTIP,
  roomy,
  shape,
  strength,
  ZOOM,
} from "./parts.js";

export const learningCurves = (given: Given): Chart | null =>
  withRate(given).length === 0 ? null : learningChart(given.palette, withRate(given));

export interface LearningRow extends Row {
  readonly scheme: string;
  readonly run: string | null;
  readonly tokens: number | null;
  readonly loss: number;
  readonly learningRate: number | null;
  readonly decayed: boolean;
}

/** Lines a run, points at the ends of cool-downs. */
export function learningChart(palette: Palette, rows: readonly LearningRow[]): Chart {
  const x = budgetAxis(
    "tokens",
    "tokens",
    rows.map((row) => row.tokens),
  );
  const domain = roomy(
    rows.map((row) => row.loss),
    false,
  );
  const y = axis("loss", LOSS_TITLE, { domain });
  const ends = palette.styles.flatMap(({ label, prominent }) => {
    const own = rows.filter((row) => row.scheme === label);
    const last = own.findLast((row) => row.decayed) ?? own.at(-1);
    return prominent && last !== undefined ? [{ scheme: label, y: last.loss }] : [];
  });
  return {
    name: "learning-curves",
    title: "Learning curves",
    caption: "Lines: the trunk of each run. Points: ends of cool-down branches, the only points the law is fitted to.",
    spec: chartSpec(
      `Validation loss against training tokens along ${new Set(rows.map((row) => row.run)).size} runs of ${palette.labels.length} schemes.`,
      { learning: rows, labels: spread(ends, domain, false) },
      palette,
      [
        {
          data: { name: "learning" },
          transform: [{ filter: { field: "decayed", equal: false } }],
          mark: { type: "line", strokeWidth: 1.4 },
          encoding: {
            x,
            y,
            color: colour(palette),
            detail: { field: "run", type: "nominal" },
            opacity: strength(0.7, palette),
          },
        },
        {
          data: { name: "learning" },
          params: ZOOM,
          transform: [{ filter: { field: "decayed", equal: true } }],
          mark: { type: "point", filled: true, size: 36 },
          encoding: {
            x,
            y,
            color: colour(palette),
            shape: shape(palette),
            opacity: strength(0.9, palette),
            tooltip: POINT_TOOLTIP,
          },
        },
        ...endLabels(palette, y),
      ],
      { right: labelRoom(palette) },
    ),
  };
}

export function learningRate(given: Given): Chart | null {
  const rows = withRate(given).filter((row) => row.decayed === false);
  if (rows.length === 0) return null;
  const { palette } = given;
  return {
    name: "learning-rate",
    title: "Learning rate",
    caption: "Along the trunk of each run; every cool-down branch ends at zero.",
    spec: chartSpec(
      `Learning rate against training tokens along the trunks of ${new Set(rows.map((row) => row.run)).size} runs.`,
      { rates: rows.map(({ scheme, run, tokens, learningRate }) => ({ scheme, run, tokens, learningRate })) },
      palette,
      [
        {
          data: { name: "rates" },
          mark: { type: "line", strokeWidth: 1.4 },
          encoding: {
            x: budgetAxis(
              "tokens",
              "tokens",
              rows.map((row) => row.tokens),
            ),
            y: { ...axis("learningRate", "learning rate", { format: "~g" }), scale: { zero: true } },
            color: colour(palette),
            detail: { field: "run", type: "nominal" },
            opacity: strength(0.7, palette),
          },
        },
      ],
    ),
  };
}

function withRate({ source }: Given) {
  const labelOf = new Map(source.schemes.map((scheme) => [scheme.name, scheme.label]));
  return source.points
    .filter((point) => point.learningRate !== null)
    .map((point) => ({
      ...pointRow(point, labelOf.get(point.scheme) ?? point.scheme),
      learningRate: point.learningRate,
      decayed: point.decayed ?? true,
    }));
}
