// Why a row of a table is no point of a fit: not measured, no number, measured before training, of a run that diverged
// or was never finished, or left behind by a run that was resumed at an earlier step.

import { grouping, notFiniteRows } from "./cells.js";
import type { Exclusion } from "./observations.js";
import { orderOf } from "./order.js";
import { type Table, textAt } from "./table.js";

/** What may be kept although it is left out otherwise. */
export const KEPT = ["superseded", "unfinished", "diverged"] as const;
export type Kept = (typeof KEPT)[number];
type Reason = Omit<Exclusion, "row">;

const FINISHED = new Set("finished completed complete succeeded success done diverged".split(" "));
const UNFINISHED = new Set(
  "unfinished running crashed failed killed aborted stopped preempted pending queued error".split(" "),
);

/** Reasons by the state of the row's run: the status of run files, or what a tracker calls state. */
export function stateReason(table: Table, keep: readonly Kept[]): (row: number) => Reason | null {
  const found = [...table.columns].find(([name, column]) => {
    if (column.kind !== "text" || !/^(?:run[ _])?(?:state|status)$/i.test(name)) return false;
    return column.values.every(
      (cell) => cell === "" || FINISHED.has(cell.toLowerCase()) || UNFINISHED.has(cell.toLowerCase()),
    );
  });
  if (found === undefined) return () => null;
  const [name, column] = found;
  return (row) => {
    const state = textAt(column, row).toLowerCase();
    if (state === "diverged" && !keep.includes("diverged")) return { code: "diverged", reason: "the run diverged" };
    if (!UNFINISHED.has(state) || keep.includes("unfinished")) return null;
    if (state === "unfinished")
      return { code: "unfinished", reason: "the run has no end line; start the same train or sweep command again" };
    return { code: "unfinished", reason: `${name} is ${state} (--keep-unfinished keeps it)` };
  };
}

export interface RunOrder {
  /** Reason of a row that its run left behind or that belongs to a run which diverged; null for all others. */
  readonly reason: (row: number) => Reason | null;
  readonly notes: readonly string[];
}

/**
 * What the order of rows says of each run, for tables that name runs in a column `run`.
 * @param runOf the run of a row, with its group.
 * @param counter tokens of a row, or what else it is counted by.
 */
function runOrder(
  rows: readonly number[],
  runOf: (row: number) => string,
  counter: Float64Array,
  loss: Float64Array,
  lossName: string,
  written: ReadonlySet<number>,
  keep: readonly Kept[],
): RunOrder {
  const runs = new Map<string, number[]>();
  for (const row of rows) {
    const run = runOf(row);
    const own = runs.get(run);
    if (own === undefined) runs.set(run, [row]);
    else own.push(row);
  }
  const reasons = new Map<number, Reason>();
  const notes: string[] = [];
  for (const [run, own] of runs) {
    const at = (row: number): number => counter[row] ?? 0;
    const order = orderOf(own.map((row) => ({ counter: at(row), series: ["loss"] })));
    if (!keep.includes("superseded")) {
      for (const index of order.superseded) {
        const row = own[index];
        if (row !== undefined) reasons.set(row, { code: "superseded", reason: "a resumed run left it behind" });
      }
      for (const { from, to, kind, dropped } of order.falls) {
        notes.push(
          kind === "resumed"
            ? `run ${run} fell from ${from} to ${to}: resumed there; ${dropped} rows at or past it left out (--keep-superseded keeps them)`
            : `run ${run} fell from ${from} to ${to}, where it began: two runs under one name; give each a name of its own`,
        );
      }
    }
    const since = keep.includes("diverged") ? null : divergedAt(own, at, loss, written);
    if (since === null) continue;
    notes.push(
      `run ${run}: ${lossName} is not finite from ${since} on: the run diverged and is left out (--keep-diverged keeps what came before)`,
    );
    for (const row of own) reasons.set(row, { code: "diverged", reason: "the run diverged" });
  }
  return { reason: (row) => reasons.get(row) ?? null, notes };
}

/** Where the losses of a run are finite up to a point and never after it; null where they end finite. */
function divergedAt(
  rows: readonly number[],
  at: (row: number) => number,
  loss: Float64Array,
  written: ReadonlySet<number>,
): number | null {
  if (!rows.some((row) => written.has(row))) return null;
  const sorted = [...rows]
    .filter((row) => written.has(row) || Number.isFinite(loss[row]))
    .sort((a, b) => at(a) - at(b));
  const first = sorted.findIndex((row) => written.has(row));
  const [row] = sorted.slice(first, first + 1);
  return row === undefined || first === 0 || sorted.slice(first).some((later) => !written.has(later)) ? null : at(row);
}

/** What the order of rows says, where a column `run` names runs and one variable counts them. */
export function orderOfRuns(
  table: Table,
  byNames: readonly string[],
  x: readonly Float64Array[],
  loss: Float64Array,
  lossName: string,
  own: (row: number) => Omit<Exclusion, "row"> | null,
  keep: readonly Kept[],
  branches: boolean,
): RunOrder {
  const run = table.columns.get("run");
  const [counter, second] = x;
  // Cooled-down points branch off their run, which then goes on behind them.
  if (run === undefined || counter === undefined || second !== undefined || branches)
    return { reason: () => null, notes: [] };
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter((row) => {
    const code = own(row)?.code;
    return code === undefined || code === "not-finite";
  });
  const groupOf = grouping(table, byNames);
  const written = notFiniteRows(table, lossName);
  const named = (name: string, group: string): string =>
    name === "" || group === "" || name === group ? name || group : `${name} of ${group}`;
  return runOrder(rows, (row) => named(textAt(run, row), groupOf(row)), counter, loss, lossName, written, keep);
}
