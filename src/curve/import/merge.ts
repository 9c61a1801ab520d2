// One row a run and step from what was logged: records of training and validation at one step are one row, what a
// resumed run logged again or left behind goes, and two runs in one file are told apart.
import { InputError, shown } from "../../base/errors.js";
import { type Counted, type Drop, orderOf } from "../order.js";
import { placeOf, type Table } from "../table.js";

/** One step of one run: column → value; NaN where it was measured and is no number. */
export type Row = Readonly<Record<string, number | string>>;

export interface MergeOptions {
  /** Column of the counter of a run; null where there is none, and every row stands for itself. */
  readonly step: string | null;
  readonly loss: string;
  /** Column of epochs, which tell a counter that restarts with each from a second run. */
  readonly epoch: string | null;
  /** True where rows stand in the order in which they were logged. */
  readonly chronological: boolean;
  readonly keepSuperseded: boolean;
}

/** The rows of a table merged by run and step, with what was found. Throws InputError where no order can be made out. */
export function mergedByStep(
  table: Table,
  options: MergeOptions,
): { readonly rows: readonly Row[]; readonly notes: readonly string[] } {
  const { step, loss, chronological, keepSuperseded } = options;
  const records = recordsOf(table);
  if (step === null) return { rows: records.map(({ row }) => row), notes: [] };
  const notes: string[] = [];
  const merged = new Map<string, Row>();
  let homeless = 0;
  for (const [run, own] of runsOf(records)) {
    const counted = own.filter(({ row }) => typeof row[step] === "number");
    for (const { row, at } of own) {
      if (typeof row[step] === "number") continue;
      if (!chronological) merged.set(`row ${at}`, row);
      else if (row[loss] !== undefined) homeless++;
    }
    const order = keepSuperseded ? null : orderIn(table, run, counted, options, notes);
    const several = (order?.part.at(-1) ?? 0) > 0;
    const conflicts: number[] = [];
    const steps = new Set<unknown>();
    counted.forEach(({ row, at }, index) => {
      if (order?.superseded.has(index) === true) return;
      const name = several ? `${run} ${(order?.part[index] ?? 0) + 1}` : run;
      const key = `${name}\n${row[step]}`;
      const before = merged.get(key);
      if (row[loss] !== undefined) steps.add(key);
      if (before?.[loss] !== undefined && row[loss] !== undefined && !Object.is(before[loss], row[loss])) {
        if (!chronological && !keepSuperseded) throw twoLosses(table, at, loss, row, before, step);
        conflicts.push(at);
      }
      merged.set(key, { ...before, ...row, run: name });
    });
    const [first] = conflicts;
    if (first !== undefined && conflicts.length > 1 && conflicts.length * 2 > steps.size && !keepSuperseded) {
      throw new InputError(
        `${placeOf(table, first)}: a step must have one ${loss}, got several at ${conflicts.length} of ${steps.size} steps of run ${shown(run)}; they are of several data sets or runs: split the file, or take one with --pattern`,
      );
    }
    if (conflicts.length > 0)
      notes.push(`run ${run}: ${loss} was logged again at ${conflicts.length} of its steps; the later one was taken`);
  }
  if (homeless > 0) notes.push(`${homeless} records with ${loss} and no ${step} passed over`);
  return { rows: byStep([...merged.values()], step), notes };
}

/** Runs as they come, the steps of each in order. */
function byStep(rows: readonly Row[], step: string): readonly Row[] {
  const runs = new Map<unknown, Row[]>();
  for (const row of rows) {
    const own = runs.get(row.run) ?? [];
    runs.set(row.run, own);
    own.push(row);
  }
  const at = (row: Row): number => (typeof row[step] === "number" ? row[step] : Number.POSITIVE_INFINITY);
  return [...runs.values()].flatMap((own) => own.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0)));
}

interface Logged {
  readonly row: Row;
  readonly at: number;
}

function recordsOf(table: Table): readonly Logged[] {
  return Array.from({ length: table.rows }, (_, at) => {
    const cells: [string, number | string][] = [];
    for (const [name, column] of table.columns) {
      const value = column.values[at];
      if (value === undefined || value === "") continue;
      const missing = Number.isNaN(value) && column.kind === "number" && column.notFinite?.has(at) !== true;
      if (!missing) cells.push([name, value]);
    }
    return { row: Object.fromEntries(cells), at };
  });
}

function runsOf(records: readonly Logged[]): ReadonlyMap<string, readonly Logged[]> {
  const runs = new Map<string, Logged[]>();
  for (const record of records) {
    const run = String(record.row.run ?? "");
    const own = runs.get(run) ?? [];
    runs.set(run, own);
    own.push(record);
  }
  return runs;
}

function orderIn(table: Table, run: string, records: readonly Logged[], options: MergeOptions, notes: string[]) {
  const { step, loss, epoch, chronological } = options;
  const counterOf = (row: Row): number => Number(row[step ?? ""]);
  const counted = records.map(
    ({ row }): Counted => ({
      counter: counterOf(row),
      series: chronological
        ? Object.keys(row).filter((name) => name !== step && name !== "run" && name !== epoch)
        : [loss],
    }),
  );
  const order = orderOf(counted);
  const restarted = ({ at, to, from }: Drop): void => {
    const [before, after] = [records[at - 1]?.row, records[at]?.row];
    if (!chronological || epoch === null || !(Number(after?.[epoch]) > Number(before?.[epoch]))) return;
    throw new InputError(
      `${placeOf(table, records[at]?.at ?? 0)}: ${step} must count the whole run, got ${to} after ${from} as ${epoch} went to ${after?.[epoch]}: it restarts with each epoch; name another counter with --step, or take --step ${epoch}`,
    );
  };
  if (order.unordered !== null) {
    if (!chronological) return null;
    restarted(order.unordered);
    throw new InputError(
      `${table.source}: ${step} must rise within run ${shown(run)}, got a fall in many places; sort the lines, give each run a file of its own, or name a counter of the whole run with --step`,
    );
  }
  for (const fall of order.falls) {
    const { at, from, to, kind } = fall;
    const place = placeOf(table, records[at]?.at ?? 0);
    const said = `${place}: ${step} of run ${run} fell from ${from} to ${to}`;
    if (kind === "resumed") {
      const lost = records.filter(({ row }, i) => i < at && order.superseded.has(i) && row[loss] !== undefined).length;
      notes.push(`${said}: resumed there; ${lost} losses at or past it left out (--keep-superseded keeps them)`);
      continue;
    }
    if (!chronological) {
      throw new InputError(
        `${place}: steps of a run must rise, got ${to} after ${from} in run ${shown(run)}: two runs under one name; give the columns that tell runs apart with --run`,
      );
    }
    restarted(fall);
    notes.push(`${said}, where it began: two runs, told apart as "${run} 1", "${run} 2" and so on`);
  }
  return order;
}

function twoLosses(table: Table, at: number, loss: string, row: Row, before: Row, step: string): InputError {
  return new InputError(
    `${placeOf(table, at)} column ${shown(loss)}: a run must have one loss a step, got ${row[loss]} after ${before[loss]} at step ${row[step]} of run ${shown(String(row.run ?? ""))}; give the columns that tell runs apart with --run`,
  );
}
