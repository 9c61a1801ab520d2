// The compute multiplier: how many times a scheme's budget the baseline needs for the same loss.
import { percent } from "../../base/format.js";
import { drawn, drawnOrNull } from "../drawn.js";
import type { Chart, Given, Row } from "./chart.js";
import { endLabels, labelRoom, spread } from "./end-labels.js";
import type { Layer } from "./layer.js";
import {
  BAND,
  BUDGET_TITLE,
  budgetAxis,
  chartSpec,
  colour,
  DASH,
  LINE,
  logAxis,
  roomy,
  strength,
  ZOOM,
} from "./parts.js";

interface MultiplierRow extends Row {
  readonly scheme: string;
  readonly budget: number;
  readonly multiplier: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly extrapolated: boolean;
}

/** Where the baseline never gets there the curve ends; an open band runs on to the top. */
export function multiplier({ analysis, palette }: Given): Chart | null {
  const rows = (analysis.comparison?.multipliers ?? []).flatMap(({ scheme, curve }) =>
    curve.map(
      (point): MultiplierRow => ({
        scheme,
        budget: drawn(point.budget),
        multiplier: drawnOrNull(point.multiplier),
        lower: drawnOrNull(point.lower),
        upper: drawnOrNull(point.upper),
        extrapolated: point.extrapolated,
      }),
    ),
  );
  const defined = rows.filter((row) => row.multiplier !== null);
  if (defined.length === 0) return null;
  const variable = analysis.comparisonVariable;
  const baseline = analysis.comparison?.baseline ?? "";
  const drawnBands = palette.crowded ? [] : bands(rows);
  const open = rows.some(({ lower, upper }) => lower !== null && upper === null);
  const heights = [
    1,
    ...[...defined, ...drawnBands].flatMap(({ multiplier, lower, upper }) => [multiplier, lower, upper]),
  ];
  const domain = roomy(
    heights.filter((value) => typeof value === "number"),
    true,
  );
  const x = budgetAxis(
    "budget",
    variable,
    defined.map((row) => row.budget),
  );
  const y = logAxis("multiplier", "multiplier (times the budget of the baseline)", domain);
  const ends = palette.styles.flatMap(({ label, prominent }) => {
    const last = defined.findLast((row) => row.scheme === label);
    return prominent && last?.multiplier != null ? [{ scheme: label, y: last.multiplier }] : [];
  });
  const line = (data: "inside" | "beyond"): Layer => ({
    data: { name: data },
    ...(data === "beyond" ? {} : { params: ZOOM }),
    mark: { type: "line", clip: true, strokeWidth: 2, ...(data === "beyond" ? { strokeDash: DASH } : {}) },
    encoding: {
      x,
      y,
      color: colour(palette),
      opacity: strength(LINE[data], palette),
      tooltip: [
        { field: "scheme", type: "nominal", title: "scheme" },
        { field: "budget", type: "quantitative", title: "budget", format: ".3s" },
        { field: "multiplier", type: "quantitative", title: "multiplier", format: ".3f" },
        { field: "lower", type: "quantitative", title: "lower", format: ".3f" },
        { field: "upper", type: "quantitative", title: "upper", format: ".3f" },
      ],
      ...(data === "beyond" ? { detail: { field: "stretch", type: "nominal" } } : {}),
    },
  });
  return {
    name: "multiplier",
    title: "Compute multiplier",
    caption: `How many times the budget ${baseline} needs for the same loss; above 1 the scheme saves.${
      palette.crowded
        ? ""
        : ` Band: ${percent(analysis.level)} interval${open ? ", up to the top where it has no end" : ""}.`
    } Dashed: outside the data of one of the two.`,
    spec: chartSpec(
      `Budget multiplier over ${baseline} against ${BUDGET_TITLE[variable]} for ${palette.labels.length - 1} schemes, with bands; 1 means no difference.`,
      {
        band: drawnBands,
        inside: defined.filter((row) => !row.extrapolated),
        beyond: stretchesBeyond(defined),
        labels: spread(ends, domain, true),
      },
      palette,
      [
        {
          data: { name: "band" },
          mark: { type: "area", clip: true },
          encoding: {
            x,
            y: { ...y, field: "lower" },
            y2: { field: "upper" },
            color: colour(palette),
            opacity: strength(BAND.inside, palette),
          },
        },
        {
          data: { values: [{}] },
          mark: { type: "rule", aria: false, strokeWidth: 1, opacity: 0.7 },
          encoding: { y: { datum: 1, type: "quantitative" } },
        },
        line("inside"),
        line("beyond"),
        ...endLabels(palette, y),
      ],
      { right: labelRoom(palette) },
    ),
  };
}

/** An open band ends where the highest closed one does, also where the baseline never gets there. */
function bands(rows: readonly MultiplierRow[]): readonly MultiplierRow[] {
  const numbers = rows.flatMap(({ multiplier, upper }) => [multiplier, upper].filter((value) => value !== null));
  const top = Math.max(1, ...numbers);
  return rows.flatMap((row) => (row.lower !== null && row.lower < top ? [{ ...row, upper: row.upper ?? top }] : []));
}

/** Rows outside the data, numbered by stretch, each with the inside row that it meets: no dashed line crosses the data. */
function stretchesBeyond(rows: readonly MultiplierRow[]): readonly (MultiplierRow & { readonly stretch: number })[] {
  let stretch = 0;
  return rows.flatMap((row, i) => {
    if (row.extrapolated) return [{ ...row, stretch }];
    const meets = (other: MultiplierRow | undefined) => other?.scheme === row.scheme && other.extrapolated;
    const end = meets(rows[i - 1]) ? [{ ...row, stretch }] : [];
    stretch++;
    return [...end, ...(meets(rows[i + 1]) ? [{ ...row, stretch }] : [])];
  });
}
