// Forecasts as tables: losses beyond the data, and the score card of the forecasts that the data themselves test.
import { count, percent, significant } from "../base/format.js";
import type { Interval } from "../fit/record.js";
import type { Forecast, Form } from "../forecast/forecasting.js";
import type { HeldOutForecast } from "../forecast/held-out.js";
import { type Cells, left, right } from "./cells.js";

export const rangeText = (interval: Interval | null): string =>
  interval === null ? "–" : `[${significant(interval.lower)}, ${significant(interval.upper)}]`;

const nameOf = ({ group }: Pick<Forecast, "group">): string => Object.values(group).join(", ");

export function forecastCells(forecasts: readonly Forecast[]): Cells {
  return {
    columns: [left("group"), right("x"), right("decades on"), right("loss"), left("mean curve"), left("a new run")],
    rows: forecasts.flatMap((one) =>
      one.at.map(({ x, decades, loss, curve, newRun }) => [
        nameOf(one) || "–",
        count(x),
        significant(decades, 2),
        significant(loss),
        rangeText(curve),
        rangeText(newRun),
      ]),
    ),
  };
}

/** Runs that were kept out, with the signed error of the forecast. */
export function heldOutForecastCells(rows: readonly HeldOutForecast[]): Cells {
  return {
    columns: [
      left("group"),
      right("held out at"),
      right("decades on"),
      right("observed"),
      right("forecast"),
      right("forecast/observed − 1"),
      left("a new run"),
      left("inside"),
    ],
    rows: rows.map((one) => [
      nameOf(one) || "–",
      count(one.x),
      significant(one.decades, 2),
      significant(one.observed),
      significant(one.predicted),
      `${one.error > 0 ? "+" : ""}${significant(100 * one.error, 2)}%`,
      rangeText(one.newRun),
      one.inside === null ? "–" : one.inside ? "yes" : "no",
    ]),
  };
}

const share = (value: number): string => percent(Number(value.toPrecision(2)));

/** "m4 61% (off by .4%), bnsl-1 20% (off by 1.2%)": forms by share. */
export function formsText(forms: readonly Form[]): string {
  return forms
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ law, weight, error }) => `${law} ${share(weight)}${error === null ? "" : ` (off by ${share(error)})`}`)
    .join(", ");
}

/** Beyond expanding windows, all groups together. */
export function scoreCells(forecasts: readonly Forecast[]): Cells {
  const rows = forecasts.flatMap(({ scoreCard }) => scoreCard);
  return {
    columns: [left("decades ahead"), right("points"), right("off by (RMS)"), right("inside the interval")],
    rows: [...new Set(rows.map(({ to }) => to))]
      .sort((a, b) => a - b)
      .map((to) => {
        const alike = rows.filter((row) => row.to === to);
        const points = alike.reduce((sum, row) => sum + row.points, 0);
        const mean = (value: (row: (typeof rows)[number]) => number) =>
          alike.reduce((sum, row) => sum + row.points * value(row), 0) / points;
        return [
          `${alike[0]?.from} to ${to}`,
          String(points),
          share(Math.sqrt(mean(({ error }) => error ** 2))),
          `${Math.round(100 * mean(({ held }) => held))}%`,
        ];
      }),
  };
}
