// Curves of thousands of mid-run points for comparisons and pictures: neighbours on one run say nearly the same, and a
// bootstrap over all of them has no end. Rows are kept as they are, evenly spaced in the logarithm of x, on one grid for
// all groups, so that points which match across groups still do.
import type { Observations } from "./observations.js";

/** Points a group that a comparison takes; more of one curve change its intervals by little and its time in proportion. */
export const MOST_POINTS = 80;
/** Below so many points a run, points are ends of runs and not a curve: none is like another. */
const LEAST_OF_A_CURVE = 10;

export interface Thinned {
  readonly groups: readonly Observations[];
  /** How many points were left out. */
  readonly left: number;
  /** What to say about it. */
  readonly notes: readonly string[];
}

/** The groups with at most about `most` points each. Groups of ends of runs stay whole. */
export function thinned(groups: readonly Observations[], most = MOST_POINTS): Thinned {
  if (!groups.some((group) => dense(group, most))) return { groups, left: 0, notes: [] };
  const ends = groups.flatMap(({ x: [values] }) =>
    values === undefined || values.length === 0 ? [] : [values[0] ?? 1, values.at(-1) ?? 1],
  );
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  let [before, after] = [0, 0];
  const kept = groups.map((group) => {
    if (!dense(group, most)) return group;
    const rows = evenly(group, low, high, most);
    before += group.loss.length;
    after += rows.length;
    return only(group, rows);
  });
  return {
    groups: kept,
    left: before - after,
    notes: [
      `took ${after} of ${before} points, evenly spaced in the logarithm of x: neighbours on one run say nearly the same; rinsight fit takes all`,
    ],
  };
}

function dense({ x, loss, run }: Observations, most: number): boolean {
  if (x.length !== 1 || loss.length <= most) return false;
  return run === null || new Set(run).size * LEAST_OF_A_CURVE <= loss.length;
}

/** Of each run, the points nearest to a grid over all groups, in the order of the group. */
function evenly({ x, run }: Observations, low: number, high: number, most: number): readonly number[] {
  const values = x[0] ?? new Float64Array();
  const runs = new Map<string, number[]>();
  for (let row = 0; row < values.length; row++) {
    const name = run?.[row] ?? "";
    const own = runs.get(name);
    if (own === undefined) runs.set(name, [row]);
    else own.push(row);
  }
  const steps = Math.max(2, Math.floor(most / runs.size));
  const chosen = new Set<number>();
  for (const rows of runs.values()) {
    let at = 0;
    for (let step = 0; step < steps; step++) {
      const wanted = Math.log(low) + ((Math.log(high) - Math.log(low)) * step) / (steps - 1);
      const distance = (index: number): number => Math.abs(Math.log(values[rows[index] ?? 0] ?? 1) - wanted);
      while (at + 1 < rows.length && distance(at + 1) <= distance(at)) at++;
      chosen.add(rows[at] ?? 0);
    }
  }
  return [...chosen].sort((a, b) => a - b);
}

function only(group: Observations, rows: readonly number[]): Observations {
  const numbers = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? Number.NaN);
  const pick = <T>(values: readonly T[] | null): readonly T[] | null =>
    values === null ? null : rows.flatMap((row) => values.slice(row, row + 1));
  return {
    ...group,
    x: group.x.map(numbers),
    loss: numbers(group.loss),
    standardError: group.standardError === null ? null : numbers(group.standardError),
    run: pick(group.run),
    pair: pick(group.pair),
    decayed: pick(group.decayed),
  };
}
