// rinsight forecast: what each curve reaches beyond its data, who leads there, and the budget that a loss asks for.
import type { Command } from "commander";
import { InputError } from "../base/errors.js";
import { extent } from "../base/extent.js";
import { count, fixed, percent, significant } from "../base/format.js";
import { writeAtomically } from "../base/write.js";
import { observe, type Selection } from "../curve/observe.js";
import { readTable } from "../curve/read/read-table.js";
import type { Table } from "../curve/table.js";
import { type LawByRounds, lawByRounds } from "../forecast/by-rounds.js";
import { forecast } from "../forecast/forecast.js";
import type { Forecasts } from "../forecast/forecasting.js";
import { heldOutForecasts, holdOutBudgets } from "../forecast/held-out.js";
import { nameOf } from "../forecast/leads.js";
import { lawByName } from "../law/catalogue.js";
import { known, left, right, terminalTable } from "../report/cells.js";
import { forecastFan } from "../report/charts/forecast-fan.js";
import { forecastCells, formsText, heldOutForecastCells, scoreCells } from "../report/forecast-cells.js";
import { addDataOptions, type DataFlags, selectionOf } from "./analysis-options.js";
import { keepApart } from "./apart.js";
import { writeCharts } from "./charts.js";
import { newCommand } from "./command.js";
import { list, positive, share, whole } from "./flags.js";
import { withRounds } from "./rounds-column.js";
import { say } from "./terminal.js";

interface ForecastFlags extends DataFlags {
  readonly at?: string;
  readonly reach?: string;
  readonly law?: string;
  readonly heldOut: string;
  readonly charts?: string;
  readonly rounds?: true;
}

export function command(): Command {
  return addDataOptions(
    newCommand(
      "forecast",
      "carry curves on: loss at budgets beyond the data",
      "rinsight forecast notebooks/curves.csv --at 1e9,1e10 --reach 2.5",
    ),
  )
    .option("--x <COL>", "column to forecast along: tokens or FLOPs (default: the tokens column)")
    .option("--at <X,…>", "values of x to say the loss at (default: 10 and 100 times the largest)")
    .option("--reach <LOSS,…>", "losses to say the budget for")
    .option("--law <NAME|EXPR>", "insist on one law (default: the forms that extrapolate best, together)")
    .option("--held-out <K>", "largest budgets kept out, to hold the forecast against what came", "0")
    .option("--pair-by <COL,…>", "columns that match points across schemes: horizon and seed")
    .option("--rounds", "one law by rounds: forms of E(r) and c(r), chosen by what they predict of the largest budgets")
    .option("--charts <DIR>", "draw the curves and their forecasts into a folder: Vega-Lite, SVG, PNG")
    .action(async (files: readonly string[], flags: ForecastFlags) => {
      const at = flags.at === undefined ? null : list(flags.at).map((text) => positive("--at", text));
      const reach = flags.reach === undefined ? [] : list(flags.reach).map((text) => positive("--reach", text));
      const { table, notes: read, inputs } = await readTable(files);
      keepApart(
        flags.out,
        inputs.map(({ name }) => name),
      );
      const law = flags.law === undefined ? null : lawByName(flags.law, [...table.columns.keys()]);
      const selection = selectionOf(flags);
      if (flags.rounds === true) return rounds(table, read, selection, flags);
      const held = whole("--held-out", flags.heldOut);
      const { groups: all, warnings, notes, taken } = observe(table, law?.variables ?? ["tokens"], selection);
      for (const note of [...read, ...notes]) say(note);
      for (const warning of warnings) say(`${warning.code}: ${warning.message}`);
      const parts = all.map((group) => holdOutBudgets(group, held));
      const groups = parts.map(({ kept }) => kept);
      const [least, largest] = extent(all.flatMap(({ x: [x] }) => Array.from(x ?? [])));
      const asked = at ?? [10 * largest, 100 * largest];
      const level = share("--level", flags.level);
      const result = forecast(groups, { at: asked, reach, level, law });
      const heldOut = held === 0 ? [] : heldOutForecasts(all, held, { level, law });
      const json = `${JSON.stringify({ ...result, heldOut, warnings }, null, 2)}\n`;
      if (flags.out !== undefined) writeAtomically(flags.out, json);
      if (flags.charts !== undefined) {
        const path = spread(least, Math.max(largest, ...asked));
        const variable = taken.x[0] !== undefined && /flop|^c$|compute/i.test(taken.x[0]) ? "flops" : "tokens";
        const { forecasts } = forecast(groups, { at: path, level, law });
        const kept = parts.map((part) => part.heldOut);
        await writeCharts(flags.charts, [forecastFan(groups, forecasts, variable, held === 0 ? [] : kept)]);
      }
      const scored = heldOut.length === 0 ? "" : terminalTable(known(heldOutForecastCells(heldOut)));
      process.stdout.write(flags.json === true ? json : `${forecastText(result)}${scored}`);
      for (const { group, warnings: own } of result.forecasts) {
        const name = nameOf(group);
        for (const { code, message } of own) say(`${name === "" ? "" : `${name}: `}${code}: ${message}`);
      }
    });
}

