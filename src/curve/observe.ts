// From a table to what fits see: columns chosen, named and derived, rows left out with reasons, groups.
// Groups are sorted by their key and points by value, so that the order of files and rows changes no result.
import { InputError, shown, type Warning } from "../base/errors.js";
import { compileRowExpression } from "../base/expression/compile.js";
import { parseExpression } from "../base/expression/parse.js";
import { compareKeys, condition, flags, grouping, numbers, runColumn } from "./cells.js";
import { columnDoubts, guessColumn, requiredColumn } from "./columns.js";
import type { Exclusion, Observations } from "./observations.js";
import { pairing } from "./pairing.js";
import { columnOf, placeOf, type Table, textAt } from "./table.js";

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
}

export interface Observed {
  readonly groups: readonly Observations[];
  readonly warnings: readonly Warning[];
  /** Which columns were taken, those guessed and those given. */
  readonly taken: { readonly x: readonly string[]; readonly y: string; readonly by: readonly string[] };
  /** The guesses, in sentences. */
  readonly notes: readonly string[];
}

/** The table with the derived columns ("tokens=flops/(6*N)") added, in order; a mapped name stands for its column. */
export function withDerived(
  table: Table,
  derive: readonly string[],
  map: Readonly<Record<string, string>> = {},
): Table {
  const columns = new Map(table.columns);
  const renamed = Object.entries(map).filter(([name]) => !columns.has(name));
  for (const [name, given] of renamed) {
    const column = columns.get(given);
    if (column !== undefined) columns.set(name, column);
  }
  for (const definition of derive) {
    const parts = /^\s*([A-Za-z_][\w.]*)\s*=(?!=)(.*)$/s.exec(definition);
    if (parts?.[1] === undefined || parts[2] === undefined) {
      throw new InputError(
        `--derive: must read NAME=FORMULA, got ${shown(definition)}; write for example tokens=step*524288`,
      );
    }
    const where = `--derive ${parts[1]}`;
    const formula = parseExpression(parts[2], where);
    const value = compileRowExpression(formula, (name) => columns.get(name), [...columns.keys()], where);
    columns.set(parts[1], {
      kind: "number",
      values: Float64Array.from({ length: table.rows }, (_, row) => value(row)),
    });
  }
  // What is mapped may itself be derived.
  for (const [name, given] of renamed) columns.set(name, columnOf({ ...table, columns }, given, `--map ${name}`));
  return { ...table, columns };
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
  const table = withDerived(source, selection.derive ?? [], selection.map);
  const notes: string[] = [];
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
  const byNames = selection.by ?? defaultGrouping(table, [...xNames, yName], notes);
  const x = xNames.map((name) => numbers(table, name, variables.length === 1 ? "--x" : "--map"));
  const loss = numbers(table, yName, "--y");
  const optional = (name: string): Float64Array | null => {
    const column = table.columns.get(name);
    return column?.kind === "number" ? column.values : null;
  };
  const standardError =
    selection.weights !== undefined ? numbers(table, selection.weights, "--weights") : optional("lossStandardError");
  const decayed = flags(table.columns.get("decayed"));
  const keep = selection.where === undefined ? null : condition(table, selection.where);
  const status = table.columns.get("status");
  const statusText = status?.kind === "text" ? status.values : null;
  const onlyDecayed = selection.undecayed !== true && decayed?.includes(true) === true;

  /** Why a row is left out; null for one that stays. */
  const exclusion = (row: number): Omit<Exclusion, "row"> | null => {
    if (keep !== null && keep(row) === 0) return { code: "where", reason: "--where does not hold" };
    const state = statusText?.[row];
    if (state === "diverged") return { code: "diverged", reason: "the run diverged" };
    if (state === "unfinished")
      return { code: "unfinished", reason: "the run has no end line; start the same train or sweep command again" };
    const missing = x.findIndex((values) => Number.isNaN(values[row]));
    if (missing >= 0) return { code: "missing", reason: `no ${xNames[missing]}` };
    if (Number.isNaN(loss[row])) return { code: "missing", reason: `no ${yName}` };
    if (onlyDecayed && decayed?.[row] === false) {
      return { code: "undecayed", reason: "the learning rate was not cooled down at this point" };
    }
    return null;
  };

  /** What must hold in a row that stays. */
  const check = (row: number): void => {
    x.forEach((values, i) => {
      const value = values[row] ?? Number.NaN;
      if (value > 0 && Number.isFinite(value)) return;
      throw new InputError(
        `${placeOf(table, row)} column ${shown(xNames[i] ?? "")}: ${variables[i]} must be positive and finite, got ${value}; mend it, or leave it out with --where`,
      );
    });
    const value = loss[row] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      throw new InputError(
        `${placeOf(table, row)} column ${shown(yName)}: loss must be finite, got ${value}; mend it, or leave it out with --where`,
      );
    }
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
      rows.length === 0 && excluded.every(({ code }) => code === "where" || code === "missing") && keep !== null,
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
        return left < right ? -1 : left > right ? 1 : 0;
      });
      const at = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? Number.NaN);
      return {
        group: Object.fromEntries(byNames.map((name) => [name, textAt(columnOf(table, name, "--by"), first)])),
        x: x.map(at),
        loss: at(loss),
        standardError: standardError === null ? null : at(standardError),
        run: runNames === null ? null : rows.map(runNames),
        pair: pairOf === null ? null : rows.map(pairOf),
        decayed: decayed === null ? null : rows.map((row) => decayed[row] ?? false),
        excluded,
      };
    })
    .sort((a, b) => compareKeys(Object.values(a.group), Object.values(b.group)));
  const kept = groups.reduce((sum, group) => sum + group.loss.length, 0);
  if (kept === 0) throw noneLeft(table, groups);
  const warnings = [
    ...columnDoubts(
      xNames,
      yName,
      groups.map((group) => group.loss),
    ),
    ...duplicates(groups),
  ];
  return { groups, warnings, taken: { x: xNames, y: yName, by: byNames }, notes };
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

/** Rows without a number pass out of sight, unlike those that a rule leaves out: said, one line a column. */
function missingNotes(excluded: readonly Exclusion[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { code, reason } of excluded) if (code === "missing") counts.set(reason, (counts.get(reason) ?? 0) + 1);
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

function defaultGrouping(table: Table, taken: readonly string[], notes: string[]): readonly string[] {
  const found = guessColumn(table, "scheme");
  if (found === null || taken.includes(found)) return [];
  notes.push(`grouped by column ${found}; --by chooses others`);
  return [found];
}

/** Points that stand twice in the data count twice in a fit: said, since it is a slip more often than not. */
function duplicates(groups: readonly Observations[]): readonly Warning[] {
  let found = 0;
  for (const { x, loss, run } of groups) {
    for (let i = 1; i < loss.length; i++) {
      if (loss[i] === loss[i - 1] && x.every((values) => values[i] === values[i - 1]) && run?.[i] === run?.[i - 1])
        found++;
    }
  }
  if (found === 0) return [];
  return [
    {
      code: "duplicate-points",
      message: `${found} point${found === 1 ? " stands" : "s stand"} twice (same x and loss in one group) and count twice: remove them, or add a column that tells them apart`,
    },
  ];
}
