// Which points share an error, read off their keys: the points of one run, and those of different groups at one pair key
// (a horizon and seed). Where one run supplies several keys, all that hangs together is one cluster.
import type { Observations } from "../../curve/observations.js";

export interface Clusters {
  /** What made them, for the output: "point" where none share an error. */
  readonly by: "point" | "run" | "pair" | "run and pair";
  /** Of every point, group after group; null by point. */
  readonly of: Int32Array | null;
  readonly count: number;
}

/** With fewer clusters nothing can be said of their spread. */
const FEWEST = 3;

/**
 * The widest clusters that leave enough of them: by run and pair, by run or by pair alone, by point.
 * A key counts only where points share it; a pair key only between groups.
 */
export function clustersOf(groups: readonly Pick<Observations, "loss" | "run" | "pair">[]): Clusters {
  const points = groups.reduce((sum, { loss }) => sum + loss.length, 0);
  const runs = keysOf(groups, ({ run }, g, i) => (run === null ? null : `${g}/${run[i]}`));
  const pairs = groups.length > 1 ? keysOf(groups, ({ pair }, _, i) => pair?.[i] ?? null) : null;
  const joined = runs === null || pairs === null ? null : joinedBy(runs, pairs, points);
  const candidates = [
    { by: "run and pair" as const, of: joined },
    { by: "pair" as const, of: pairs === null ? null : joinedBy(pairs, pairs, points) },
    { by: "run" as const, of: runs === null ? null : joinedBy(runs, runs, points) },
  ];
  for (const { by, of } of candidates) {
    const count = new Set(of).size;
    if (of !== null && count >= FEWEST && count < points) return { by, of, count };
  }
  return { by: "point", of: null, count: points };
}

/** One key a point; null where a group has none, or where no two points share one. */
function keysOf<Group extends { readonly loss: Float64Array }>(
  groups: readonly Group[],
  key: (group: Group, g: number, i: number) => string | null,
): readonly string[] | null {
  const keys = groups.flatMap((group, g) => Array.from(group.loss, (_, i) => key(group, g, i)));
  const known = keys.filter((k) => k !== null);
  return known.length === keys.length && new Set(known).size < known.length ? known : null;
}

/** Numbers of the connected parts: points with one key of either kind belong together. */
function joinedBy(first: readonly string[], second: readonly string[], points: number): Int32Array {
  const parent = Int32Array.from({ length: points }, (_, i) => i);
  const root = (i: number): number => {
    let place = i;
    while (parent[place] !== place) place = parent[place] ?? place;
    return place;
  };
  for (const keys of [first, second]) {
    const seen = new Map<string, number>();
    keys.forEach((key, i) => {
      const known = seen.get(key);
      if (known === undefined) seen.set(key, i);
      else parent[root(i)] = root(known);
    });
  }
  return parent.map((_, i) => root(i));
}
