// From a table to what fits see: columns chosen, named and derived, rows left out with reasons, groups.
// Groups are sorted by their key and points by value, so that the order of files and rows changes no result.
import { InputError, shown, type Warning } from "../base/errors.js";
import {
  compareKeys,
  condition,
  flags,
  grouping,
  notFiniteRows,
  numbers,
  runColumn,
  scaled,
  writtenNotes,
} from "./cells.js";
import { columnDoubts, requiredColumn } from "./columns.js";
import { withDerived } from "./derive.js";
import { type Kept, orderOfRuns, stateReason } from "./exclusion.js";
import { defaultGrouping } from "./grouping.js";
import type { Unit } from "./names.js";
import type { Exclusion, Observations } from "./observations.js";
import { isLoggedEvenly } from "./one-run.js";
import { pairing } from "./pairing.js";
import { pointDoubts } from "./point-doubts.js";
import { columnOf, placeOf, type Table, textAt } from "./table.js";
import { toNats } from "./unit.js";
import { melted } from "./wide.js";

export interface Selection {
  /** Column of the law's variable, for laws with one. */
  readonly x?: string;
  /** Column of the loss. */
  readonly y?: string;
  /** Columns that tell groups apart; the scheme column when not given, [] for one group. */
  readonly by?: readonly string[];
  /** Variable of the law → column. */
  readonly map?: Readonly<Record<string, string>>;
  /** "name=formula" each, in order. */
  readonly derive?: readonly string[];
  /** Rows for which this formula is 0 are left out. */
  readonly where?: string;
  /** Column of the standard error of each loss. */
  readonly weights?: string;
  /** Columns that match points across groups. */
  readonly pairBy?: readonly string[];
  /** Keep points whose learning rate was not cooled down, where the source says which they are. */
  readonly undecayed?: boolean;
  /** Unit of the loss; fitted as it is, and doubted by its name, when not given. */
  readonly unit?: Unit;
  /** Mean bytes a token, > 0, by which bits per byte become nats per token. */
  readonly bytesPerToken?: number;
  /** Every column that is no counter is a curve of its own. */
  readonly wide?: boolean;
  /** Rows to keep that are left out otherwise. */
  readonly keep?: readonly Kept[];
}

export interface Observed {
  readonly groups: readonly Observations[];
  readonly warnings: readonly Warning[];
  /** Which columns were taken, those guessed and those given. */
  readonly taken: { readonly x: readonly string[]; readonly y: string; readonly by: readonly string[] };
  /** The guesses, in sentences. */
  readonly notes: readonly string[];
}

/**
 * One Observations a group for a law with these variables.
 * @throws InputError for columns that are not there, cells that are no numbers, x that is not positive.
 *
 * @example
 * import { observe, readTable } from "rinsight";
 *
 * const { table } = await readTable(["curves.csv"]);
 * const { groups } = observe(table, ["tokens"], { by: ["scheme"], where: "tokens >= 2e6" });
 * console.log(groups.map((group) => group.group.scheme).join()); // baseline,rins-3
 */
