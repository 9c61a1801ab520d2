// What matches points across groups, so that errors which schemes share at a horizon and seed can be taken out.
import { columnOf, type Table, textAt } from "./table.js";

/** Beyond this a column is not searched for: the table is for fitting, and the search would cost more than the fits. */
const LARGEST_SEARCH = 100_000;

/**
 * The key of a row: the columns `names`; else horizon and seed of run files; else, said in `notes`, the first column
 * (with the seed, where there is one) that tells the points of every group apart and that at least half of them share
 * with another group, the budget last. Null where there is none.
 */
export function pairing(
  table: Table,
  names: readonly string[] | undefined,
  columns: { readonly x: readonly string[]; readonly used: readonly string[] },
  groups: readonly (readonly number[])[],
  notes: string[],
): ((row: number) => string) | null {
  const key = (chosen: readonly string[]): ((row: number) => string) => {
    const parts = chosen.map((name) => columnOf(table, name, "--pair-by"));
    return (row) => parts.map((column) => textAt(column, row)).join("/");
  };
  if (names !== undefined) return key(names);
  if (table.columns.has("horizon") && table.columns.has("seed")) return key(["horizon", "seed"]);
  if (groups.length < 2 || table.rows > LARGEST_SEARCH) return null;
  const seed = table.columns.has("seed") ? ["seed"] : [];
  const others = [...table.columns.keys()].filter((name) => !columns.used.includes(name) && name !== "seed");
  for (const candidate of [...others.map((name) => [name]), [...columns.x]]) {
    const chosen = [...candidate, ...seed];
    if (!matches(key(chosen), groups)) continue;
    notes.push(`matched points across groups by ${chosen.join(", ")}; --pair-by chooses otherwise`);
    return key(chosen);
  }
  return null;
}

/** True where no group holds a key twice and at least half of all points have a partner in another group. */
function matches(keyOf: (row: number) => string, groups: readonly (readonly number[])[]): boolean {
  const holders = new Map<string, number>();
  for (const rows of groups) {
    const own = new Set(rows.map(keyOf));
    if (own.size < rows.length) return false;
    for (const name of own) holders.set(name, (holders.get(name) ?? 0) + 1);
  }
  let [points, partnered] = [0, 0];
  for (const count of holders.values()) {
    points += count;
    if (count > 1) partnered += count;
  }
  return partnered > 0 && 2 * partnered >= points;
}
