// The section of a report on what the curves will reach: losses beyond the data, held-out runs, the score card.
import { percent } from "../base/format.js";
import { known } from "./cells.js";
import { forecastCells, heldOutForecastCells, scoreCells } from "./forecast-cells.js";
import type { Section } from "./page/report-page.js";
import type { Analysis } from "./record.js";

export function forecastSection({ forecast, level }: Analysis): readonly Section[] {
  if (forecast === undefined) return [];
  const { forecasts, sentences, heldOut } = forecast;
  const inside = heldOut.filter((one) => one.inside === true).length;
  const tables = [known(forecastCells(forecasts)), known(heldOutForecastCells(heldOut)), scoreCells(forecasts)];
  return [
    {
      title: "Forecast",
      sentences: [
        ...sentences,
        ...(heldOut.length === 0
          ? []
          : [`Of ${heldOut.length} runs held out ${inside} lie inside their ${percent(level)} intervals.`]),
      ],
      tables: tables.filter(({ rows }) => rows.length > 0),
      charts: ["forecast-fan"],
    },
  ];
}