export function observe(source: Table, variables: readonly string[], selection: Selection = {}): Observed {
  const table = withDerived(selection.wide === true ? melted(source) : source, selection.derive ?? [], selection.map);
  const notes: string[] = selection.wide === true ? [...(table.notes ?? [])] : [];
  const guessed = (quantity: string, flag: string): string => {
    const name = requiredColumn(table, quantity, flag);
    if (!(quantity in (selection.map ?? {})))
      notes.push(`took ${quantity} from column ${name}; ${flag} chooses another`);
    return name;
  };
  const xNames = variables.map((variable) => {
    if (variables.length === 1 && selection.x !== undefined) return selection.x;
    return guessed(variable, variables.length === 1 ? "--x" : `--map ${variable}=COLUMN`);
  });
  const yName = selection.y ?? guessed("loss", "--y");
  const used = [...xNames, yName, ...(selection.weights === undefined ? [] : [selection.weights])];
  const byNames = selection.by ?? defaultGrouping(table, used, notes);
  const x = xNames.map((name) => scaled(name, numbers(table, name, variables.length === 1 ? "--x" : "--map"), notes));
  const measured = numbers(table, yName, "--y");
  notes.push(...writtenNotes(table, used));
  const conversion = toNats(selection.unit ?? "nats", selection.bytesPerToken ?? null);
  if (conversion.note !== null) notes.push(conversion.note);
  const loss = selection.unit === undefined ? measured : measured.map(conversion.loss);
  const optional = (name: string): Float64Array | null => {
    const column = table.columns.get(name);
    return column?.kind === "number" ? column.values : null;
  };
  const errors =
    selection.weights !== undefined ? numbers(table, selection.weights, "--weights") : optional("lossStandardError");
  const standardError =
    errors?.map((error, row) => conversion.standardError(error, measured[row] ?? Number.NaN)) ?? null;
  const decayed = flags(table.columns.get("decayed"));
  const holds = selection.where === undefined ? null : condition(table, selection.where);
  const keep = selection.keep ?? [];
  const state = stateReason(table, keep);
  const onlyDecayed = selection.undecayed !== true && decayed?.includes(true) === true;
  const written = notFiniteRows(table, yName);

  /** Why a row is left out by itself; null for one that stays. */
  const own = (row: number): Omit<Exclusion, "row"> | null => {
    if (holds !== null && holds(row) === 0) return { code: "where", reason: "--where does not hold" };
    const unfinished = state(row);
    if (unfinished !== null) return unfinished;
    const missing = x.findIndex((values) => Number.isNaN(values[row]));
    if (missing >= 0) return { code: "missing", reason: `no ${xNames[missing]}` };
    const zero = x.findIndex((values) => values[row] === 0);
    if (zero >= 0) return { code: "zero", reason: `${xNames[zero]} is 0: measured before training` };
    if (written.has(row) || !Number.isFinite(loss[row])) {
      const value = measured[row] ?? Number.NaN;
      if (Number.isNaN(value) && !written.has(row)) return { code: "missing", reason: `no ${yName}` };
      return { code: "not-finite", reason: `${yName} is not finite` };
    }
    if (onlyDecayed && decayed?.[row] === false) {
      return { code: "undecayed", reason: "the learning rate was not cooled down at this point" };
    }
    return null;
  };
  const ordered = orderOfRuns(table, byNames, x, loss, yName, own, keep, decayed !== null);
  notes.push(...ordered.notes);
  const exclusion = (row: number): Omit<Exclusion, "row"> | null => ordered.reason(row) ?? own(row);

  /** What must hold in a row that stays. */
  const check = (row: number): void => {
    x.forEach((values, i) => {
      const value = values[row] ?? Number.NaN;
      if (value > 0 && Number.isFinite(value)) return;
      throw new InputError(
        `${placeOf(table, row)} column ${shown(xNames[i] ?? "")}: ${variables[i]} must be positive and finite, got ${value}; mend it, or leave it out with --where`,
      );
    });
    const error = standardError?.[row] ?? 1;
    if (selection.weights !== undefined && !(error > 0 && Number.isFinite(error))) {
      throw new InputError(
        `${placeOf(table, row)} column ${shown(selection.weights)}: standard error must be positive and finite, got ${error}; mend it, or leave --weights out`,
      );
    }
  };
  const members = gather(table, byNames, exclusion, check);
  const emptied = [...members].filter(
    ([, { rows, excluded }]) =>
      rows.length === 0 && excluded.every(({ code }) => code === "where" || code === "missing") && holds !== null,
  );
  // Where nothing at all is left, that is the error to come.
  if (emptied.length > 0 && emptied.length < members.size) {
    const names = emptied.map(([, { first }]) =>
      byNames.map((name) => textAt(columnOf(table, name, "--by"), first)).join(", "),
    );
    notes.push(`left out ${shown(names.join("; "))}: --where holds for none of the points`);
    for (const [key] of emptied) members.delete(key);
  }
  notes.push(...missingNotes([...members.values()].flatMap(({ excluded }) => excluded)));
  const runNames = runColumn(table);
  const rowsOf = [...members.values()].map(({ rows }) => rows);
  const pairOf = pairing(table, selection.pairBy, { x: xNames, used: [...xNames, yName, ...byNames] }, rowsOf, notes);
  const order = [...x, loss];
  const groups = [...members.values()]
    .map(({ first, rows, excluded }): Observations => {
      rows.sort((a, b) => {
        for (const values of order) {
          const difference = (values[a] ?? 0) - (values[b] ?? 0);
          if (difference !== 0) return difference;
        }
        const [left, right] = [runNames?.(a) ?? "", runNames?.(b) ?? ""];
        return left < right ? -1 : left > right ? 1 : a - b;
      });
      const at = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? Number.NaN);
      return {
        group: Object.fromEntries(byNames.map((name) => [name, textAt(columnOf(table, name, "--by"), first)])),
        x: x.map(at),
        loss: at(loss),
        standardError: standardError === null ? null : at(standardError),
        run: runNames !== null ? rows.map(runNames) : logged(x, rows) ? rows.map(() => "") : null,
        pair: pairOf === null ? null : rows.map(pairOf),
        decayed: decayed === null ? null : rows.map((row) => decayed[row] ?? false),
        excluded,
      };
    })
    .sort((a, b) => compareKeys(Object.values(a.group), Object.values(b.group)));
  const kept = groups.reduce((sum, group) => sum + group.loss.length, 0);
  if (kept === 0) throw noneLeft(table, groups);
  const losses = groups.map((group) => group.loss);
  const warnings = [...columnDoubts(xNames, yName, selection.unit ?? null, losses), ...pointDoubts(groups, yName)];
  return { groups, warnings, taken: { x: xNames, y: yName, by: byNames }, notes };
}