/** One law by rounds for runs of one size, whatever their schemes: schemes that differ otherwise are for --where to leave out. */
function rounds(table: Table, read: readonly string[], selection: Selection, flags: ForecastFlags): void {
  const { groups, warnings, notes } = observe(withRounds(table), ["rounds", "tokens"], { by: [], ...selection });
  for (const note of [...read, ...notes]) say(note);
  for (const warning of warnings) say(`${warning.code}: ${warning.message}`);
  const laws = groups.map((group) => {
    const [, most] = extent(group.x[1] ?? []);
    const asked = flags.at === undefined ? [10 * most] : list(flags.at).map((text) => positive("--at", text));
    return lawByRounds(group, asked, share("--level", flags.level));
  });
  const written = `${JSON.stringify({ rounds: laws, warnings }, null, 2)}\n`;
  if (flags.out !== undefined) writeAtomically(flags.out, written);
  process.stdout.write(flags.json === true ? written : laws.map(byRoundsText).join("\n"));
}

/** Scores of the forms, the chosen one, its parameters and its losses. */
function byRoundsText({ forms, chosen, forecasts, cuts }: LawByRounds): string {
  const scores = {
    columns: [left("form"), right("RMS of log loss"), right("squared error behind the best")],
    rows: forms.map(({ name, score, behind }) => [
      name,
      significant(score, 3),
      behind === null ? "–" : `${significant(behind.mean, 2)} ± ${significant(behind.standardError, 2)}`,
    ]),
  };
  const losses = {
    columns: [right("rounds"), right("tokens"), right("loss"), right("interval of a new run")],
    rows: forecasts.flatMap(({ rounds, at }) =>
      at.map(({ x, loss, newRun }) => [
        String(rounds),
        count(x[0] ?? Number.NaN),
        fixed(loss, 4),
        newRun === null ? "–" : `[${fixed(newRun.lower, 4)}, ${fixed(newRun.upper, 4)}]`,
      ]),
    ),
  };
  const parameters = Object.entries(chosen.fit.shared).map(
    ([name, { estimate, interval }]) =>
      `  ${name} ${significant(estimate, 4)}${interval === null ? "" : ` [${significant(interval.lower, 4)}, ${significant(interval.upper, 4)}]`}`,
  );
  return [
    `the ${cuts === 1 ? "largest budget" : `${cuts} largest budgets`} predicted, each from those below it:`,
    terminalTable(scores).trimEnd(),
    `chosen, the simplest within two standard errors of the best: ${chosen.name}, ${chosen.fit.status}`,
    ...parameters,
    terminalTable(losses),
  ].join("\n");
}

/** Evenly in log x, for drawing. */
const spread = (from: number, to: number): readonly number[] =>
  Array.from({ length: 61 }, (_, i) => from * (to / from) ** (i / 60));

/** The forecasts for a terminal: losses by group and x, forms, score card, sentences. */
export function forecastText({ forecasts, sentences }: Forecasts): string {
  const [first] = forecasts;
  if (first === undefined)
    throw new InputError("forecast: some group must have points, got none; mend --where or --by");
  const combined = forecasts.filter(({ method }) => method === "combined");
  const score = scoreCells(forecasts);
  const lines = [
    `${percent(first.level)} intervals${first.method === "combined" ? " of forms combined by how they extrapolate:" : `, ${first.forms[0]?.law} insisted on`}`,
    ...combined.map(({ group, forms }) => `  ${nameOf(group) === "" ? "" : `${nameOf(group)}: `}${formsText(forms)}`),
    ...(score.rows.length === 0 ? [] : [terminalTable(score).trimEnd()]),
    ...sentences,
  ];
  return `${terminalTable(known(forecastCells(forecasts)))}${lines.join("\n")}\n`;
}