/** Without a column of runs: one variable, in even steps. */
function logged([x, ...others]: readonly Float64Array[], rows: readonly number[]): boolean {
  return x !== undefined && others.length === 0 && isLoggedEvenly(Float64Array.from(rows, (row) => x[row] ?? 0));
}

interface Member {
  /** Its first row in the table, whether it stays or not. */
  readonly first: number;
  readonly rows: number[];
  readonly excluded: Exclusion[];
}

/** The rows of each group, those that stay and those left out; `check` sees each that stays. */
function gather(
  table: Table,
  byNames: readonly string[],
  exclusion: (row: number) => Omit<Exclusion, "row"> | null,
  check: (row: number) => void,
): Map<string, Member> {
  const keyOf = grouping(table, byNames);
  const members = new Map<string, Member>();
  for (let row = 0; row < table.rows; row++) {
    const key = keyOf(row);
    let member = members.get(key);
    if (member === undefined) {
      member = { first: row, rows: [], excluded: [] };
      members.set(key, member);
    }
    const left = exclusion(row);
    if (left !== null) member.excluded.push({ row, ...left });
    else {
      check(row);
      member.rows.push(row);
    }
  }
  return members;
}

/** Rows that pass out of sight, unlike those that the caller or the schedule leaves out: said, one line a reason. */
function missingNotes(excluded: readonly Exclusion[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { code, reason } of excluded) {
    if (!["where", "undecayed"].includes(code)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, n]) => `${n} row${n === 1 ? "" : "s"} left out: ${reason}`);
}

function noneLeft(table: Table, groups: readonly Observations[]): InputError {
  const counts = new Map<string, number>();
  for (const { excluded } of groups)
    for (const { reason } of excluded) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const diverged = table.rows > 0 && groups.every(({ excluded }) => excluded.every(({ code }) => code === "diverged"));
  const remedy = diverged ? "lower the learning rate and train again" : "mend the data or --where";
  const reasons = [...counts].map(([reason, n]) => `${n} × ${reason}`).join(", ");
  return new InputError(
    `${table.source}: some points must be left to fit, got none of ${table.rows} (${reasons}); ${remedy}`,
  );
}
